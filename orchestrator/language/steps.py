"""The steps of a journey: from the forms that were written to those of the domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orchestrator.documents.document import Path
from orchestrator.domain.message import Purpose
from orchestrator.domain.step import Step
from orchestrator.language.place import Place
from orchestrator.language.step_forms.step_form import Site, StepForm


@dataclass(frozen=True, slots=True)
class StepReader:
    """Reads blocks of steps; `ids` gives each step's id by its path. A faulty step is reported and
    left out.
    """

    ids: Mapping[Path, str]
    purpose: Purpose

    def read_block(self, block: Sequence[StepForm], place: Place) -> tuple[Step, ...]:
        """The steps of a list, those inside others included."""
        steps: list[Step] = []
        for index, form in enumerate(block):
            here = place.at(index)
            step = self._read(form, here.in_step(self.ids[here.path]))
            if step is not None:
                steps.append(step)
            if index + 1 < len(block) and form.ends:
                place.at(index + 1).warn(
                    f"nobody ever comes here: the step before is `{form.word}`",
                    rule="unreachable-step",
                )
        return tuple(steps)

    def _read(self, form: StepForm, place: Place) -> Step | None:
        blocks = {path: self.read_block(block, place.at(*path)) for path, block in form.blocks()}
        step_id = self.ids[place.path]
        return form.build(Site(step_id, place.at(form.word), blocks, self.purpose))
