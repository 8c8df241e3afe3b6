"""Edits, pauses and rewards through the engine: what a restart on other files does, and who is told
what.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from orchestrator.clock import VirtualClock
from orchestrator.domain.errors import TimeWentBack
from orchestrator.domain.lifecycle import Lifecycle
from orchestrator.domain.policy import Policy
from orchestrator.domain.program import Program
from orchestrator.engine import standing
from orchestrator.engine.edits import Course, EditsNotApplied, PeopleWouldBeLost, Ran, plan
from orchestrator.engine.report import Held
from orchestrator.engine.work import work
from orchestrator.language.journeys import parse_journey
from orchestrator.language.project import load_project
from orchestrator.wiring import open_engine
from tests.engine.conftest import OpenShop
from tests.support.life import ADA, after_start, instant
from tests.support.project import CONSENTING, LIFECYCLE, write_project
from tests.support.shop import Shop, read_instant

TEXT = """
journey: a
trigger: {event: A}
on_change: %s
steps:
  - id: wait
    delay: %s
  - email: %s
"""


def enter(open_shop: OpenShop, text: str) -> Shop:
    shop = open_shop(text, live=True)
    shop.identify("-1s")
    shop.track("0s", "A")
    shop.tick("1s")
    return shop


def test_people_inside_go_on_with_the_new_text_after_a_restart(open_shop: OpenShop) -> None:
    shop = enter(open_shop, TEXT % ("follow", "10h", "old"))
    shop.open(TEXT % ("follow", "20h", "new"))
    for at in ("2s", "10h", "20h"):
        shop.tick(at)
    assert shop.sends() == [("20h", "ada", "new")]


def test_a_shortened_delay_falls_due_at_once(open_shop: OpenShop) -> None:
    shop = enter(open_shop, TEXT % ("follow", "10h", "mail"))
    shop.tick("5h")
    shop.open(TEXT % ("follow", "2h", "mail"))
    shop.tick("5h 1s")
    assert shop.sends() == [("5h 1s", "ada", "mail")]


def test_pinned_people_finish_the_version_they_entered_after_a_restart(open_shop: OpenShop) -> None:
    shop = enter(open_shop, TEXT % ("pin", "10h", "old"))
    shop.open(TEXT % ("pin", "20h", "new"))
    shop.track("2s", "A", "bob")
    shop.identify("2s", "bob")
    shop.tick("3s")
    for at in ("10h", "20h 2s"):
        shop.tick(at)
    assert shop.sends() == [("10h", "ada", "old"), ("20h 2s", "bob", "new")]


def test_a_step_on_which_people_stand_cannot_be_removed_unless_it_moved(
    open_shop: OpenShop,
) -> None:
    shop = enter(open_shop, TEXT % ("follow", "10h", "mail"))
    gone = (
        "journey: a\ntrigger: {event: A}\n%ssteps:\n  - id: pause\n    delay: 12h\n  - "
        "email: mail\n"
    )
    with pytest.raises(PeopleWouldBeLost, match="1 people stand on step 'wait'"):
        shop.open(gone % "")
    shop.open(gone % "moved: {wait: pause}\n")
    shop.tick("12h")
    assert shop.sends() == [("12h", "ada", "mail")]


def steps(*written: str, head: str = "") -> str:
    """A journey whose steps have no ids of their own: `2d` is a delay, anything else a mail."""
    lines = [f"  - {'delay' if step[0].isdigit() else 'email'}: {step}\n" for step in written]
    return f"journey: a\ntrigger: {{event: A}}\n{head}steps:\n{''.join(lines)}"


def run_days(shop: Shop, first: int, last: int) -> list[tuple[str, str]]:
    for day in range(first, last + 1):
        shop.tick(f"{day}d")
    return [(at, template) for at, _, template in shop.sends()]


@pytest.mark.parametrize(
    ("edited", "sends"),
    [
        (("2d", "x", "3d", "a"), [("2d", "x"), ("5d", "a")]),  # nobody is put behind x
        (("2d", "x", "2d", "a"), [("2d", "x"), ("4d", "a")]),
        (("1d", "x", "2d", "a"), [("2d", "a")]),
        (("2d", "b"), [("2d", "b")]),
        (("3d", "b"), [("3d", "b")]),
        (("2d", "a", "1d", "b"), [("2d", "a"), ("3d", "b")]),
    ],
)
def test_who_waits_keeps_their_place_though_the_ids_around_it_are_derived_anew(
    open_shop: OpenShop, edited: tuple[str, ...], sends: list[tuple[str, str]]
) -> None:
    shop = enter(open_shop, steps("2d", "a"))
    shop.open(steps(*edited))
    assert run_days(shop, 1, 6) == sends


def test_who_slept_through_an_edit_is_led_from_the_text_they_knew_to_that_of_today(
    open_shop: OpenShop,
) -> None:
    shop = enter(open_shop, steps("2d", "a"))
    shop.open(steps("2d", "x", "3d", "a"))
    shop.open(steps("2d", "y", "4d", "b"))
    assert run_days(shop, 1, 7) == [("2d", "y"), ("6d", "b")]


def test_an_edit_that_may_mean_two_steps_is_refused_until_the_author_says_which(
    open_shop: OpenShop,
) -> None:
    shop = enter(open_shop, steps("2d", "a"))
    edited = ("1d", "x", "3d", "a")
    advice = (
        "journeys/a.yaml: 1 people stand on step 'delay-before-a', which may be 'delay-before-x' or 'delay-before-a' "
        "now; say which: `moved: {delay-before-a: delay-before-x}`, and give both an `id`"
    )
    with pytest.raises(PeopleWouldBeLost, match=re.escape(advice)):
        shop.open(steps(*edited))
    head = "moved: {delay-before-a: %s}\n"
    shop.open(steps(*edited, head=head % "delay-before-x"))
    assert run_days(shop, 1, 1) == [("1d", "x")]
    shop.open(
        steps(*edited, head=head % "delay-before-x" + "title: again\n")
    )  # done already, and not done twice
    assert run_days(shop, 2, 5) == [("1d", "x"), ("4d", "a")]


def test_a_message_that_is_held_back_leaves_with_the_template_of_today(open_shop: OpenShop) -> None:
    toml = CONSENTING + '[quiet_hours]\nemail = {from = "09:00", to = "20:00"}\n'
    shop = open_shop(steps("1h", "a", "1h", "end"), live=True, toml=toml)
    shop.identify("-1s")
    shop.track("0s", "A")
    shop.tick("1h")
    shop.open(steps("1h", "b", "1h", "end"))
    for at in ("2h", "10h", "11h"):
        shop.tick(at)
    assert shop.sends() == [("10h", "ada", "b"), ("11h", "ada", "end")]


def waits(shop: Shop) -> list[tuple[str, str, str]]:
    """Every row of a wait, as (time after START, why, until)."""
    rows = shop.rows("SELECT at, reason, detail FROM decisions WHERE kind = 'waiting' ORDER BY id")
    details = [
        row.detail if isinstance(row.detail, dict) else json.loads(row.detail) for row in rows
    ]
    untils = [after_start(datetime.fromisoformat(detail["until"])) for detail in details]
    return [
        (after_start(read_instant(row.at)), row.reason, until)
        for row, until in zip(rows, untils, strict=True)
    ]


def test_a_wait_that_an_edit_changes_is_told_with_its_new_time(open_shop: OpenShop) -> None:
    shop = enter(open_shop, steps("2d", "a"))
    shop.tick("1d")
    shop.open(steps("5d", "a"))
    shop.tick("1d 1s")
    shop.open(steps("5d", "b"))  # another template changes no wait
    shop.tick("1d 2s")
    shop.open(steps("12h", "b"))
    shop.tick("1d 3s")
    assert waits(shop) == [
        ("0s", "", "2d"),
        ("1d 1s", "the journey was edited", "5d"),
        ("1d 3s", "the journey was edited", "12h"),  # overdue, and gone on with at once
    ]
    assert shop.sends() == [("1d 3s", "ada", "b")]


def test_on_a_virtual_clock_too_what_an_edit_makes_overdue_runs_after_the_edit(
    open_shop: OpenShop,
) -> None:
    text = (
        "journey: a\ntrigger: {event: A}\nsteps:\n  - delay: %s\n  - email: a\n  - delay: "
        "1h\n  - email: b\n"
    )
    shop = open_shop(text % "10d")
    shop.identify("-1s")
    shop.track("0s", "A")
    shop.tick("1s")
    shop.tick("5d")
    shop.open(text % "1d")
    shop.tick("6d")
    assert waits(shop)[:2] == [
        ("0s", "", "10d"),
        ("5d", "the journey was edited", "1d"),
    ]
    assert shop.sends() == [("5d", "ada", "a"), ("5d 1h", "ada", "b")]


def test_a_wait_that_followed_its_customer_goes_on_through_an_edit_of_something_else(
    open_shop: OpenShop,
) -> None:
    text = (
        "journey: a\ntrigger: {event: A}\nsteps:\n  - wait_until: {time: '09:00'}\n  - email: %s\n"
    )
    shop = enter(open_shop, text % "a")
    shop.identify("20h", timezone="America/New_York", **ADA)
    shop.tick("20h")
    shop.open(text % "b")
    for at in ("20h 1s", "23h", "28h"):
        shop.tick(at)
    assert shop.sends() == [("1d 4h", "ada", "b")]
    assert waits(shop) == [
        ("0s", "", "23h"),
        ("20h", "the customer's date or zone changed", "1d 4h"),
    ]


SPLIT = """
journey: a
trigger: {event: A}
reentry: always
steps:
  - split:
      - {variant: one, share: %s, then: [{email: %s}]}
      - {variant: two, share: %s, then: [{email: two}]}
"""


def test_who_was_given_a_variant_keeps_it_though_the_split_is_called_after_another_mail(
    open_shop: OpenShop,
) -> None:
    shop = enter(open_shop, SPLIT % (100, "one", 0))
    shop.open(SPLIT % (0, "uno", 100))
    shop.track("1h", "A")
    shop.tick("1h")
    shop.open(SPLIT % (0, "eins", 100))
    for user in ("ada", "bob"):
        shop.identify("2h", user)
        shop.track("2h", "A", user)
    shop.tick("2h")
    assert [(user, template) for _, user, template in shop.sends()] == [
        ("ada", "one"),
        ("ada", "uno"),
        ("ada", "eins"),
        ("bob", "two"),
    ]


def test_a_held_journey_lets_in_and_out_and_its_steps_wait_until_the_release(
    open_shop: OpenShop,
) -> None:
    text = (
        TEXT % ("follow", "1h", "mail") + "  - delay: 1h\n  - email: second\nexit: [{event: B}]\n"
    )
    shop = open_shop(text, live=True)
    standing.hold(shop.context, Held(journeys=frozenset({"a"})), shop.clock.now())
    for user in ("ada", "bob"):
        shop.identify("-1s", user)
        shop.track("0s", "A", user)
    shop.tick("1s")
    shop.track("90m", "B", "bob")
    shop.tick("3h")
    assert shop.passages() == [("ada", "a", "active"), ("bob", "a", "exited")]
    assert shop.delivered() == []
    standing.hold(shop.context, Held(), shop.clock.now())
    shop.tick("4h")
    shop.tick("5h")
    assert shop.sends() == [("4h", "ada", "mail"), ("5h", "ada", "second")]


def test_messages_of_a_held_journey_stay_queued(open_shop: OpenShop) -> None:
    shop = open_shop(TEXT % ("follow", "1h", "mail"), live=True)
    shop.identify("-1s")
    shop.track("0s", "A")
    channels = shop.context.channels
    shop.use(channels={})
    shop.tick("1s")
    shop.tick("1h")
    shop.use(channels=channels)
    standing.hold(shop.context, Held(journeys=frozenset({"a"})), shop.clock.now())
    shop.tick("2h")
    assert [state for state, _, _ in shop.ledger()] == ["queued"]
    standing.hold(shop.context, Held(), shop.clock.now())
    shop.tick("3h")
    assert [state for state, _, _ in shop.ledger()] == ["accepted"]


WIN = "journey: win\ntrigger: {stage: inactive}\nsteps:\n  - email: back\n"


def test_opening_the_engine_applies_no_edit_unless_it_is_told_to(open_shop: OpenShop) -> None:
    shop = enter(open_shop, TEXT % ("follow", "10h", "mail"))
    before = shop.rows("SELECT key, value FROM settings ORDER BY key")
    write_project(shop.root, TEXT % ("follow", "2h", "mail"), **shop.files)
    project = load_project(shop.root, {"PARCOURS_SECRET_KEY": "a test's own"})
    database = shop.context.database
    with pytest.raises(EditsNotApplied):
        open_engine(project, shop.clock, database=database, channels=shop.channels)
    assert shop.rows("SELECT key, value FROM settings ORDER BY key") == before
    open_engine(project, shop.clock, database=database, channels=shop.channels, apply=True)
    open_engine(project, shop.clock, database=database, channels=shop.channels)  # it is now


def program_of(*texts: str) -> Program:
    journeys = {journey.id: journey for journey in (parse_journey(text, "x") for text in texts)}
    return Program(Lifecycle(version="of today"), journeys, Policy(), ZoneInfo("Europe/Paris"))


def test_a_plan_says_of_each_step_how_many_stand_there_and_how_they_go_on() -> None:
    before = program_of(steps("2d", "a")).journeys["a"]
    pinned = "journey: p\ntrigger: {event: A}\non_change: pin\nsteps: [email: b]\n"
    today = program_of(steps("2d", "x", "3d", "a"), pinned)
    ran = Ran(
        lifecycle=today.lifecycle.version,
        journeys={"a": before.version, "p": "older"},
        texts={("a", before.version): before.source},
        people={
            ("a", before.version, "delay-before-a"): 7,
            ("a", before.version, "gone"): 2,
            ("a", today.journeys["a"].version, "delay-before-x"): 1,
            ("p", "older", "b"): 3,
        },
    )
    planned = plan(ran, today)
    told = {(one.journey, one.step): (one.people, one.course, one.to) for one in planned.people}
    assert told == {
        ("a", "delay-before-a"): (7, Course.MOVED, "delay-before-x"),
        ("a", "gone"): (2, Course.STRANDED, ""),
        ("a", "delay-before-x"): (1, Course.ON, "delay-before-x"),
        ("p", "b"): (3, Course.PINNED, "b"),
    }
    assert planned.edited == {"a": before.version, "p": "older"}
    assert [(one.step, one.people) for one in planned.stranded] == [("gone", 2)]
    assert not planned.is_applied


def test_a_plan_says_who_stands_because_their_journey_has_no_file_any_more() -> None:
    today = program_of(steps("2d", "a"))
    stand = {("gone", "older", "b"): 2, ("a/mail", "of today", "mail"): 1}
    planned = plan(Ran(today.rules_version, {}, {}, stand), today)
    assert [(one.journey, one.people, one.course) for one in planned.people] == [
        ("gone", 2, Course.STANDING)
    ]
    assert planned.without_file == {"gone"}
    assert planned.stranded == []


def test_of_a_version_that_is_not_known_any_more_steps_keep_their_ids() -> None:
    today = program_of(steps("2d", "a"))
    stand = {("a", "unknown", "delay-before-a"): 2, ("a", "unknown", "gone"): 1}
    ran = Ran(today.lifecycle.version, {"a": "unknown"}, {}, stand)
    led = {one.step: (one.course, one.to) for one in plan(ran, today).people}
    assert led == {
        "delay-before-a": (Course.MOVED, "delay-before-a"),
        "gone": (Course.STRANDED, ""),
    }


def test_a_plan_of_what_last_ran_changes_nothing() -> None:
    program = program_of(steps("2d", "a"))
    versions = {name: journey.version for name, journey in program.journeys.items()}
    assert plan(Ran(program.lifecycle.version, versions), program).is_applied
    assert not plan(Ran(), program).is_applied  # a database in which nothing ran yet


def test_an_edited_lifecycle_recounts_and_triggers_nothing(open_shop: OpenShop) -> None:
    shop = open_shop(WIN, live=True)
    shop.identify("-1s")
    shop.track("0s", "Order Completed", total=50)
    shop.track("0s", "Order Completed", total=150)
    shop.tick("1s")
    shop.tick("50d")
    edited = LIFECYCLE.replace(">= 90", ">= 30").replace(
        "minus: Order Refunded", "if: event.total >= 100"
    )
    shop.open(lifecycle=edited)
    shop.tick("50d 1s")
    assert shop.delivered() == []
    changes = [
        (row.to, row.cause)
        for row in shop.rows('SELECT "to", cause FROM stage_changes ORDER BY id')
    ]
    assert changes == [
        ("prospect", "event"),
        ("loyal", "event"),
        ("new_customer", "rule"),
        ("inactive", "rule"),
    ]
    shop.open(lifecycle=edited.replace(">= 30", ">= 80"))
    shop.tick("50d 2s")
    assert shop.rows("SELECT stage FROM customers")[0].stage == "new_customer"
    for day in (79, 80, 81):
        shop.tick(f"{day}d 1m")
    assert shop.delivered() == ["back"]


def test_a_tick_before_what_was_already_processed_is_refused_on_a_virtual_clock(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(WIN)
    shop.tick("1h")
    with pytest.raises(TimeWentBack):
        work(replace(shop.context, clock=VirtualClock(instant("59m"))), shop.worker)


# ---------------------------------------------------------------- rewards

REFERRAL = """
journey: referral
purpose: transactional
trigger: {event: Order Completed}
steps:
  - reward: {id: theirs, to: referrer, amount: 10, currency: EUR}
  - reward: {id: ours, to: customer, percent: 5}
"""
MAIL = """
journey: mail
purpose: transactional
trigger: {event: Reward Granted}
reentry: always
steps:
  - email: reward
"""


def refer(shop: Shop) -> None:
    shop.identify("-1s", "ada", email="ada@example.com", referred_by="bob")


def test_a_reward_is_told_to_the_referrer_in_the_same_tick(open_shop: OpenShop) -> None:
    shop = open_shop(REFERRAL, MAIL)
    shop.identify("-1s", "bob")
    refer(shop)
    shop.track("0s", "Order Completed", "ada")
    shop.tick("1m")
    assert [user for _, user, _ in shop.sends()] == ["ada", "bob"]
    grants = shop.rows(
        "SELECT g.role, c.external_id FROM grants g JOIN customers c ON c.id = "
        "g.customer_id ORDER BY g.role"
    )
    assert [tuple(row) for row in grants] == [("customer", "ada"), ("referrer", "bob")]


def test_a_referrer_is_told_however_far_the_clock_jumps(open_shop: OpenShop) -> None:
    shop = open_shop(REFERRAL.replace("steps:", "steps:\n  - delay: 2d"), MAIL)
    shop.identify("-1s", "bob")
    refer(shop)
    shop.track("0s", "Order Completed", "ada")
    shop.tick("30d")
    assert [user for _, user, _ in shop.sends()] == ["ada", "bob"]


def test_both_sides_are_rewarded_once_however_often_the_journey_is_entered(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(REFERRAL + "reentry: always\n", MAIL)
    shop.identify("-1s", "bob")
    refer(shop)
    for at in ("0s", "1h", "2h"):
        shop.track(at, "Order Completed", "ada")
        shop.tick(at)
    assert len(shop.rows("SELECT id FROM grants")) == 2
    assert len(shop.delivered()) == 2


def test_a_referrer_who_is_not_known_gets_nothing_and_harms_nobody(open_shop: OpenShop) -> None:
    shop = open_shop(REFERRAL, MAIL)
    refer(shop)
    shop.track("0s", "Order Completed", "ada")
    shop.tick("1m")
    assert shop.sends() == [("0s", "ada", "reward")]
    assert [row.code for row in shop.rows("SELECT code FROM rejections")] == ["unknown_customer"]


def test_a_reward_is_redeemed_by_its_receivers_order(open_shop: OpenShop) -> None:
    shop = open_shop(REFERRAL, MAIL)
    shop.identify("-1s", "bob")
    refer(shop)
    shop.track("0s", "Order Completed", "ada")
    shop.tick("1m")
    [grant] = shop.rows("SELECT code FROM grants WHERE role = 'referrer'")
    shop.track("1h", "Order Completed", "ada", coupon=grant.code)  # not hers
    shop.tick("2h")
    assert shop.rows("SELECT id FROM grants WHERE redeemed_at IS NOT NULL") == []
    shop.track("3h", "Order Completed", "bob", coupon=grant.code)
    shop.tick("4h")
    assert [
        row.role for row in shop.rows("SELECT role FROM grants WHERE redeemed_at IS NOT NULL")
    ] == ["referrer"]


def test_what_parcours_told_a_customer_is_part_of_their_past(open_shop: OpenShop) -> None:
    """A later tick, and a recount of the facts, know of the customer's own reward."""
    lifecycle = LIFECYCLE.replace("facts:\n", "facts:\n  rewards: {count: Reward Granted}\n")
    asks = """
journey: asks
purpose: transactional
trigger: {event: A, if: "performed('Reward Granted')"}
steps:
  - email: asked
"""
    shop = open_shop(REFERRAL, asks, lifecycle=lifecycle)
    refer(shop)
    shop.track("0s", "Order Completed", "ada")
    shop.tick("1m")
    shop.track("1h", "A", "ada")
    shop.tick("1h")
    assert shop.delivered() == ["asked"]
    shop.open(lifecycle=lifecycle + "  - {stage: x, if: false}\n")
    shop.tick("2h")
    facts = shop.rows("SELECT facts FROM customers WHERE external_id = 'ada'")[0].facts
    assert "'rewards': 1" in str(facts) or '"rewards":1' in str(facts).replace(" ", "")
