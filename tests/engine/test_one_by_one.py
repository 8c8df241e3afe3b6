"""Those whom an instant calls and who enter one after the other, over a time or so many an hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import orjson
import pytest

from orchestrator.domain.call import read_call
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.pace import EntryPace, place_of
from orchestrator.engine import call_up, one_by_one
from orchestrator.engine.parts import CLAIM_MAX
from orchestrator.intake.history import History
from orchestrator.measure.decisions_told import Reading
from orchestrator.measure.status import read_status
from orchestrator.measure.status_told import tell_status
from orchestrator.measure.story import read_story
from orchestrator.trial.backtest import backtest
from tests.engine.conftest import OpenShop
from tests.engine.crowd import crowd
from tests.engine.test_call_up import begin
from tests.support.life import START, after_start
from tests.support.shop import Shop

DAY = timedelta(days=1)
SPREAD = """
journey: news
trigger: {once: 2026-01-06 10:00, if: customer.email is defined}
spread: 2h
steps:
  - email: letter
"""
THROTTLE = SPREAD.replace("spread: 2h", "throttle: 2/h")
BOTH = SPREAD.replace("spread: 2h", "spread: 2h\nthrottle: 4/h")
PEOPLE = [f"c{number}" for number in range(5)]


def expected(pace: EntryPace, called_at: datetime, people: list[str]) -> list[tuple[str, str, str]]:
    """When each enters, by the words of the language."""
    last, found = None, []
    for place, who in sorted((place_of("news", who), who) for who in people):
        last = pace.enters_at(called_at, place, last)
        found.append((after_start(last), who, "letter"))
    return sorted(found, key=lambda one: (one[0], one[1]))


def in_order(sends: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return sorted(sends)


PACES = {
    SPREAD: EntryPace(timedelta(hours=2)),
    THROTTLE: EntryPace(gap=timedelta(minutes=30)),
    BOTH: EntryPace(timedelta(hours=2), timedelta(minutes=15)),
}


@pytest.mark.parametrize("text", PACES)
@pytest.mark.parametrize("ticks", [timedelta(minutes=20), timedelta(hours=7), timedelta(days=30)])
def test_each_enters_at_their_own_instant_however_time_is_cut(
    open_shop: OpenShop, text: str, ticks: timedelta
) -> None:
    shop = open_shop(text)
    for who in PEOPLE:
        shop.identify("0s", who, email=f"{who}@example.com")
    shop.identify("0s", "nobody", plan="pro")
    shop.tick_every(ticks, "3d")
    assert in_order(shop.sends()) == in_order(expected(PACES[text], START + DAY, PEOPLE))
    assert shop.rows("SELECT * FROM appointments") == []


def test_who_is_asleep_is_not_woken_before_their_turn(open_shop: OpenShop) -> None:
    shop = open_shop(THROTTLE)
    for who in PEOPLE:
        shop.identify("0s", who, email=f"{who}@example.com")
    shop.tick("1h")
    before = {row[0]: row[1] for row in shop.rows("SELECT external_id, cursor FROM customers")}
    shop.tick("1d")
    cursors = {row[0]: row[1] for row in shop.rows("SELECT external_id, cursor FROM customers")}
    first = min(PEOPLE, key=lambda who: place_of("news", who))
    assert {who for who in PEOPLE if cursors[who] != before[who]} == {first}


@pytest.mark.parametrize("text", PACES)
def test_by_the_machines_clock_too_nobody_is_lost_or_let_in_twice(
    open_shop: OpenShop, text: str
) -> None:
    shop = open_shop(text, live=True)
    for who in PEOPLE:
        shop.identify("0s", who, email=f"{who}@example.com")
    shop.tick("1h")
    shop.track("23h", "Viewed", "c2")  # is awake when the instant comes
    for minute in range(0, 6 * 60, 5):
        shop.tick(START + timedelta(hours=22, minutes=minute))
        shop.open()
    sends = shop.sends()
    assert sorted(who for _, who, _ in sends) == PEOPLE
    order = [who for _, who, _ in sends]
    assert order == sorted(PEOPLE, key=lambda who: place_of("news", who))


def test_a_kill_between_two_pages_of_a_queue_loses_nobody(open_shop: OpenShop) -> None:
    shop = open_shop(SPREAD.replace("spread: 2h", "throttle: 3600/h"))
    crowd(shop, CLAIM_MAX + 20)
    shop.tick("1h")
    shop.clock.move_to(shop.clock.now() + timedelta(hours=23))
    turn = begin(shop)
    assert one_by_one.line_up(turn) == 0
    assert call_up.run(turn, shop.clock.now()) == CLAIM_MAX
    shop.open()  # the process is gone, and another takes its place
    again = begin(shop)
    assert call_up.run(again, shop.clock.now()) == 20
    assert one_by_one.line_up(again) == CLAIM_MAX
    shop.open()
    last = begin(shop)
    assert one_by_one.line_up(last) == 20
    shop.tick("2d")
    times = sorted(at for at, _, _ in shop.sends())
    assert len(times) == CLAIM_MAX + 20 == len(set(times))


def test_a_queue_goes_on_behind_that_of_the_call_before(open_shop: OpenShop) -> None:
    shop = open_shop(
        THROTTLE.replace("once: 2026-01-06 10:00", "schedule: '0 * 6 1 *'").replace(
            "steps:", "reentry: always\nsteps:"
        )
    )
    for who in PEOPLE[:3]:
        shop.identify("0s", who, email=f"{who}@example.com")
    shop.tick("15h")
    shop.tick("1d")
    at = [at for at, _, _ in shop.sends()]
    times = [after_start(START + timedelta(hours=14, minutes=30 * k)) for k in range(len(at))]
    assert at == times


PRICE = """
journey: price
trigger: {business_event: Price Dropped, to: customer.plan == "pro"}
one_per: entry.product
throttle: 1/h
steps:
  - email: {template: price, subject: "{{ entry.product }}"}
"""


def drop(shop: Shop, at: str, product: str) -> None:
    told = {"product": product}
    shop.call(at, "business", None, source="business", event="Price Dropped", properties=told)


@pytest.mark.parametrize("ticks", [timedelta(minutes=20), timedelta(days=30)])
def test_what_happens_to_the_business_calls_one_after_the_other_with_what_it_said(
    open_shop: OpenShop, ticks: timedelta
) -> None:
    shop = open_shop(PRICE)
    for who in ("ada", "bob"):
        shop.identify("0s", who, email=f"{who}@example.com", plan="pro")
    drop(shop, "2h", "lamp")
    drop(shop, "2h 30m", "rug")
    shop.tick_every(ticks, "2d")
    first, second = sorted(("ada", "bob"), key=lambda who: place_of("price", who))
    assert shop.sends() == [
        ("2h", first, "price"),
        ("3h", second, "price"),
        ("4h", first, "price"),
        ("5h", second, "price"),
    ]
    keys = [row[0] for row in shop.rows("SELECT key FROM enrollments ORDER BY entered_at")]
    assert keys == ["lamp", "lamp", "rug", "rug"]


def test_whether_somebody_may_enter_is_asked_in_their_turn_and_whether_they_are_meant_before(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(THROTTLE.replace("throttle", "only_if: not customer.gone\nthrottle"))
    for who in PEOPLE:
        shop.identify("0s", who, email=f"{who}@example.com")
    shop.tick("1d")
    order = sorted(PEOPLE, key=lambda who: place_of("news", who))
    shop.identify("1d 5m", order[1], gone=True)
    shop.identify("1d 5m", order[2], email=None)
    shop.tick("2d")
    assert [who for _, who, _ in shop.sends()] == [order[0], order[3], order[4]]
    assert shop.decisions("ignored") == [("ignored", "", "only_if: not customer.gone")]


def test_who_turns_out_to_be_another_keeps_their_turn(open_shop: OpenShop) -> None:
    shop = open_shop(THROTTLE)
    for who in ("a", "b"):
        shop.call("0s", "identify", None, anonymousId=who, traits={"email": f"{who}@example.com"})
    shop.tick("1d")
    shop.call("1d 5m", "identify", "ada", anonymousId="a", traits={"plan": "pro"})
    shop.call("1d 5m", "identify", "bob", anonymousId="b", traits={"plan": "pro"})
    shop.tick("1d 10m")
    shop.tick("2d")
    assert [at for at, _, _ in shop.sends()] == ["1d", "1d 30m"]
    assert shop.rows("SELECT * FROM appointments") == []


def test_an_edit_that_takes_the_pace_away_lets_those_in_who_wait(open_shop: OpenShop) -> None:
    shop = open_shop(THROTTLE)
    for who in PEOPLE:
        shop.identify("0s", who, email=f"{who}@example.com")
    shop.tick("1d")
    shop.open(THROTTLE.replace("throttle: 2/h\n", ""))
    shop.tick("2d")
    assert in_order(shop.sends()) == in_order(expected(PACES[THROTTLE], START + DAY, PEOPLE))


def random_shop(shop: Shop, chance: Random) -> list[Event]:
    """Some weeks of some people, and what happens to the business meanwhile."""
    people = [f"c{number}" for number in range(6)]
    for number, who in enumerate(people):
        shop.identify(f"{number}m", who, email=f"{who}@example.com", plan="pro")
    told = []
    for minute in sorted(chance.sample(range(60, 20 * 24 * 60), 40)):
        at, who = START + timedelta(minutes=minute, seconds=7), chance.choice(people)
        if chance.random() < 0.15:
            product = {"product": chance.choice(["lamp", "rug"])}
            told.append(Event(at, Kind.EMITTED, "Price Dropped", product))
            shop.call(at, "business", None, source="business", event="Price Dropped",
                      properties=product)  # fmt: skip
        elif chance.random() < 0.3:
            shop.identify(at, who, plan=chance.choice(["pro", "free"]))
        else:
            shop.track(at, "Viewed", who)
    return told


WEEKLY = """
journey: weekly
trigger:
  - {schedule: "0 10 * * *", if: 'performed("Viewed", within="4d") and not received("weekly", within="30h")'}
spread: 20h
throttle: 1/h
reentry: always
steps:
  - email: weekly
"""


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("ticks", [timedelta(hours=5), timedelta(days=60)])
def test_live_and_back_tested_the_same_people_enter_at_the_same_instants(
    open_shop: OpenShop, seed: int, ticks: timedelta
) -> None:
    shop = open_shop(WEEKLY, PRICE)
    told = random_shop(shop, Random(seed))
    calls = [read_call(orjson.loads(row.raw)) for row in shop.rows("SELECT raw FROM inbox")]
    shop.tick_every(ticks, "30d")
    calls.sort(key=lambda call: call.at or START)
    result = backtest(shop.context.program, History(calls, told), START + timedelta(days=30))
    again = [(after_start(one.at), one.user_id, one.template) for one in result.sends]
    assert sorted(again) == sorted(shop.sends())
    assert {template for _, _, template in again} == {"weekly", "price"}


def test_status_and_explain_tell_who_waits_for_their_turn(open_shop: OpenShop) -> None:
    shop = open_shop(THROTTLE)
    for who in PEOPLE:
        shop.identify("0s", who, email=f"{who}@example.com")
    shop.tick("1d")
    last = max(PEOPLE, key=lambda who: place_of("news", who))
    ((key,),) = shop.rows("SELECT id FROM customers WHERE external_id = :who", who=last)
    told = read_story(shop.context.database, key, "news", Reading(ZoneInfo("UTC")))
    waiting = [line.told for line in told if line.kind == "called"]
    assert waiting == ["is called, and enters on Tue 2026-01-06 12:00:00"]
    found = read_status(shop.context.database, shop.context.program.journeys, shop.clock.now())
    assert found.called == {"news": 4}
    assert "  4 customers called, to enter news in their turn" in tell_status(
        found, ZoneInfo("UTC")
    )
