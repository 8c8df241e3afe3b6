"""Calls that come late and in disorder, through the whole engine: the line is as if they had come
in time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import orjson
import pytest

from orchestrator.domain.call import read_call
from orchestrator.domain.medium import Medium
from orchestrator.intake.history import History
from orchestrator.trial.backtest import backtest
from tests.engine.conftest import OpenShop
from tests.support.life import START, after_start
from tests.support.project import write_facts
from tests.support.shop import Shop, read_instant

TOML = (
    '[project]\ntimezone = "Europe/Paris"\n[consent]\ndefault = "granted"\n[caps]\nemail = '
    '["2/day"]\n'
)
STAGES_OF_EVERY_KIND = """
lifecycle: shop
facts:
  orders: {count: Order Completed}
  last_order_at: {last: Order Completed}
  views_1d: {count: Viewed, within: 1d}
  seen: {latest: Viewed, of: n}
stages:
  - {stage: inactive, if: customer.orders >= 1 and days_since(customer.last_order_at) >= 3}
  - {stage: buyer, if: customer.orders >= 1}
  - {stage: busy, if: customer.views_1d >= 3}
  - {stage: pro, if: customer.plan == "pro"}
  - {stage: stranger, if: true}
"""
CART_WITH_A_VIEW = """
journey: cart
trigger: {event: Added}
reentry: {after: 12h}
exit: [{event: Order Completed}]
goal: {event: Order Completed, within: 5d, exit: false}
steps:
  - delay: 1h
  - email: reminder
  - wait_for: {event: Viewed, within: 4h, save_as: view, then: [{email: seen}], else: [{email: unseen}]}
  - branch:
      - if: customer.plan == "pro"
        then: [{email: pro}]
      - else: [{delay: 2h}, {email: plain}]
"""
STAGE = """
journey: buyers
trigger: {stage: buyer}
reentry: always
exit: [{stage: inactive}]
steps:
  - delay: 6h
  - update: {plan: pro}
  - email: thanks
  - delay: 10d
  - email: never
"""
BUSY = """
journey: busy
trigger: {event: Viewed, if: customer.views_1d >= 2}
reentry: {after: 1d}
only_if: customer.orders == 0
steps: [{delay: 20m}, {email: tips}]
"""


@dataclass(frozen=True)
class Told:
    """A call, and how long it was under way."""

    at: datetime
    body: dict[str, Any]
    delay: timedelta = field(default=timedelta(0))


def tell_lives(seed: int, people: int, calls: int) -> list[Told]:
    """A few days of some people with one device each: strangers first, later known by name. No two
    calls at once.
    """
    random, told = Random(seed), list[Told]()
    for number in range(people):
        instants = sorted(random.sample(range(3 * 86_400), calls))
        known_from = random.randrange(1, calls)
        for place, second in enumerate(instants):
            at = START + timedelta(seconds=second, milliseconds=number)
            told.append(Told(at, _body(random, number, place, known_from), _delay(random)))
    return told


def _body(random: Random, number: int, place: int, known_from: int) -> dict[str, Any]:
    ids: dict[str, Any] = {"anonymousId": f"device{number}"}
    if place >= known_from:
        ids["userId"] = f"user{number}"
    if place in (0, known_from) or random.random() < 0.15:
        traits: dict[str, Any] = {"plan": random.choice(["pro", "free", None])}
        if place in (0, known_from):
            traits["email"] = f"user{number}@example.com"
        return ids | {"type": "identify", "traits": traits}
    event = random.choice(["Added", "Viewed", "Viewed", "Viewed", "Order Completed"])
    return ids | {"type": "track", "event": event, "properties": {"n": random.randrange(4)}}


def _delay(random: Random) -> timedelta:
    return timedelta(seconds=random.choice([0, 0, 0, 1, 40, 2_000, 9_000, 40_000, 80_000]))


def live_through(shop: Shop, told: Sequence[Told], every: timedelta) -> None:
    """Files each call when it arrives, and ticks at this rate until all is over."""
    coming = sorted(told, key=lambda one: one.at + one.delay)
    now, end = START, START + timedelta(days=20)
    while now < end:
        now = min(now + (every if coming else timedelta(days=5)), end)
        while coming and coming[0].at + coming[0].delay <= now:
            one = coming.pop(0)
            body = {key: value for key, value in one.body.items() if key not in ("type", "userId")}
            shop.call(
                one.at,
                one.body["type"],
                one.body.get("userId"),
                received=one.at + one.delay,
                **body,
            )
        shop.tick(now)


def true_sends(shop: Shop, told: Sequence[Told]) -> dict[str, list[tuple[str, str]]]:
    """Who would have had what, and when, had every call come in time."""
    calls = [
        read_call({**one.body, "timestamp": one.at.isoformat()})
        for one in sorted(told, key=lambda one: one.at)
    ]
    result = backtest(shop.context.program, History(calls), START + timedelta(days=20))
    found = defaultdict(list)
    for send in result.sends:
        found[send.user_id].append((after_start(send.at), send.template))
    return found


def live_sends(shop: Shop) -> dict[str, list[tuple[str, str]]]:
    found = defaultdict(list)
    for at, user, template in shop.sends():
        found[user].append((at, template))
    return found


def customers(shop: Shop) -> list[tuple[Any, ...]]:
    query = (
        "SELECT external_id, traits, facts, stage FROM customers WHERE merged_into IS NULL "
        "ORDER BY external_id"
    )
    rows = [tuple(row) for row in shop.rows(query)]
    return [(name, _object(traits), _object(facts), stage) for name, traits, facts, stage in rows]


def _object(value: Any) -> Any:
    return orjson.loads(value) if isinstance(value, str) else value


def overtaken(shop: Shop) -> set[str]:
    """The customers of whom something was decided before a call was known."""
    query = (
        "SELECT DISTINCT c.external_id FROM decisions d JOIN customers c ON c.id = d.customer_id"
        " WHERE d.kind = 'overtaken' AND d.reason = 'known late'"
    )
    return {row[0] for row in shop.rows(query)}


#: What a time line makes of a call is the same on both databases: some lives on the one, others on
#: the other.
ON_ONE_DATABASE = pytest.mark.parametrize(
    ("seed", "every", "database_server"),
    [
        (0, timedelta(minutes=20), "sqlite"),
        (1, timedelta(hours=2), "postgresql"),
        (2, timedelta(hours=9), "sqlite"),
        (2, timedelta(hours=9), "postgresql"),
    ],
    indirect=["database_server"],
)


@ON_ONE_DATABASE
def test_every_difference_from_the_back_test_stands_under_a_row(
    open_shop: OpenShop, seed: int, every: timedelta
) -> None:
    shop = open_shop(CART_WITH_A_VIEW, STAGE, BUSY, lifecycle=STAGES_OF_EVERY_KIND, toml=TOML)
    told = tell_lives(seed, people=20, calls=14)
    live_through(shop, told, every)
    live, truth = live_sends(shop), true_sends(shop, told)
    differing = {user for user in live.keys() | truth.keys() if live.get(user) != truth.get(user)}
    assert differing <= overtaken(shop)
    assert len(live) > 15
    assert differing  # or nothing was late


@pytest.mark.parametrize("database_server", ["postgresql"], indirect=True)
def test_traits_facts_and_stage_are_those_of_the_true_order(open_shop: OpenShop) -> None:
    shop = open_shop(CART_WITH_A_VIEW, BUSY, lifecycle=STAGES_OF_EVERY_KIND, toml=TOML)
    told = tell_lives(5, people=20, calls=14)
    live_through(shop, told, timedelta(hours=1))
    late = customers(shop)
    shop.forget_everything()
    live_through(shop, [Told(one.at, one.body) for one in told], timedelta(hours=1))
    assert customers(shop) == late


@pytest.mark.parametrize(
    ("every", "database_server"),
    [(timedelta(minutes=1), "sqlite"), (timedelta(hours=5), "postgresql")],
    indirect=["database_server"],
)
def test_with_one_trigger_and_every_call_in_before_the_next_step_nothing_differs(
    open_shop: OpenShop, every: timedelta
) -> None:
    """Twenty shuffles of the same calls: whatever the order of arrival, what is sent is the
    same.
    """
    text = CART_WITH_A_VIEW.replace("delay: 1h", "delay: 1d")
    shop = open_shop(text, lifecycle=STAGES_OF_EVERY_KIND, toml=TOML)
    random, told = Random(3), list[Told]()
    for number in range(20):
        names = [
            "identify",
            "Added",
            *random.choices(["Viewed", "Order Completed", "identify"], [4, 1, 2], k=6),
        ]
        random.shuffle(names)
        for place, name in enumerate(names):
            at = START + timedelta(minutes=place * 20, milliseconds=number)
            told.append(
                Told(at, _call_of(number, name, place), timedelta(minutes=random.randrange(300)))
            )
    live_through(shop, told, every)
    assert live_sends(shop) == true_sends(shop, told)
    assert len(live_sends(shop)) > 5
    assert overtaken(shop) == set()


def _call_of(number: int, name: str, place: int) -> dict[str, Any]:
    ids = {"userId": f"user{number}"}
    if name == "identify":
        traits = {"email": f"user{number}@example.com", "plan": "pro" if place % 2 else None}
        return ids | {"type": "identify", "traits": traits}
    return ids | {"type": "track", "event": name, "properties": {"n": place}}


# ---------------------------------------------------------------- one call


def test_an_order_that_is_known_already_ends_an_entry_that_comes_late(open_shop: OpenShop) -> None:
    shop = open_shop(CART_WITH_A_VIEW, lifecycle=STAGES_OF_EVERY_KIND, toml=TOML)
    shop.identify("-1m")
    shop.track("30m", "Order Completed")
    shop.tick("31m")
    shop.call("10m", "track", event="Added", received="32m")
    shop.tick("32m")
    assert shop.passages() == [("ada", "cart", "exited")]
    shop.tick("2d")
    assert shop.ledger() == []


def test_each_trait_has_its_own_time_and_a_deletion_leaves_its_time_behind(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(CART_WITH_A_VIEW, lifecycle=STAGES_OF_EVERY_KIND, toml=TOML)
    shop.identify("0m", first_name="Old", phone="+33612345601")
    shop.identify("20m", plan="pro", phone=None)
    shop.tick("21m")
    shop.call(
        "10m", "identify", traits={"first_name": "New", "phone": "+33612345602"}, received="22m"
    )
    shop.tick("22m")
    assert customers(shop)[0][1] == {"first_name": "New", "plan": "pro"}


def test_a_wait_that_a_late_event_would_have_ended_goes_on_from_that_event(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(CART_WITH_A_VIEW, lifecycle=STAGES_OF_EVERY_KIND, toml=TOML)
    shop.identify("-1m")
    shop.track("0m", "Added")
    shop.tick("1h 1m")
    shop.track("2h", "Somewhere")
    shop.tick("2h")
    shop.call("1h 30m", "track", event="Viewed", received="3h")
    shop.tick("3h")
    assert shop.sends()[:2] == [("1h", "ada", "reminder"), ("1h 30m", "ada", "seen")]
    assert overtaken(shop) == set()


def test_a_step_that_was_passed_stays_and_a_row_says_what_was_not_known(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(CART_WITH_A_VIEW, lifecycle=STAGES_OF_EVERY_KIND, toml=TOML)
    shop.identify("-1m")
    shop.track("0m", "Added")
    shop.tick("1h 1m")
    shop.call("30m", "track", event="Order Completed", received="1h 2m")
    shop.tick("1h 2m")
    assert shop.sends() == [("1h", "ada", "reminder")]
    assert shop.passages() == [("ada", "cart", "exited")]
    assert shop.decisions("overtaken") == [("overtaken", "reminder", "known late: Order Completed")]


def test_a_conversion_that_a_late_exit_takes_back_is_worth_nothing(open_shop: OpenShop) -> None:
    text = (
        "journey: cart\ntrigger: {event: Added}\ngoal: {event: Paid, value: event.total}\n"
        "exit: [{event: Left}]\nsteps:\n  - delay: 1d\n  - email: reminder\n"
    )
    shop = open_shop(text, live=True)
    worth = "SELECT status, goal_value, converted_at IS NULL FROM enrollments"
    shop.identify("-1m")
    shop.track("0m", "Added")
    shop.track("30m", "Paid", total=80)
    shop.tick("31m")
    assert [tuple(row) for row in shop.rows(worth)] == [("converted", 80.0, False)]
    shop.call("10m", "track", event="Left", received="40m")
    shop.tick("40m")
    assert [tuple(row) for row in shop.rows(worth)] == [("exited", None, True)]
    assert ("reopened", "", "taken back: Left, converted") in shop.decisions("reopened")


def test_by_the_wall_clock_what_is_overdue_runs_now_and_later_steps_count_from_now(
    open_shop: OpenShop,
) -> None:
    text = (
        "journey: three\ntrigger: {event: Added}\nsteps:\n"
        "  - email: one\n  - delay: 10m\n  - email: two\n  - delay: 10m\n  - email: three\n"
    )
    shop = open_shop(
        text, live=True, lifecycle=STAGES_OF_EVERY_KIND, toml='[consent]\ndefault = "granted"\n'
    )
    shop.identify("-1m")
    shop.track("40m", "Viewed")
    shop.tick("41m")
    shop.call("0m", "track", event="Added", received="1h")
    for minutes in range(60, 85):
        shop.tick(f"{minutes}m")
    assert shop.sends() == [
        ("1h", "ada", "one"),
        ("1h 10m", "ada", "two"),
        ("1h 20m", "ada", "three"),
    ]
    assert overtaken(shop) == set()


def test_what_a_step_changed_is_still_known_after_a_late_call(open_shop: OpenShop) -> None:
    text = (
        "journey: sign\ntrigger: {event: Added}\nsteps:\n  - update: {plan: pro}\n  - "
        "unsubscribe: news\n"
    )
    shop = open_shop(text, lifecycle=STAGES_OF_EVERY_KIND, toml=TOML)
    shop.identify("-1m")
    shop.track("10m", "Added")
    shop.track("20m", "Viewed")
    shop.tick("21m")
    shop.call("5m", "track", event="Viewed", received="22m")
    shop.tick("22m")
    assert customers(shop)[0][1]["plan"] == "pro"
    assert "topic:news" in _object(shop.rows("SELECT consent FROM customers")[0].consent)


def test_a_message_speaks_of_its_own_instant_however_far_a_tick_jumps(
    open_shop: OpenShop, tmp_path: Any
) -> None:
    folder = tmp_path / "templates/email"
    folder.mkdir(parents=True)
    (folder / "plan.html").write_text(
        "---\nsubject: '{{ customer.plan }} {{ customer.orders }}'\n---\n<p>hi</p>\n"
    )
    text = "journey: tell\ntrigger: {event: Added}\nsteps:\n  - delay: 1h\n  - email: plan\n"
    subjects = []
    for every in (timedelta(hours=2), timedelta(days=2)):
        shop = open_shop(text, lifecycle=STAGES_OF_EVERY_KIND, toml=TOML)
        shop.identify("0m", email="ada@example.com", plan="pro")
        shop.track("0m", "Added")
        shop.identify("10h", plan="free")
        shop.track("11h", "Order Completed")
        shop.tick_every(every, "2d")
        subjects.append(shop.channels[Medium.EMAIL].messages[-1].subject)  # type: ignore[attr-defined]
        shop.forget_everything()
    assert subjects == ["pro 0", "pro 0"]


def test_a_change_of_stage_that_is_undone_does_not_count_for_since_when(
    open_shop: OpenShop,
) -> None:
    resting = write_facts(
        "last_a: {last: A}",
        stages="[{stage: resting, if: hours_since(customer.last_a) >= 5}, {stage: awake, if: true}]",
    )
    shop = open_shop(CART_WITH_A_VIEW, live=True, toml=TOML, lifecycle=resting)
    shop.track("0h", "A")
    shop.tick("6h")
    shop.track("10h", "A")
    shop.tick("11h")
    for at in ("4h", "8h"):
        shop.call(at, "track", event="A", received="12h")
    shop.tick("12h")
    ((stage, since),) = shop.rows("SELECT stage, stage_since FROM customers")
    assert (stage, read_instant(since)) == ("awake", START)
