"""Who may be written to now: each rule alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.domain.consent import (
    AddressChoice,
    AddressRecord,
    ConsentKey,
    medium_key,
    topic_key,
)
from orchestrator.domain.lifecycle import Lifecycle
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import Purpose
from orchestrator.domain.policy import (
    Cap,
    Permission,
    Policy,
    address,
    cap_free_from,
    has_consent,
    is_unsubscribed,
    may_send,
    still_lacks,
)
from orchestrator.domain.reasons import Reason
from orchestrator.domain.state import Choice, CustomerState, SentMessage
from tests.support.life import START
from tests.support.random_lives import PARIS

DAY = timedelta(days=1)
EMAIL = Medium.EMAIL


def customer(**traits: object) -> CustomerState:
    return CustomerState("ada", Lifecycle(), PARIS, traits={"email": "ada@example.com", **traits})


@pytest.mark.parametrize(
    ("email", "valid"),
    [
        ("a@b.c", True),
        ("@b.c", False),
        ("a@", False),
        ("nobody", False),
        ("", False),
        (None, False),
        (7, False),
    ],
)
def test_an_email_address_has_something_on_both_sides(email: object, valid: bool) -> None:
    assert (address(customer(email=email), EMAIL) is not None) is valid


@pytest.mark.parametrize("default", [True, False])
@pytest.mark.parametrize("medium", [True, False, None])
@pytest.mark.parametrize("topic", [True, False, None])
def test_a_refused_topic_says_no_then_the_medium_holds_then_the_default(
    default: bool, medium: bool | None, topic: bool | None
) -> None:
    ada = customer()
    for key, said in (("email", medium), ("topic:news", topic)):
        if said is not None:
            ada.take_choice(key, Choice(said, START))
    expected = False if topic is False else default if medium is None else medium
    assert has_consent(Policy(default), ada, EMAIL, "news") is expected


def test_consent_is_the_newest_choice_in_whatever_order_choices_come() -> None:
    ada = customer()
    for granted, day in ((True, 1), (True, 5), (False, 3)):
        ada.take_choice("email", Choice(granted, START + day * DAY))
    assert ada.consent["email"].granted
    assert ada.take_choice("email", Choice(False, START + 6 * DAY))
    assert not ada.consent["email"].granted


def test_a_cap_is_free_again_at_exactly_the_oldest_counted_plus_the_window() -> None:
    ada = customer()
    ada.sent = [
        SentMessage(START + hours * timedelta(hours=1), EMAIL, "j", "t", True)
        for hours in (0, 5, 9)
    ]
    caps = (Cap(2, DAY),)
    assert cap_free_from(caps, ada, EMAIL, START + timedelta(hours=10)) == START + timedelta(
        hours=29
    )
    at = START + timedelta(hours=29)
    assert cap_free_from(caps, ada, EMAIL, at) == at
    assert cap_free_from(caps, ada, EMAIL, at - timedelta(microseconds=1)) == at
    assert cap_free_from(caps, ada, Medium.SMS, START) == START


def test_mute_ends_at_its_instant() -> None:
    ada = customer()
    ada.muted_until = START + DAY
    policy = Policy(True)
    before, after = (
        may_send(policy, ada, EMAIL, Purpose.MARKETING, "news", at)
        for at in (START + DAY - timedelta(microseconds=1), START + DAY)
    )
    assert (before.answer, before.reason) == (Permission.DENY, "muted")
    assert after.answer is Permission.ALLOW
    assert (
        may_send(policy, ada, EMAIL, Purpose.TRANSACTIONAL, "news", START).answer
        is Permission.ALLOW
    )


def test_marketing_suppressed_stops_marketing_only_and_a_dead_address_stops_all() -> None:
    ada = customer()
    ada.suppressed = {"marketing": "asked"}
    answers = [may_send(Policy(True), ada, EMAIL, purpose, "", START).answer for purpose in Purpose]
    assert answers == [Permission.DENY, Permission.ALLOW]
    ada.suppressed, ada.address_book = {}, lambda medium, to: AddressRecord(dead="bounced")
    answers = [may_send(Policy(True), ada, EMAIL, purpose, "", START).answer for purpose in Purpose]
    assert answers == [Permission.DENY, Permission.DENY]


def test_who_says_yes_after_their_address_was_unsubscribed_is_written_to_again() -> None:
    ada = customer()
    record = AddressRecord(choices=(AddressChoice(START, granted=False),))
    ada.address_book = lambda medium, to: record
    for since, answer in ((-DAY, True), (timedelta(0), True), (DAY, False)):
        ada.consent[medium_key(EMAIL)] = Choice(True, START + since)
        assert is_unsubscribed(ada, EMAIL, "ada@example.com", "news", START + DAY) is answer


@pytest.mark.parametrize(
    ("said", "sends"),
    [
        ({}, False),
        ({"topic:news": True}, True),
        ({"topic:*": True}, True),
        ({"topic:news": False}, False),
        ({"topic:offers": True}, False),
    ],
)
def test_a_topic_that_asks_for_a_yes_is_not_covered_by_that_to_the_medium(
    said: dict[str, bool], sends: bool
) -> None:
    policy = Policy(consent_default=True, asked_topics=frozenset({"news"}))
    ada = customer()
    for key, granted in {"email": True, **said}.items():
        ada.take_choice(ConsentKey(key), Choice(granted, START))
    assert has_consent(policy, ada, EMAIL, "News") is sends
    assert has_consent(policy, ada, EMAIL, "offers")


def test_who_has_not_spoken_of_a_topic_that_asks_for_a_yes_still_may() -> None:
    policy, ada = Policy(consent_default=True, asked_topics=frozenset({"news"})), customer()
    asked = (policy, ada, EMAIL, Purpose.MARKETING, "news")
    assert still_lacks(*asked) is Reason.NO_CONSENT
    ada.take_choice(topic_key("news"), Choice(True, START))
    assert still_lacks(*asked) is None
    ada.take_choice(medium_key(EMAIL), Choice(False, START))
    assert still_lacks(*asked) is None
