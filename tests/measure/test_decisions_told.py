"""Every kind and every reason of decisions has words of its own."""

from __future__ import annotations

from datetime import timedelta
from string import Formatter
from typing import get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings

from orchestrator.domain.effects import Decision, DecisionKind
from orchestrator.domain.event import Event
from orchestrator.domain.program import Program
from orchestrator.domain.reasons import Detail, Reason
from orchestrator.domain.state import CustomerState, Status
from orchestrator.domain.timeline import run
from orchestrator.measure.decisions_told import SENTENCES
from orchestrator.measure.reason_words import ENGLISH, tell_why
from tests.support.examples import examples
from tests.support.life import START
from tests.support.random_lives import PARIS, RANDOM_STAGES, histories, programs

END = START + timedelta(days=90)


def test_every_kind_of_decision_has_a_sentence() -> None:
    assert set(SENTENCES) == set(DecisionKind)


def test_every_reason_has_words() -> None:
    assert set(ENGLISH) == set(Reason)
    assert [reason for reason in Reason if not ENGLISH[reason]] == [Reason.PLAIN]


def facts_named(reason: Reason) -> set[str]:
    return {name for _, name, *_ in Formatter().parse(ENGLISH[reason]) if name}


@pytest.mark.parametrize("reason", Reason)
def test_words_name_facts_that_decisions_have(reason: Reason) -> None:
    assert facts_named(reason) <= get_type_hints(Detail).keys()


@settings(max_examples=examples(50), deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), histories())
def test_decisions_carry_the_facts_that_their_words_name(
    program: Program, events: list[Event]
) -> None:
    for effect in run(program, CustomerState("ada", RANDOM_STAGES, PARIS), events, END):
        if isinstance(effect, Decision) and effect.detail.get("status") != Status.COMPLETED:
            assert facts_named(effect.reason) <= effect.detail.keys()
            assert effect.detail.keys() <= get_type_hints(Detail).keys()


def test_a_reason_is_told_also_where_its_facts_are_missing() -> None:
    for reason in Reason:
        assert "{" not in tell_why(reason, {})
    assert tell_why(Reason.KNOWN_LATE, {"calls": []}) == (
        "decided before who the customer is was known"
    )
    assert tell_why(Reason.DATE_PAST, {"skipped": None}) == (
        "goes on: the date is past: end skipped"
    )
