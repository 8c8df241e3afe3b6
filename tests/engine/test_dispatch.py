"""Before a message leaves everything is asked again, in the transaction that leases it; and what
comes back is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from channels.recording import RecordingChannel, accept
from orchestrator.domain.channel import UNWATCHED, OutcomeKind, SendOutcome, Wire
from orchestrator.domain.errors import ChannelMisconfigured
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import RenderedMessage
from orchestrator.engine import standing
from orchestrator.engine.report import Held
from orchestrator.measure.status import read_status
from tests.engine.conftest import OpenShop
from tests.support.life import instant
from tests.support.project import CONSENTING
from tests.support.shop import Shop

GUARDED_HELLO = """
journey: hello
trigger: {event: Joined}
topic: news
only_if: not customer.open_ticket
exit: [{event: Left}]
goal: {event: Bought, within: 30d}
reentry: always
steps:
  - email: hello
  - delay: 1d
  - email: more
"""
LEASES = (
    "SELECT m.template, w.token FROM messages m LEFT JOIN workers w ON w.token = m.leased_by"
    " WHERE m.state = 'leased'"
)
NO_CHANNELS = Held(channels=frozenset({Medium.EMAIL, Medium.SMS}))


def queue_one(open_shop: OpenShop, *journeys: str, toml: str = CONSENTING) -> Shop:
    """A shop in which one message is queued and its channel is on hold."""
    shop = open_shop(*(journeys or (GUARDED_HELLO,)), live=True, toml=toml)
    shop.identify("-1s")
    shop.track("0s", "Joined")
    standing.hold(shop.context, NO_CHANNELS, shop.clock.now())
    shop.tick("1s")
    assert shop.ledger() == [("queued", "hello", "")]
    return shop


def release(shop: Shop, at: str) -> None:
    standing.hold(shop.context, Held(), shop.clock.now())
    shop.tick(at)


def test_a_paused_channel_keeps_its_messages_queued_and_sends_them_on_release(
    open_shop: OpenShop,
) -> None:
    shop = queue_one(open_shop)
    shop.tick("3h")
    assert shop.delivered() == []
    release(shop, "4h")
    assert shop.sends() == [("4h", "ada", "hello")]


def test_consent_withdrawn_between_queue_and_lease_holds_the_message_back(
    open_shop: OpenShop,
) -> None:
    shop = queue_one(open_shop)
    shop.identify("2s", "ada", consent={"email": False})
    release(shop, "3s")
    assert shop.delivered() == []
    assert shop.ledger() == [("not_sent", "hello", "no_consent")]
    assert ("not_sent", "hello", "no_consent") in shop.decisions()
    assert shop.passages() == [("ada", "hello", "active")]


@pytest.mark.parametrize(("event", "status"), [("Left", "exited"), ("Bought", "converted")])
def test_who_exits_or_reaches_the_goal_between_queue_and_lease_gets_nothing(
    open_shop: OpenShop, event: str, status: str
) -> None:
    shop = queue_one(open_shop)
    shop.track("2s", event)
    release(shop, "3s")
    assert shop.delivered() == []
    assert shop.ledger() == [("not_sent", "hello", f"left before: {event}")]
    assert shop.passages() == [("ada", "hello", status)]


def test_who_reaches_the_goal_before_a_journeys_last_message_leaves_does_not_get_it(
    open_shop: OpenShop,
) -> None:
    shop = queue_one(open_shop, GUARDED_HELLO.partition("  - delay")[0])
    assert shop.passages() == [("ada", "hello", "completed")]
    shop.track("2s", "Bought")
    release(shop, "3s")
    assert shop.ledger() == [("not_sent", "hello", "left before: goal")]


def test_a_goal_that_only_time_makes_true_counts_once_and_stops_all_messages_that_wait(
    open_shop: OpenShop,
) -> None:
    shop = queue_one(
        open_shop,
        "journey: hello\ntrigger: {event: Joined}\n"
        "goal: {if: days_since(customer.seen_at) >= 1, value: customer.price}\n"
        "steps: [{email: hello}, {delay: 1h}, {email: more}, {delay: 7d}, {email: again}]\n",
    )
    shop.identify("2s", "ada", seen_at=instant("2s").isoformat(), price=9)
    shop.tick("2h")
    assert [state for state, _, _ in shop.ledger()] == ["queued", "queued"]
    release(shop, "2d")
    assert shop.ledger() == [
        ("not_sent", "hello", "left before: goal"),
        ("not_sent", "more", "left before: goal"),
    ]
    assert shop.passages() == [("ada", "hello", "converted")]
    assert shop.decisions("converted") == [("converted", "", "goal")]
    assert len(shop.decisions("left")) == 1
    assert shop.rows("SELECT converted_at = ended_at FROM enrollments")[0][0]
    detail = shop.rows("SELECT detail FROM decisions WHERE kind = 'converted'")[0][0]
    assert (json.loads(detail) if isinstance(detail, str) else detail)["value"] == 9
    assert shop.rows("SELECT goal_value FROM enrollments")[0][0] == 9


def test_a_goal_event_stops_a_journeys_last_message_while_it_waits(open_shop: OpenShop) -> None:
    shop = queue_one(
        open_shop,
        "journey: hello\ntrigger: {event: Joined}\ngoal: {event: Bought}\nsteps: [{email: hello}]\n",
    )
    shop.track("2s", "Bought")
    release(shop, "3s")
    assert shop.ledger() == [("not_sent", "hello", "left before: Bought")]
    assert shop.passages() == [("ada", "hello", "completed")]


@pytest.mark.parametrize(("total", "state"), [(80, "not_sent"), (5, "accepted")])
def test_an_exit_event_stops_a_journeys_last_message_while_it_waits_if_its_condition_holds(
    open_shop: OpenShop, total: int, state: str
) -> None:
    exits = "exit:\n  - {event: Order Completed, if: event.total >= 20}\n"
    shop = queue_one(
        open_shop, f"journey: hello\ntrigger: {{event: Joined}}\n{exits}steps:\n  - email: hello\n"
    )
    shop.track("2s", "Order Completed", total=total)
    release(shop, "3s")
    assert [row[0] for row in shop.ledger()] == [state]


def test_only_if_that_fails_at_the_lease_makes_the_customer_leave_filtered(
    open_shop: OpenShop,
) -> None:
    shop = queue_one(open_shop)
    shop.identify("2s", "ada", open_ticket=True)
    release(shop, "3s")
    assert shop.delivered() == []
    assert shop.passages() == [("ada", "hello", "filtered")]
    assert shop.decisions("left") == [("left", "hello", "filtered: not customer.open_ticket")]
    shop.identify("4s", "ada", open_ticket=False)
    shop.tick("2d")
    assert shop.delivered() == []


def test_an_exit_by_condition_that_holds_at_the_lease_makes_the_customer_leave(
    open_shop: OpenShop,
) -> None:
    shop = queue_one(
        open_shop,
        GUARDED_HELLO.replace("{event: Left}", "{if: customer.gone}").replace(
            "only_if", "# only_if"
        ),
    )
    standing.hold(
        shop.context, replace(NO_CHANNELS, journeys=frozenset({"hello"})), shop.clock.now()
    )
    shop.identify("2s", "ada", gone=True)
    release(shop, "3s")
    assert shop.delivered() == []
    assert shop.passages() == [("ada", "hello", "exited")]


@pytest.mark.parametrize("last", ["", "  - exit\n"])
def test_a_message_of_a_journey_that_ended_with_it_still_goes(
    open_shop: OpenShop, last: str
) -> None:
    shop = open_shop(
        "journey: hello\ntrigger: {event: Joined}\nsteps:\n  - email: hello\n" + last, live=True
    )
    shop.identify("-1s")
    shop.track("0s", "Joined")
    shop.tick("1s")
    assert shop.delivered() == ["hello"]


def test_a_suppressed_address_is_held_back_at_the_lease_whoever_else_has_it(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(
        "journey: hello\ntrigger: {event: Joined}\nsteps:\n  - email: hello\n", live=True
    )
    channel = shop.channels[Medium.EMAIL]
    assert isinstance(channel, RecordingChannel)
    channel.answer = lambda message: SendOutcome(
        OutcomeKind.REJECTED, code="550 5.1.1", suppress=True
    )
    shop.call("-1s", "identify", "ada", traits={"email": "Shared@example.com"})
    shop.call("-1s", "identify", "bob", traits={"email": "shared@example.com"})
    shop.track("0s", "Joined", "ada")
    shop.tick("1s")
    shop.track("1m", "Joined", "bob")
    shop.tick("1m")
    assert len(channel.messages) == 1
    assert [reason for _, _, reason in shop.decisions("not_sent")] == ["suppressed: 550 5.1.1"]


class Breaking(RecordingChannel):
    """Breaks before its second answer, against its contract."""

    def send_batch(
        self, messages: Sequence[RenderedMessage], deadline_s: float, wire: Wire = UNWATCHED
    ) -> Iterator[tuple[int, SendOutcome]]:
        yield from super().send_batch(messages[:1], deadline_s, wire)
        raise ZeroDivisionError


def test_what_a_channel_said_before_it_broke_is_known(open_shop: OpenShop) -> None:
    shop = open_shop(
        "journey: hello\ntrigger: {event: Joined}\nsteps:\n  - email: hello\n", live=True
    )
    shop.use(channels={Medium.EMAIL: Breaking(Medium.EMAIL)})
    for user in ("ada", "bob"):
        shop.identify("-1s", user)
        shop.track("0s", "Joined", user)
    report = shop.tick("1s")
    assert [state for state, _, _ in shop.ledger()] == ["accepted", "queued"]
    assert report.channel(Medium.EMAIL).stopped == "it broke (ZeroDivisionError)"


@pytest.mark.parametrize("retry_after_s", [1e12, float("inf")])
def test_a_provider_that_asks_for_ages_stops_nothing(
    open_shop: OpenShop, retry_after_s: float
) -> None:
    shop = open_shop(GUARDED_HELLO, live=True)
    channel = shop.channels[Medium.EMAIL]
    assert isinstance(channel, RecordingChannel)
    channel.answer = lambda message: SendOutcome(OutcomeKind.THROTTLED, retry_after_s=retry_after_s)
    shop.identify("-1s")
    shop.track("0s", "Joined")
    shop.tick("1s")
    assert shop.ledger()[0][0] in ("queued", "failed")


def test_quiet_hours_that_began_since_defer_the_message_and_say_so(open_shop: OpenShop) -> None:
    toml = CONSENTING + '[quiet_hours]\nemail = {from = "11:00", to = "12:00"}\n'
    shop = queue_one(open_shop, toml=toml)
    release(shop, "1h 30m")
    assert shop.delivered() == []
    assert shop.decisions("deferred") == [("deferred", "hello", "quiet_hours")]
    assert [row.attempts for row in shop.rows("SELECT attempts FROM messages")] == [0]
    shop.tick("1h 59m")
    assert shop.delivered() == []
    shop.tick("2h")
    assert shop.sends() == [("2h", "ada", "hello")]


def test_a_message_that_would_expire_before_it_may_leave_is_recorded_expired(
    open_shop: OpenShop,
) -> None:
    toml = CONSENTING + '[quiet_hours]\nemail = {from = "11:00", to = "09:00"}\n'
    text = GUARDED_HELLO.replace("- email: hello", "- email: {template: hello, expires: 2h}")
    shop = queue_one(open_shop, text, toml=toml)
    release(shop, "1h 30m")
    assert shop.delivered() == []
    assert shop.decisions("expired") == [("expired", "hello", "quiet_hours")]
    assert [state for state, _, _ in shop.ledger()] == ["not_sent"]


def test_a_cap_that_others_filled_since_defers_the_message(open_shop: OpenShop) -> None:
    toml = CONSENTING + '[caps]\nemail = ["1/day"]\n'
    low = "journey: %s\npriority: %d\ntrigger: {event: Joined}\nsteps:\n  - email: %s\n"
    shop = open_shop(low % ("a", 10, "low"), low % ("b", 90, "high"), live=True, toml=toml)
    shop.identify("-1s")
    shop.track("0s", "Joined")
    shop.tick("1s")
    assert shop.delivered() == ["high"]
    shop.tick("1d")
    assert shop.delivered() == ["high"]  # it left a second later than it was decided
    shop.tick("1d 1s")
    assert shop.delivered() == ["high", "low"]


def test_messages_leave_by_instant_then_priority(open_shop: OpenShop) -> None:
    text = "journey: %s\npriority: %d\ntrigger: {event: %s}\nsteps:\n  - email: %s\n"
    shop = open_shop(
        text % ("a", 10, "Joined", "low"),
        text % ("b", 90, "Joined", "high"),
        text % ("c", 0, "Early", "early"),
    )
    for user in ("ada", "bob"):
        shop.identify("-1s", user)
        shop.track("1s", "Joined", user)
    shop.track("0s", "Early", "bob")
    shop.tick("1m")
    assert shop.delivered() == ["early", "high", "high", "low", "low"]


# ---------------------------------------------------------------- outcomes


def answer(shop: Shop, kind: OutcomeKind, **more: object) -> RecordingChannel:
    channel = shop.channels[Medium.EMAIL]
    assert isinstance(channel, RecordingChannel)
    channel.answer = lambda message: SendOutcome(kind, **more)  # type: ignore[arg-type]
    return channel


def one_message(
    open_shop: OpenShop, kind: OutcomeKind, **more: object
) -> tuple[Shop, RecordingChannel]:
    shop = open_shop(
        "journey: hello\ntrigger: {event: Joined}\nsteps:\n  - email: hello\n", live=True
    )
    channel = answer(shop, kind, **more)
    shop.identify("-1s")
    shop.track("0s", "Joined")
    shop.tick("1s")
    return shop, channel


@pytest.mark.parametrize("kind", [OutcomeKind.THROTTLED, OutcomeKind.UNAVAILABLE])
def test_what_did_not_leave_is_tried_again_later(open_shop: OpenShop, kind: OutcomeKind) -> None:
    shop, channel = one_message(open_shop, kind, retry_after_s=90)
    assert shop.ledger()[0][0] == "queued"
    answer(shop, OutcomeKind.ACCEPTED)
    shop.tick("1m 30s")
    assert len(channel.messages) == 1
    shop.tick("1m 31s")
    assert shop.sends() == [("1m 31s", "ada", "hello")]


def test_what_is_uncertain_is_unknown_and_never_resent_by_itself(open_shop: OpenShop) -> None:
    shop, channel = one_message(open_shop, OutcomeKind.UNCERTAIN)
    answer(shop, OutcomeKind.ACCEPTED)
    shop.tick("10d")
    assert len(channel.messages) == 1
    assert shop.ledger()[0][0] == "unknown"


def test_what_was_refused_for_good_is_not_tried_again(open_shop: OpenShop) -> None:
    shop, channel = one_message(open_shop, OutcomeKind.REJECTED, code="550", reason="no")
    shop.tick("10d")
    assert len(channel.messages) == 1
    assert shop.ledger() == [("rejected", "hello", "no")]


def test_a_provider_that_is_away_for_two_days_is_given_up(open_shop: OpenShop) -> None:
    shop, channel = one_message(open_shop, OutcomeKind.UNAVAILABLE, reason="away")
    for hour in range(1, 60):
        shop.tick(f"{hour}h")
    assert shop.ledger() == [("failed", "hello", "given up: away")]
    assert 40 < len(channel.messages) < 60


def test_a_retry_does_not_hold_the_enrollment(open_shop: OpenShop) -> None:
    shop = open_shop(GUARDED_HELLO, live=True)
    answer(shop, OutcomeKind.THROTTLED, retry_after_s=3 * 86400)
    shop.identify("-1s")
    shop.track("0s", "Joined")
    shop.tick("1s")
    answer(shop, OutcomeKind.ACCEPTED)
    shop.tick("1d")
    assert shop.delivered()[1:] == ["more"]


class Refusing:
    """A channel whose account is refused, or which answers for the first message only."""

    name = "refusing"
    medium = Medium.EMAIL
    supports = RecordingChannel.supports

    def __init__(self, answers: int) -> None:
        self.answers, self.tried = answers, 0

    def send_batch(
        self, messages: Sequence[RenderedMessage], deadline_s: float, wire: Wire = UNWATCHED
    ) -> Iterator[tuple[int, SendOutcome]]:
        self.tried += 1
        for index in range(self.answers):
            yield index, SendOutcome(OutcomeKind.ACCEPTED)
        wire.begin(self.answers)
        if self.answers == 0:
            raise ChannelMisconfigured("the key was refused")

    def close(self) -> None: ...


def with_channel(open_shop: OpenShop, channel: Refusing) -> Shop:
    shop = open_shop(
        "journey: hello\ntrigger: {event: Joined}\nsteps:\n  - email: hello\n", live=True
    )
    shop.use(channels={Medium.EMAIL: channel})
    for user in ("ada", "bob"):
        shop.identify("-1s", user)
        shop.track("0s", "Joined", user)
    return shop


def test_a_refused_account_stops_the_channel_and_loses_nothing(open_shop: OpenShop) -> None:
    channel = Refusing(0)
    shop = with_channel(open_shop, channel)
    report = shop.tick("1s")
    assert report.channel(Medium.EMAIL).stopped == "the key was refused"
    assert [state for state, _, _ in shop.ledger()] == ["queued", "queued"]
    assert read_status(shop.context.database, {}, shop.clock.now()).held_channels == {
        "email": "the key was refused"
    }
    shop.tick("30s")
    assert channel.tried == 1
    shop.use(channels={Medium.EMAIL: RecordingChannel(Medium.EMAIL)})
    shop.tick("1m 1s")
    assert [state for state, _, _ in shop.ledger()] == ["accepted", "accepted"]
    assert read_status(shop.context.database, {}, shop.clock.now()).held_channels == {}


def test_who_finds_a_lease_knows_the_process_that_has_it(open_shop: OpenShop) -> None:
    shop = open_shop(GUARDED_HELLO, toml=CONSENTING)
    seen: list[tuple[str, ...]] = []

    def look(message: RenderedMessage) -> SendOutcome:
        seen.extend(tuple(row) for row in shop.rows(LEASES))
        return accept(message)

    shop.use(channels={Medium.EMAIL: RecordingChannel(Medium.EMAIL, look)})
    shop.identify("-1s")
    shop.track("0s", "Joined")
    shop.tick("1s")
    assert seen == [("hello", shop.worker.token)]


def test_a_message_for_which_the_channel_gave_no_answer_is_unknown(open_shop: OpenShop) -> None:
    shop = with_channel(open_shop, Refusing(1))
    shop.tick("1s")
    assert sorted(state for state, _, _ in shop.ledger()) == ["accepted", "unknown"]


def test_a_template_that_does_not_render_fails_its_own_message_only(open_shop: OpenShop) -> None:
    shop = open_shop(
        "journey: hello\ntrigger: {event: Joined}\nsteps:\n  - email: hello\n", live=True
    )
    path = shop.root / "templates/email/hello.html"
    path.write_text("---\nsubject: hi\n---\nhi{{ '★' * customer.number }}\n")
    shop.open()
    for user, number in (("ada", 10**8), ("bob", 1)):
        shop.identify("-1s", user, email=f"{user}@example.com", number=number)
        shop.track("0s", "Joined", user)
    shop.tick("1s")
    assert sorted(state for state, _, _ in shop.ledger()) == ["accepted", "failed"]


def test_a_lease_that_ran_out_is_unknown(open_shop: OpenShop) -> None:
    shop = queue_one(open_shop)
    with shop.context.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE messages SET state = 'leased', lease_until = not_before, leased_at = not_before"
        )
    release(shop, "5m")
    assert shop.delivered() == []
    assert shop.ledger()[0][0] == "unknown"
    assert shop.rows("SELECT count(*) AS n FROM messages WHERE state = 'unknown'")[0].n == 1


def test_only_to_writes_to_nobody_else(open_shop: OpenShop) -> None:
    toml = CONSENTING + '[channels]\nonly_to = ["ada@example.com"]\n'
    shop = open_shop(
        "journey: hello\ntrigger: {event: Joined}\nsteps:\n  - email: hello\n", toml=toml
    )
    for user in ("ada", "bob"):
        shop.identify("-1s", user, email=f"{user}@example.com")
        shop.track("0s", "Joined", user)
    shop.tick("1s")
    assert [message.to for message in shop.channels[Medium.EMAIL].messages] == ["ada@example.com"]  # type: ignore[attr-defined]


def test_a_message_records_the_versions_it_was_made_from(open_shop: OpenShop) -> None:
    shop = open_shop("journey: hello\ntrigger: {event: Signed Up}\nsteps:\n  - email: hello\n")
    shop.identify("0h")
    shop.track("0h", "Signed Up")
    shop.tick("1m")
    (row,) = shop.rows("SELECT version, template_version, lifecycle_version FROM messages")
    program, templates = shop.context.program, shop.context.templates
    expected = (
        program.journeys["hello"].version,
        templates.version(Medium.EMAIL, "hello"),
        program.lifecycle.version,
    )
    assert tuple(row) == expected
    assert all(expected)


def test_a_link_to_the_shop_tells_which_template_and_step_it_came_from(open_shop: OpenShop) -> None:
    toml = CONSENTING + (
        '[tracking]\nlinks = {utm_content = "{template}", utm_term = '
        '"{journey}/{step}/{channel}"}\n'
    )
    toml = toml.replace("[consent]", 'website = "https://shop.example"\n[consent]')
    shop = open_shop(
        GUARDED_HELLO.replace("email: more", "email: {id: second, template: more}"), toml=toml
    )
    mail = (
        "---\nsubject: more\n---\n<a href=\"{{ links.shop('/sale') }}\">more</a>{{ "
        "links.unsubscribe }}\n"
    )
    (shop.root / "templates/email/more.html").write_text(mail, encoding="utf-8")
    shop.open()
    shop.identify("-1s")
    shop.track("0s", "Joined")
    shop.tick("2d")
    channel = shop.channels[Medium.EMAIL]
    assert isinstance(channel, RecordingChannel)
    address = "https://shop.example/sale?utm_content=more&amp;utm_term=hello%2Fsecond%2Femail"
    assert [address in message.html for message in channel.messages] == [False, True]
