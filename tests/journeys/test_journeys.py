"""The tests written in the journeys' own files, on the virtual clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.domain.journey_tests import Happening, JourneyTest
from orchestrator.language.program_building import build_program
from orchestrator.language.project import load_project
from orchestrator.trial.rehearsal import rehearse

ROOT = Path(__file__).parents[2]
PROJECT = load_project(ROOT, {}, need_templates=False)
PROGRAM = build_program(PROJECT)
CASES = [(journey, test) for journey, tests in PROJECT.tests.items() for test in tests]


@pytest.mark.parametrize(
    ("journey", "test"), CASES, ids=[f"{journey}: {test.name}" for journey, test in CASES]
)
def test_a_shipped_journey_does_what_its_file_says(journey: str, test: JourneyTest) -> None:
    verdict = rehearse(PROGRAM, PROJECT.journeys[journey], test)
    assert verdict.passed, f"journeys/{journey}.yaml:{test.line}: {verdict}"


def test_every_shipped_journey_has_tests() -> None:
    assert all(PROJECT.tests[journey] for journey in PROJECT.journeys)


def test_a_wrong_expectation_fails_and_says_what_happened_instead() -> None:
    journey, test = next(
        case for case in CASES if case[0] == "cart-abandonment" and len(case[1].expect) == 2
    )
    late = Happening(timedelta(hours=2), "email", "cart-reminder")
    wrong = replace(test, expect=(late, *test.expect[1:]))
    verdict = rehearse(PROGRAM, PROJECT.journeys[journey], wrong)
    assert not verdict.passed
    assert "expected, did not happen: at 2h: email cart-reminder" in str(verdict)
    assert "happened, not expected:   at 1h: email cart-reminder" in str(verdict)


def test_a_message_that_nobody_expected_fails() -> None:
    journey, test = next(
        case for case in CASES if case[0] == "cart-abandonment" and len(case[1].expect) == 2
    )
    assert not rehearse(
        PROGRAM, PROJECT.journeys[journey], replace(test, expect=test.expect[:1])
    ).passed
