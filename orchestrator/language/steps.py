"""The steps of a journey: from the forms that were written to those of the domain."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.documents.document import Path
from orchestrator.domain.message import Purpose
from orchestrator.domain.phrase import say
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
    journey: str
    targets: Collection[str]  # the steps that some `goto` leads to

    def read_block(
        self, block: Sequence[StepForm], place: Place, behind: frozenset[str] = frozenset()
    ) -> tuple[Step, ...]:
        """The steps of a list, those inside others included; `behind` it come these."""
        steps: list[Step] = []
        ids = [self.ids[place.at(index).path] for index in range(len(block))]
        for index, form in enumerate(block):
            step = self._read(
                form, place.at(index).in_step(ids[index]), behind.union(ids[index + 1 :])
            )
            if step is not None:
                steps.append(step)
            if index + 1 < len(block) and form.ends and ids[index + 1] not in self.targets:
                place.at(index + 1).warn(
                    say("nobody ever comes here: the step before is `{word}`", word=form.word),
                    rule="unreachable-step",
                )
        return tuple(steps)

    def _read(self, form: StepForm, place: Place, later: frozenset[str]) -> Step | None:
        blocks = {
            path: self.read_block(block, place.at(*path), later) for path, block in form.blocks()
        }
        site = Site(
            self.ids[place.path], place.at(form.word), blocks, self.purpose, self.journey, later
        )
        return form.build(site)
