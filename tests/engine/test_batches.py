"""Channels that fail: nobody gets a message twice, and no channel holds up another."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text

from channels.delivery import Crew
from channels.recording import RecordingChannel
from orchestrator.domain.channel import UNWATCHED, OutcomeKind, SendOutcome, Wire
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from orchestrator.engine import dispatch, standing
from orchestrator.engine.batches import FAILURES_IN_A_ROW_MAX
from orchestrator.measure.status import read_status
from orchestrator.store import customers
from tests.engine.conftest import OpenShop
from tests.engine.crowd import (
    EIGHT_PM,
    HELLO,
    NIGHT,
    NO_CHANNELS,
    NUDGE,
    RESET,
    answer,
    crowd,
    queue,
    states,
)
from tests.support.project import CONSENTING


@pytest.mark.parametrize("medium", Medium)
def test_an_uncertain_message_is_sent_once_more_at_most(
    open_shop: OpenShop, medium: Medium
) -> None:
    shop = open_shop(RESET.replace("email: hello", f"{medium}: hello"), live=True)
    shop.identify("0s", "ada", email="ada@example.com", phone="+33612345678")
    shop.track("0s", "Viewed")
    answer(shop, OutcomeKind.UNCERTAIN, medium)
    shop.tick_every(timedelta(minutes=10), "4h")
    shop.tick_every(timedelta(hours=4), "3d")
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
        len(channel.messages) == FAILURES_IN_A_ROW_MAX
    )  # the others of the batch in hand go back to the queue
    assert "did not get through: busy" in report.channel(Medium.EMAIL).stopped
    answer(shop, OutcomeKind.ACCEPTED)
    shop.tick("5m")
    assert len(channel.messages) == FAILURES_IN_A_ROW_MAX
    shop.tick("5m 2s")
    assert states(shop) == {"accepted": 600}


def test_a_few_that_are_turned_away_stop_nobody(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    crowd(shop, 60)
    channel = shop.channels[Medium.EMAIL]
    assert isinstance(channel, RecordingChannel)
    good, bad = SendOutcome(OutcomeKind.ACCEPTED), SendOutcome(OutcomeKind.THROTTLED)
    channel.answer = lambda message: (
        good if len(channel.messages) % FAILURES_IN_A_ROW_MAX == 0 else bad
    )
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
    tried = shop.rows("SELECT DISTINCT attempts FROM messages")
    assert [row.attempts for row in tried] == [0]  # what is the account's fault is no attempt


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


def test_a_message_that_cannot_be_made_takes_no_other_along(
    open_shop: OpenShop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shop, make = open_shop(HELLO, live=True), dispatch.compose

    def stumble(parts, delivery):  # type: ignore[no-untyped-def]
        if delivery.state.external_id == "c3":
            raise ValueError(delivery.state.traits["email"])
        return make(parts, delivery)

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
    monkeypatch.setattr(customers, "claim_due", lambda *_, **__: 1 / 0)
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
