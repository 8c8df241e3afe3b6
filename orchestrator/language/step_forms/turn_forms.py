"""Steps that go somewhere else than on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from orchestrator.documents.document import Path
from orchestrator.domain.phrase import say
from orchestrator.domain.step import Step, walk_inside
from orchestrator.domain.steps.turns import Goto, Repeat, Start
from orchestrator.domain.steps.ways import Exit
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.language.plain_forms import Form, Span, Text
from orchestrator.language.step_forms.step_form import Site, StepForm


class StartForm(StepForm, word="start"):
    start: Text

    def build(self, site: Site) -> Step | None:
        if self.start == site.journey:
            site.place.error(say("a journey cannot start itself: who is inside is not let in"))
        else:
            site.place.check_known(say("journey"), self.start, site.place.known.journeys)
        return Start(site.id, self.start)


class GotoForm(StepForm, word="goto"):
    ends = True
    goto: Text

    def build(self, site: Site) -> Step | None:
        if self.goto not in site.later:
            known = (
                say(" (known: {listed})", listed=", ".join(sorted(site.later)))
                if site.later
                else ""
            )
            site.place.error(
                say(
                    "there is no step '{goto}' behind this one, in its block or in one "
                    "around it (backwards is `repeat`){hint}",
                    goto=self.goto,
                    hint=did_you_mean(self.goto, site.later) or known,
                )
            )
        return Goto(site.id, self.goto)


class RepeatOptions(Form):
    id: str | None = None
    times: Annotated[int, Field(ge=1, le=1000)]
    every: Span | None = None
    steps: Annotated[list[StepForm], Field(min_length=1)]


class RepeatForm(StepForm, word="repeat"):
    repeat: RepeatOptions

    def blocks(self) -> Iterator[tuple[Path, Sequence[StepForm]]]:
        yield ("repeat", "steps"), self.repeat.steps

    def build(self, site: Site) -> Step | None:
        form = self.repeat
        every, inside = form.every or timedelta(0), site.blocks["repeat", "steps"]
        repeat = Repeat(site.id, form.times, every, inside)
        if not every and form.times > 1 and not any(s.takes_time for s in walk_inside(repeat)):
            site.place.warn(
                say(
                    "all passes come at one instant: say how far apart they are, such as "
                    "`every: 1d`"
                )
            )
        return repeat


class ExitStepForm(StepForm, word="exit"):
    ends = is_bare = True
    exit: Literal[True] | None = None

    def build(self, site: Site) -> Step | None:
        return Exit(site.id)
