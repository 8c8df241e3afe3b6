"""The bad hours of a provider, a clock, a release: nobody gets a message twice, late or against
their word.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from channels.delivery import Crew
from channels.recording import RecordingChannel
from orchestrator.domain import assignment
from orchestrator.domain.channel import UNWATCHED, OutcomeKind, SendOutcome, Wire
from orchestrator.domain.errors import TimeWentBack
from orchestrator.domain.message import Medium, RenderedMessage
from orchestrator.engine import dispatch, standing
from orchestrator.engine.batches import IN_VAIN_MAX
from orchestrator.engine.report import Held
from orchestrator.engine.work import work
from orchestrator.measure.status import read_status
from orchestrator.store import customers
from orchestrator.store.settling import Verdict, settle_by_hand
from tests.engine.conftest import OpenShop
from tests.support.life import START, after_start, instant
from tests.support.project import CONSENTING
from tests.support.shop import Shop, live_clock

HELLO = "journey: hello\ntrigger: {event: Viewed}\nsteps:\n  - email: hello\n"
RESET = HELLO.replace("trigger", "purpose: transactional\ntrigger")
NUDGE = "journey: nudge\ntrigger: {event: Viewed}\nsteps:\n  - sms: nudge\n"
NO_CHANNELS = Held(channels=frozenset(Medium))
NIGHT = CONSENTING + (
    '[quiet_hours]\nemail = {from = "20:00", to = "08:00"}\nsms = {from = "20:00", to = "08:00"}\n'
)
EIGHT_PM = START.replace(hour=20)


def answer(
    shop: Shop, kind: OutcomeKind, medium: Medium = Medium.EMAIL, **more: object
) -> RecordingChannel:
    channel = shop.channels[medium]
    assert isinstance(channel, RecordingChannel)
    channel.answer = lambda message: SendOutcome(kind, **more)  # type: ignore[arg-type]
    return channel


def queue(shop: Shop, at: str = "1s") -> None:
    """Lets the shop decide while no channel sends."""
    standing.hold(shop.context, NO_CHANNELS, shop.clock.now())
    shop.tick(at)
    standing.hold(shop.context, Held(), shop.clock.now())


def crowd(shop: Shop, count: int, event: str = "Viewed", at: str = "0s") -> None:
    for number in range(count):
        shop.identify(at, f"c{number}", email=f"c{number}@example.com")
        shop.track(at, event, f"c{number}")


def states(shop: Shop) -> dict[str, int]:
    return {
        row[0]: row[1] for row in shop.rows("SELECT state, count(*) FROM messages GROUP BY state")
    }


# ---------------------------------------------------------------- the clock


def test_what_arrives_after_the_clock_was_set_back_is_not_passed_over(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    shop.identify("0s")
    shop.tick("10s")
    shop.clock = live_clock("8s")
    shop.use(clock=shop.clock)
    shop.track("8s", "Viewed")
    shop.identify("9s", "ada", consent={"email": False})
    shop.tick("9s")
    assert shop.passages() == [("ada", "hello", "completed")]
    assert shop.ledger() == [
        ("not_sent", "hello", "no_consent")
    ]  # let go at 8 s, refused since 9 s
    assert ("not_sent", "hello", "no_consent") in shop.decisions()


def test_the_machines_clock_is_refused_where_tick_now_has_been_later(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO)
    shop.identify("0s")
    shop.tick("30d")
    with pytest.raises(TimeWentBack, match="tick --now"):
        work(replace(shop.context, clock=live_clock("1h")), shop.worker)
    work(replace(shop.context, clock=live_clock("31d")), shop.worker)


def test_quiet_hours_that_begin_within_a_tick_hold_what_is_not_leased_yet(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(HELLO, live=True, toml=NIGHT)
    crowd(shop, 450)
    queue(shop)
    late = []

    def take_a_second(message: RenderedMessage) -> SendOutcome:
        shop.clock.advance(timedelta(seconds=1))
        if shop.clock.now() >= EIGHT_PM + timedelta(seconds=200):
            late.append(message)
        return SendOutcome(OutcomeKind.ACCEPTED)

    channel = shop.channels[Medium.EMAIL]
    assert isinstance(channel, RecordingChannel)
    channel.answer = take_a_second
    shop.tick(EIGHT_PM - timedelta(seconds=10))
    assert late == []
    assert states(shop) == {"accepted": 200, "queued": 250}


def test_who_unsubscribes_while_a_tick_sends_gets_nothing_from_the_batches_to_come(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(HELLO, live=True)
    crowd(shop, 450)
    channel = shop.channels[Medium.EMAIL]
    assert isinstance(channel, RecordingChannel)

    def say_no(message: RenderedMessage) -> SendOutcome:
        if len(channel.messages) == 5:
            shop.clock.move_to(instant("30s"))
            shop.identify("20s", "c449", consent={"email": False})
        return SendOutcome(OutcomeKind.ACCEPTED)

    channel.answer = say_no
    shop.tick("1s")
    assert "c449@example.com" not in [message.to for message in channel.messages]
    assert len(channel.messages) == 449


def test_a_message_waits_for_the_events_of_its_customer_that_are_not_on_the_line_yet(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(HELLO, live=True)
    shop.identify("0s")
    shop.track("0s", "Viewed")
    queue(shop)
    shop.clock.move_to(instant("2s"))
    shop.identify("2s", "ada", consent={"email": False})
    with pytest.MonkeyPatch.context() as patch:  # others, longer due, come first
        patch.setattr(customers, "claim_due", lambda *_: [])
        shop.tick("3s")
    assert states(shop) == {"queued": 1}
    shop.tick("4s")
    assert shop.ledger() == [("not_sent", "hello", "no_consent")]


# ---------------------------------------------------------------- the provider


@pytest.mark.parametrize("medium", Medium)
def test_an_uncertain_message_is_sent_once_more_at_most(
    open_shop: OpenShop, medium: Medium
) -> None:
    shop = open_shop(RESET.replace("email: hello", f"{medium}: hello"), live=True)
    shop.identify("0s", "ada", email="ada@example.com", phone="+33612345678")
    shop.track("0s", "Viewed")
    answer(shop, OutcomeKind.UNCERTAIN, medium)
    shop.tick_every(timedelta(minutes=10), "3d")
    assert shop.delivered(medium) == ["hello", "hello"]
    assert states(shop) == {"unknown": 1}


def test_an_uncertain_message_whose_lease_dies_is_sent_once_more_at_most(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(RESET, live=True)
    shop.identify("0s")
    shop.track("0s", "Viewed")
    queue(shop)
    for minute in ("10m", "20m"):
        with shop.context.database.write() as connection:
            connection.exec_driver_sql(
                "UPDATE messages SET state = 'leased', lease_until = decided_at"
            )
        standing.hold(shop.context, NO_CHANNELS, shop.clock.now())
        shop.tick(minute)
    assert states(shop) == {"unknown": 1}


def test_a_provider_that_turns_everything_away_is_left_alone_for_a_while(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(HELLO, live=True)
    crowd(shop, 600)
    channel = answer(shop, OutcomeKind.THROTTLED, reason="busy", retry_after_s=300)
    report = shop.tick("1s")
    assert (
        len(channel.messages) == IN_VAIN_MAX
    )  # the others of the batch in hand go back to the queue
    assert "did not get through: busy" in report.channel(Medium.EMAIL).stopped
    answer(shop, OutcomeKind.ACCEPTED)
    shop.tick("5m")
    assert len(channel.messages) == IN_VAIN_MAX
    shop.tick("5m 2s")
    assert states(shop) == {"accepted": 600}


def test_a_few_that_are_turned_away_stop_nobody(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    crowd(shop, 60)
    channel = shop.channels[Medium.EMAIL]
    assert isinstance(channel, RecordingChannel)
    good, bad = SendOutcome(OutcomeKind.ACCEPTED), SendOutcome(OutcomeKind.THROTTLED)
    channel.answer = lambda message: good if len(channel.messages) % IN_VAIN_MAX == 0 else bad
    report = shop.tick("1s")
    assert report.channel(Medium.EMAIL).stopped == ""


def test_a_provider_that_hangs_is_left_alone_though_each_batch_gets_to_a_few_messages_only(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(HELLO, live=True)
    crowd(shop, 100)
    channel = shop.channels[Medium.EMAIL]
    assert isinstance(channel, RecordingChannel)
    tried: list[str] = []

    def hang(message: RenderedMessage) -> SendOutcome:
        tried.append(message.message_id)
        few = len(tried) % 10 < 4
        return SendOutcome(
            OutcomeKind.UNCERTAIN if few else OutcomeKind.NOT_ATTEMPTED, reason="no answer"
        )

    channel.answer = hang
    report = shop.tick("1s")
    assert "did not get through: no answer" in report.channel(Medium.EMAIL).stopped
    assert states(shop)["unknown"] < 50


@pytest.mark.parametrize("wait", ["pause", "quiet hours"])
def test_a_message_that_waited_long_for_other_reasons_is_not_given_up_at_its_first_try(
    open_shop: OpenShop, wait: str
) -> None:
    shop = open_shop(NUDGE, live=True, toml=NIGHT)
    shop.identify("0s", "ada", phone="+33612345678", consent={"sms": True})
    shop.track("0s" if wait == "pause" else EIGHT_PM - timedelta(seconds=2), "Viewed")
    queue(shop, "1s")
    answer(shop, OutcomeKind.THROTTLED, Medium.SMS, reason="busy", retry_after_s=1)
    shop.tick("7h" if wait == "pause" else "1d")
    assert states(shop) == {"queued": 1}
    answer(shop, OutcomeKind.ACCEPTED, Medium.SMS)
    shop.tick(shop.clock.now() + timedelta(minutes=1))
    assert states(shop) == {"accepted": 1}


class OneByOne(RecordingChannel):
    """A channel with one connection, which stops at the first message whose sender is refused."""

    def __init__(self) -> None:
        super().__init__(Medium.EMAIL)
        self.crew = Crew("one", 1)
        self.answer = lambda message: SendOutcome(
            OutcomeKind.MISCONFIGURED if "unverified" in message.sender else OutcomeKind.ACCEPTED,
            reason="sender",
            about_sender=True,
        )

    def send_batch(
        self, messages: Sequence[RenderedMessage], deadline_s: float, wire: Wire = UNWATCHED
    ) -> Iterator[tuple[int, SendOutcome]]:
        return self.crew.deliver(
            messages,
            deadline_s,
            lambda message: message,
            lambda message, _: self._take(message),
            wire,
        )

    def _take(self, message: RenderedMessage) -> SendOutcome:
        self.messages.append(message)
        return self.answer(message)

    def close(self) -> None:
        self.crew.close()


def test_a_journey_whose_own_sender_is_refused_does_not_hold_up_the_others(
    open_shop: OpenShop,
) -> None:
    bad = (
        "journey: aaa\ntrigger: {event: Bad}\nsteps:\n  - email: {template: hello, from: "
        "me@unverified.example}\n"
    )
    shop = open_shop(bad, RESET, live=True)
    channel = OneByOne()
    shop.use(channels={Medium.EMAIL: channel})
    crowd(shop, 20, "Bad")
    crowd(shop, 20)
    report = shop.tick("2s")
    channel.close()
    assert states(shop) == {"queued": 20, "accepted": 20}
    assert report.channel(Medium.EMAIL).stopped == ""
    assert len(channel.messages) == 21  # the first refusal speaks for the others of that sender


def test_a_refused_account_stops_the_channel_also_for_steps_with_a_sender_of_their_own(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(
        RESET.replace("email: hello", "email: {template: hello, from: me@shop.example}"), live=True
    )
    crowd(shop, 3)
    answer(shop, OutcomeKind.MISCONFIGURED, reason="the key was refused")
    report = shop.tick("1s")
    assert report.channel(Medium.EMAIL).stopped == "the key was refused"
    shop.tick_every(timedelta(hours=1), "50h")
    assert states(shop) == {"queued": 3}


def test_a_rest_that_is_over_is_told_no_more_and_a_new_reason_is(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    crowd(shop, 30)
    answer(shop, OutcomeKind.THROTTLED, reason="busy", retry_after_s=60)
    shop.tick("1s")
    answer(shop, OutcomeKind.MISCONFIGURED, reason="the key was refused")
    shop.tick("5m")
    told = read_status(shop.context.database, {}, shop.clock.now()).held_channels
    assert told == {"email": "the key was refused"}
    for number in range(30):
        shop.identify("5m 1s", f"c{number}", consent={"email": False})
    report = shop.tick("10m")  # nothing is left to send
    assert report.channel(Medium.EMAIL).stopped == ""
    assert shop.tick("11m").channel(Medium.EMAIL).stopped == ""
    assert read_status(shop.context.database, {}, shop.clock.now()).held_channels == {}


def test_an_uncertain_message_that_is_given_up_is_unknown(open_shop: OpenShop) -> None:
    shop = open_shop(RESET, live=True)
    shop.identify("0s")
    shop.track("0s", "Viewed")
    answer(shop, OutcomeKind.THROTTLED, reason="busy")
    shop.tick("1s")
    shop.tick_every(timedelta(hours=1), "70h 1s")
    assert (
        read_status(shop.context.database, {}, shop.clock.now()).held_channels == {}
    )  # one message is not many
    answer(shop, OutcomeKind.UNCERTAIN, reason="no answer")
    shop.tick("71h 30m")
    assert states(shop) == {"unknown": 1}


def test_two_messages_of_one_customer_in_one_batch_count_for_the_cap(open_shop: OpenShop) -> None:
    shop = open_shop(
        HELLO,
        HELLO.replace("hello", "other"),
        live=True,
        toml=CONSENTING + '[caps]\nemail = ["2/day"]\n',
    )
    shop.identify("0s")
    shop.track("0s", "Viewed")
    queue(shop)
    assert states(shop) == {"queued": 2}
    shop.open(toml=CONSENTING + '[caps]\nemail = ["1/day"]\n')
    shop.tick("2s")
    assert states(shop) == {"accepted": 1, "queued": 1}


class Broken(RecordingChannel):
    def send_batch(
        self, messages: Sequence[RenderedMessage], deadline_s: float, wire: Wire = UNWATCHED
    ) -> Iterator[tuple[int, SendOutcome]]:
        raise ZeroDivisionError
        yield


def test_a_channel_that_breaks_does_not_hold_up_the_others(
    open_shop: OpenShop, caplog: pytest.LogCaptureFixture
) -> None:
    shop = open_shop(
        "journey: both\ntrigger: {event: Viewed}\nsteps:\n  - email: hello\n  - sms: hi\n",
        live=True,
    )
    shop.identify("0s", "ada", email="ada@example.com", phone="+33612345678")
    shop.track("0s", "Viewed")
    shop.use(
        channels={
            Medium.EMAIL: Broken(Medium.EMAIL),
            Medium.SMS: shop.channels[Medium.SMS],
        }
    )
    with caplog.at_level(logging.ERROR):
        report = shop.tick("1s")
    assert shop.delivered(Medium.SMS) == ["hi"]
    assert "The channel for email broke: ZeroDivisionError" in caplog.text
    assert report.channel(Medium.EMAIL).stopped == "it broke (ZeroDivisionError)"


def test_a_channel_that_breaks_takes_nobody_along(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    crowd(shop, 500)
    shop.use(channels={Medium.EMAIL: Broken(Medium.EMAIL)})
    for second in range(1, 5):
        shop.tick(f"{second}s")
    assert states(shop) == {"queued": 500}


# ---------------------------------------------------------------- waiting


def test_a_message_that_waited_past_its_expiry_is_not_sent(open_shop: OpenShop) -> None:
    shop = open_shop(
        HELLO.replace("email: hello", "email: {template: hello, expires: 1d}"), live=True
    )
    shop.identify("0s")
    shop.track("0s", "Viewed")
    queue(shop)
    shop.tick("10d")
    assert shop.delivered() == []
    assert shop.decisions("expired") == [("expired", "hello", "overdue")]


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=1)])
def test_delays_count_from_the_release_of_a_message_that_quiet_hours_held_at_the_lease(
    open_shop: OpenShop, late: timedelta
) -> None:
    two = (
        "journey: two\ntrigger: {event: Viewed}\nsteps:\n  - email: one\n  - delay: 3h\n  - "
        "email: two\n"
    )
    shop = open_shop(two, live=True, toml=NIGHT)
    shop.identify("0s")
    seven = EIGHT_PM - timedelta(hours=1)
    shop.tick(seven)
    shop.call(seven - late, "track", "ada", event="Viewed", received=seven + timedelta(seconds=1))
    standing.hold(shop.context, NO_CHANNELS, shop.clock.now())
    shop.tick(seven + timedelta(minutes=1))
    standing.hold(shop.context, Held(), shop.clock.now())
    shop.tick(EIGHT_PM)
    shop.tick_every(timedelta(minutes=30), START.replace(hour=12) + timedelta(days=1))
    at_eight, at_eleven = (
        after_start(START.replace(hour=hour) + timedelta(days=1)) for hour in (8, 11)
    )
    assert shop.sends() == [(at_eight, "ada", "one"), (at_eleven, "ada", "two")]


def test_a_stage_that_ends_the_journey_is_asked_although_the_message_was_its_last(
    open_shop: OpenShop,
) -> None:
    exits = HELLO.replace("steps", "exit: [{stage: new_customer}]\nsteps")
    shop = open_shop(exits, live=True)
    shop.identify("0s")
    shop.track("0s", "Viewed")
    queue(shop)
    shop.track("2s", "Order Completed")
    shop.tick("3s")
    assert shop.delivered() == []
    assert shop.ledger() == [("not_sent", "hello", "left before: new_customer")]


@pytest.mark.parametrize(
    ("at", "validity_s"), [(EIGHT_PM - timedelta(minutes=5), 300), (instant("0s"), 4 * 3600)]
)
def test_an_sms_is_valid_until_quiet_hours_begin(
    open_shop: OpenShop, at: object, validity_s: int
) -> None:
    shop = open_shop(NUDGE, live=True, toml=NIGHT)
    shop.identify("0s", "ada", phone="+33612345678", timezone="UTC", consent={"sms": True})
    shop.call(at, "track", "ada", event="Viewed")
    shop.tick(at)
    (message,) = shop.channels[Medium.SMS].messages  # type: ignore[attr-defined]
    assert message.validity_s == validity_s


def test_who_sends_a_message_again_by_hand_gives_it_its_time_anew(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    shop.identify("0s")
    shop.track("0s", "Viewed")
    answer(shop, OutcomeKind.UNCERTAIN)
    shop.tick("1s")
    settle_by_hand(shop.context.database, None, Verdict.AGAIN, instant("4d"))
    answer(shop, OutcomeKind.ACCEPTED)
    shop.tick("4d")
    assert states(shop) == {"accepted": 1}


# ---------------------------------------------------------------- two who are one


def test_a_message_waits_for_a_merge_that_is_not_run_yet(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    shop.identify("0s", "ada", email="a@example.com", consent={"email": False})
    shop.call("0s", "identify", None, anonymousId="x", traits={"email": "a@example.com"})
    shop.call("1s", "track", None, anonymousId="x", event="Viewed")
    queue(shop, "2s")
    shop.call("3s", "identify", "ada", anonymousId="x", traits={})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(customers, "claim_due", lambda *_: [])
        shop.tick("4s")
    assert states(shop) == {"queued": 1}
    shop.tick("5s")
    assert shop.ledger() == [("not_sent", "hello", "no_consent")]


def test_an_address_longer_than_any_stops_nobody(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    shop.identify("0s", "troll", email=f"{'x' * 20_000}@example.com")
    shop.identify("0s")
    shop.track("0s", "Viewed")
    shop.tick("1s")
    assert shop.delivered() == ["hello"]


def test_who_was_inside_long_before_a_merge_does_not_enter_again(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    shop.call("0s", "identify", None, anonymousId="x", traits={"email": "a@example.com"})
    shop.call("1s", "track", None, anonymousId="x", event="Viewed")
    shop.tick("1m")
    shop.call("3d", "identify", "ada", anonymousId="x", traits={"email": "a@example.com"})
    shop.tick("3d 1m")
    shop.track("4d", "Viewed", "ada")
    shop.tick("4d 1m")
    assert shop.delivered() == ["hello"]
    assert shop.passages() == [("ada", "hello", "completed")]


def test_a_merge_keeps_the_older_assignment_also_over_one_drawn_in_the_same_tick(
    open_shop: OpenShop,
) -> None:
    text = HELLO.replace("steps", "reentry: always\nholdout: 40%\nsteps")
    groups = [(assignment.HELD_OUT, 40.0), (assignment.TREATED, 60.0)]
    drawn = {
        f"u{n}": assignment.choose(groups, "hello", assignment.HOLDOUT, f"u{n}") for n in range(50)
    }
    anonymous = next(name for name, variant in drawn.items() if variant == assignment.TREATED)
    known = next(name for name, variant in drawn.items() if variant == assignment.HELD_OUT)
    shop = open_shop(text)
    shop.call("0h", "identify", None, anonymousId=anonymous, traits={"email": "a@example.com"})
    shop.call("1h", "track", None, anonymousId=anonymous, event="Viewed")
    shop.tick("2h")
    shop.identify("1d", known)
    shop.track("1d", "Viewed", known)
    shop.call("2d", "identify", known, anonymousId=anonymous, traits={})
    shop.tick("3d")
    shop.track("4d", "Viewed", known)
    shop.tick("5d")
    assert len(shop.delivered()) == 2  # the anonymous one's, and the one after the merge


def test_two_who_were_rewarded_for_the_same_invitation_can_be_one(open_shop: OpenShop) -> None:
    rewarding = HELLO.replace(
        "  - email: hello", "  - reward: {to: customer, percent: 10}\n  - email: hello"
    )
    shop = open_shop(rewarding)
    for who in ({"user": None, "anonymousId": "x"}, {"user": "ada"}):
        user = who.pop("user")
        shop.call(
            "0s", "identify", user, **who, traits={"email": "a@example.com", "referred_by": "bob"}
        )
        shop.call("1s", "track", user, **who, event="Viewed", properties={})
    shop.tick("1m")
    shop.call("2m", "identify", "ada", anonymousId="x", traits={"a": 1})
    shop.tick("3m")
    assert shop.decisions("stuck") == []
    assert [
        row[0]
        for row in shop.rows("SELECT count(*) FROM grants WHERE is_reward GROUP BY referred_id")
    ] == [1, 1]


# ---------------------------------------------------------------- faults of ours


def test_a_message_that_cannot_be_made_takes_no_other_along(
    open_shop: OpenShop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shop, make = open_shop(HELLO, live=True), dispatch.compose

    def stumble(context, row, entry, state, now):  # type: ignore[no-untyped-def]
        if state.external_id == "c3":
            raise ValueError(state.traits["email"])
        return make(context, row, entry, state, now)

    monkeypatch.setattr(dispatch, "compose", stumble)
    crowd(shop, 10)
    with caplog.at_level(logging.ERROR):
        shop.tick("1s")
    assert states(shop) == {"accepted": 9, "failed": 1}
    assert "ValueError" in caplog.text
    assert "c3@example.com" not in caplog.text


def test_an_error_of_the_claim_itself_is_not_taken_for_an_idle_tick(
    open_shop: OpenShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = open_shop(HELLO, live=True)
    shop.identify("0s")
    monkeypatch.setattr(customers, "claim_due", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        shop.tick("1s")


def test_an_error_of_the_database_quotes_nobody(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO)
    with (
        pytest.raises(Exception, match="nothing") as error,
        shop.context.database.write() as connection,
    ):
        connection.execute(
            text("INSERT INTO nothing VALUES (:email)"), {"email": "ada@example.com"}
        )
    assert "ada@example.com" not in str(error.value)
