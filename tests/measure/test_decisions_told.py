"""Every kind and every reason of decisions has words of its own."""

from __future__ import annotations

from string import Formatter
from typing import get_type_hints

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.reasons import Detail, Reason
from orchestrator.measure.decisions_told import SENTENCES
from orchestrator.measure.reason_words import ENGLISH, tell_why


def test_every_kind_of_decision_has_a_sentence() -> None:
    assert set(SENTENCES) == set(DecisionKind)


def test_every_reason_has_words() -> None:
    assert set(ENGLISH) == set(Reason)
    assert [reason for reason in Reason if not ENGLISH[reason]] == [Reason.PLAIN]


def test_words_name_facts_that_decisions_have() -> None:
    named = {name for words in ENGLISH.values() for _, name, *_ in Formatter().parse(words) if name}
    assert named <= get_type_hints(Detail).keys()


def test_a_reason_is_told_also_where_its_facts_are_missing() -> None:
    for reason in Reason:
        assert "{" not in tell_why(reason, {})
    assert tell_why(Reason.KNOWN_LATE, {"calls": []}) == (
        "decided before who the customer is was known"
    )
    assert tell_why(Reason.DATE_PAST, {"skipped": None}) == (
        "goes on: the date is past: end skipped"
    )
