"""Messages to who referred the customer: asked of the receiver, on their own line."""

from __future__ import annotations

import pytest

from orchestrator.domain.effects import DecisionKind, Emitted
from orchestrator.domain.event import Kind
from orchestrator.domain.steps.message_step import QueueMessage
from tests.support.life import ADA, Life
from tests.support.project import CONSENTING, read_program

INVITE = """
journey: invite
topic: friends
trigger: {event: Order Completed}
reentry: always
%s
steps:
  - email: {template: thanks, to: referrer}
  - email: welcome
"""
ASKED = '[project]\ntimezone = "UTC"\n[consent]\ndefault = "denied"\n'
QUIET = CONSENTING + '[quiet_hours]\nemail = {from = "09:00", to = "18:00"}\n'
CAPPED = CONSENTING + '[caps]\nemail = ["1/day"]\n'
BOB = {"email": "bob@example.com"}


def live(head: str = "", toml: str = CONSENTING, **traits: object) -> Life:
    """Ada, whom Bob referred unless something else is said, orders."""
    told = {**ADA, "first_name": "Ada", "referred_by": "bob", **traits}
    life = Life(read_program(INVITE % head, toml=toml), traits=told)
    life.track("0h", "Order Completed", total=80)
    return life


def referrer(life: Life, **traits: object) -> Life:
    """Bob, with what Ada's line put on his."""
    other = Life(life.program, traits={**BOB, **traits}, external_id="bob")
    for one in life.of(Emitted):
        assert one.receiver == "bob"
        other.tell(one.event.at, Kind.EMITTED, one.event.name, one.event.properties)
    other.run("10d")
    return other


def test_the_message_leaves_on_the_line_of_the_referrer_and_the_customer_goes_on() -> None:
    life = live()
    life.run("10d")
    assert life.sends == [("0s", "welcome")]
    bob = referrer(life)
    (queued,) = bob.of(QueueMessage)
    assert bob.sends == [("0s", "thanks")]
    assert (queued.enrollment.journey, queued.step.id) == ("invite/thanks", "thanks")
    assert queued.topic == "friends"


def test_its_template_sees_the_entry_of_the_customer_and_their_first_name() -> None:
    life = live()
    life.run("10d")
    (queued,) = referrer(life).of(QueueMessage)
    entry = dict(queued.enrollment.entry)
    assert entry.pop("errand")
    assert entry == {"total": 80, "friend": "Ada"}


@pytest.mark.parametrize("referred_by", [None, "", "ada", 7])
def test_who_was_referred_by_nobody_else_writes_to_nobody(referred_by: object) -> None:
    life = live(referred_by=referred_by)
    life.run("10d")
    assert life.of(Emitted) == []
    assert life.decisions(DecisionKind.NOT_SENT) == [("0s", "not referred by anybody")]
    assert life.sends == [("0s", "welcome")]


@pytest.mark.parametrize(
    ("traits", "reason"),
    [
        ({"email": None}, "no_address"),
        ({"consent": {"email": False}}, "no_consent"),
        ({"consent": {"topics": {"friends": False}}}, "no_consent"),
    ],
)
def test_consent_and_address_are_those_of_the_receiver(
    traits: dict[str, object], reason: str
) -> None:
    life = live(consent={"email": True})
    life.run("10d")
    bob = referrer(life, **traits)
    assert bob.sends == []
    assert [told for _, told in bob.decisions(DecisionKind.NOT_SENT)] == [reason]


def test_nor_does_it_matter_what_the_customer_agreed_to() -> None:
    life = live(toml=ASKED)
    life.run("10d")
    assert life.sends == []
    assert referrer(life, consent={"email": True}).sends == [("0s", "thanks")]


def test_quiet_hours_and_caps_hold_the_receivers_message_alone() -> None:
    life = live(toml=QUIET.replace("email", "sms") + 'email = {from = "09:00", to = "18:00"}\n')
    life.run("10d")
    assert [one.event.name for one in life.of(Emitted)] == ["invite/thanks"]
    assert referrer(life).sends == [("8h", "thanks")]


def test_two_friends_at_once_are_two_messages() -> None:
    life = live(toml=CAPPED)
    life.track("1h", "Order Completed", total=9)
    life.run("10d")
    bob = referrer(life)
    assert bob.sends == [("0s", "thanks"), ("1d", "thanks")]
    assert len({one.enrollment.key for one in bob.of(QueueMessage)}) == 2


@pytest.mark.parametrize("head", ["only_if: customer.orders >= 5", "holdout: 100%"])
def test_whom_the_journey_does_nothing_for_sends_nobody_on_an_errand(head: str) -> None:
    life = live(head)
    life.run("10d")
    assert life.of(Emitted) == []
    assert life.sends == []


def test_the_same_event_twice_is_one_message() -> None:
    """A call that is told twice bears the same key."""
    life = live()
    life.run("10d")
    (one,) = life.of(Emitted)
    bob = Life(life.program, traits=BOB, external_id="bob")
    for _ in range(2):
        bob.tell(one.event.at, Kind.EMITTED, one.event.name, one.event.properties)
    bob.run("10d")
    assert bob.sends == [("0s", "thanks")]
