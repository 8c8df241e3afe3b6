"""Steps that go somewhere else than on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field

from orchestrator.documents.document import Path
from orchestrator.domain.step import Step
from orchestrator.domain.steps.ways import Exit
from orchestrator.language.plain_forms import Form, Span, Text
from orchestrator.language.step_forms.step_form import Site, StepForm


class StartForm(StepForm, word="start", built=False):
    start: Text


class GotoForm(StepForm, word="goto", built=False):
    goto: Text


class RepeatOptions(Form):
    times: Annotated[int, Field(ge=1)]
    every: Span | None = None
    steps: list[StepForm]


class RepeatForm(StepForm, word="repeat", built=False):
    repeat: RepeatOptions

    def blocks(self) -> Iterator[tuple[Path, Sequence[StepForm]]]:
        yield ("repeat", "steps"), self.repeat.steps


class ExitStepForm(StepForm, word="exit"):
    ends = is_bare = True
    exit: Literal[True] | None = None

    def build(self, site: Site) -> Step | None:
        return Exit(site.id)
