"""The tests of a project's journeys, run one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orchestrator.domain.journey import Journey
from orchestrator.domain.journey_tests import JourneyTest
from orchestrator.domain.program import Program
from orchestrator.trial.coverage import Gap, find_gaps
from orchestrator.trial.rehearsal import Rehearsal, rehearse


@dataclass(frozen=True, slots=True)
class Tested:
    """A journey with the outcomes of its tests, and what none of them reaches."""

    journey: Journey
    outcomes: tuple[Rehearsal, ...]
    gaps: tuple[Gap, ...]

    @property
    def failed(self) -> tuple[Rehearsal, ...]:
        """The tests that found something else than they expect."""
        return tuple(one for one in self.outcomes if not one.passed)


def run_tests(
    program: Program, journeys: Mapping[str, Journey], tests: Mapping[str, tuple[JourneyTest, ...]]
) -> Iterator[Tested]:
    """Each journey as soon as its tests are through."""
    for name, journey in journeys.items():
        outcomes = tuple(rehearse(program, journey, test) for test in tests.get(name, ()))
        effects = [effect for outcome in outcomes for effect in outcome.effects]
        yield Tested(journey, outcomes, tuple(find_gaps(journey, effects)))
