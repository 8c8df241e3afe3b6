"""What `parcours test` answers: a line a journey, what failed and why, what no test reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.domain.answer import Heading, Notice, Part
from orchestrator.domain.formatting import count, format_duration, format_instant
from orchestrator.domain.journey_tests import Happening, JourneyTest
from orchestrator.language.project import Project
from orchestrator.measure.decisions_told import Reading
from orchestrator.measure.rehearsed_story import tell_rehearsed
from orchestrator.measure.step_names import name_step
from orchestrator.trial.rehearsal import Rehearsal
from orchestrator.trial.test_run import Tested


def tell_line(tested: Tested, wide: int) -> Part:
    """`welcome  ..F.`: a dot for each test that passed."""
    signs = "".join("." if one.passed else "F" for one in tested.outcomes)
    line = f"{tested.journey.id:<{wide}}  {signs or 'has no tests'}"
    return Notice(line, "error") if tested.failed else line


def tell_failures(tested: Sequence[Tested], reading: Reading) -> Iterator[Part]:
    """Each test that failed: what was expected, what happened, and the customer's story."""
    for one in tested:
        for outcome in one.failed:
            test = outcome.test
            yield ""
            yield Notice(f"journeys/{one.journey.id}.yaml:{test.line}: {test.name}", "error")
            yield from _tell_differences(outcome, reading)
            yield from _tell_story(outcome, reading)


def _tell_differences(outcome: Rehearsal, reading: Reading) -> Iterator[Part]:
    """What is expected at another time than it happened is one difference, not two."""
    surplus = list(outcome.surplus)
    for missing in outcome.missing:
        moved = next((one for one in surplus if _name(one) == _name(missing)), None)
        if moved is not None:
            surplus.remove(moved)
        yield f"  expected:  {_tell(missing, outcome.test, reading)}"
        happened = "not at all" if moved is None else _tell(moved, outcome.test, reading)
        yield f"  happened:  {happened}"
    for one in surplus:
        yield "  expected:  nothing"
        yield f"  happened:  {_tell(one, outcome.test, reading)}"


def _name(happening: Happening) -> str:
    return f"{happening.what} {happening.which}"


def _tell(happening: Happening, test: JourneyTest, reading: Reading) -> str:
    at = format_instant(test.start + happening.after, reading.zone)
    return f"{_name(happening)} at {format_duration(happening.after)} ({at})"


def _tell_story(outcome: Rehearsal, reading: Reading) -> Iterator[Part]:
    yield f"  The customer's story, in the time of {reading.zone.key}:"
    lines = tell_rehearsed(outcome.effects, outcome.calls, reading)
    for line in lines:
        yield f"    {format_instant(line.at, reading.zone)}  {line.told}"
    if not lines:
        yield "    nothing was decided about them"


def tell_gaps(tested: Sequence[Tested], project: Project) -> Iterator[Part]:
    """The steps and ways of journeys with tests that none of these reaches."""
    found = [(one.journey.id, gap) for one in tested if one.outcomes for gap in one.gaps]
    if not found:
        return
    yield ""
    yield Heading("No test reaches")
    for journey, gap in found:
        line, column = project.position(journey, gap.step)
        way = f": {gap.way}" if gap.way else ""
        yield f"  journeys/{journey}.yaml:{line}:{column}: {name_step(gap.step)}{way}"


def tell_sum(tested: Sequence[Tested]) -> Part:
    """How many passed, and how many did not."""
    failed = sum(len(one.failed) for one in tested)
    passed = sum(len(one.outcomes) for one in tested) - failed
    journeys = count(sum(bool(one.outcomes) for one in tested), "journey")
    if failed:
        return Notice(f"\n{failed} failed, {passed} passed, in {journeys}", "error")
    return f"\n{passed} passed, in {journeys}"
