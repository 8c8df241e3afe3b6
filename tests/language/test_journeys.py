"""Journeys: what is written becomes what the engine knows, and every fault is said at its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.effects import Receiver
from orchestrator.domain.errors import Problem, ProjectInvalid
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.journey import (
    Journey,
    OnChange,
    OnRepeat,
    Reentry,
)
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import Purpose
from orchestrator.domain.pace import EntryPace
from orchestrator.domain.steps.changes import (
    Mute,
    SetVariables,
    Subscribe,
    Suppress,
    Unsubscribe,
    UpdateTraits,
)
from orchestrator.domain.steps.message_step import Message
from orchestrator.domain.steps.missing import IfPast
from orchestrator.domain.steps.offers import Coupon, Reward
from orchestrator.domain.steps.task import Task
from orchestrator.domain.steps.wait_until import WaitUntil
from orchestrator.domain.steps.waits import Delay, WaitFor
from orchestrator.domain.steps.ways import Branch, Exit, Split
from orchestrator.domain.triggers import (
    EventTrigger,
    ManualTrigger,
    OnceTrigger,
    ScheduleTrigger,
    StageTrigger,
)
from orchestrator.language.journeys import parse_journey, read_journey
from orchestrator.language.place import Known
from tests.support.examples import examples

CART_ABANDONMENT = """\
journey: cart-abandonment
title: Cart abandonment
description: Brings back shoppers who left a cart, within the day.
serves: lead                   # a comment
purpose: marketing
topic: offers
priority: 60

trigger:
  event: Product Added
  if: event.price >= 20
only_if: customer.stage != "loyal"
reentry: {after: 7d}
on_repeat: ignore
exit:
  - event: Order Completed
goal: {event: Order Completed, within: 5d, value: event.total}
holdout: 10%
on_change: follow

steps:
  - delay: 1h
  - email: cart-reminder
  - delay: 23h
  - branch:
      - if: customer.cart_value >= 100
        then:
          - coupon: {percent: 10, expires: 3d}
          - email: {id: last-chance, template: cart-last-chance, subject: "Still thinking, {{ customer.first_name }}?"}
      - else:
          - sms: cart-nudge

tests:
  - test: a shopper who buys is left alone
    start: 2026-01-05 20:30
    customer: {email: ada@example.com, consent: {email: true}}
    events:
      - {at: 0h, event: Product Added, properties: {price: 80}}
    expect: []
"""

KNOWN = Known(
    facts=frozenset({"orders", "cart_value", "last_order_at"}),
    stages=frozenset({"lead", "loyal", "inactive"}),
    segments=frozenset({"vip"}),
    journeys=frozenset({"welcome"}),
    templates=frozenset({(Medium.EMAIL, "day3"), (Medium.EMAIL, "a"), (Medium.SMS, "a")}),
    timezone="Europe/Paris",
)


def journey(steps: str = "[]", head: str = "trigger: manual") -> Journey:
    return parse_journey(f"journey: x\n{head}\nsteps: {steps}\n", "x.yaml")


def faults(text: str, known: Known = KNOWN) -> list[Problem]:
    document, problems = read_yaml(text, "x.yaml")
    if not problems:
        read_journey(document, known, problems)
    return problems


def faults_of_steps(steps: str, known: Known = KNOWN) -> list[str]:
    return [
        problem.message
        for problem in faults(f"journey: x\ntrigger: manual\nsteps: {steps}\n", known)
    ]


# ---------------------------------------------------------------- what is written


def test_the_example_of_the_language_is_read_whole() -> None:
    cart = parse_journey(CART_ABANDONMENT, "cart-abandonment.yaml")
    assert (cart.id, cart.title, cart.serves, cart.topic, cart.priority) == (
        "cart-abandonment",
        "Cart abandonment",
        "lead",
        "offers",
        60,
    )
    assert cart.purpose is Purpose.MARKETING
    (trigger,) = cart.triggers
    assert isinstance(trigger, EventTrigger)
    assert trigger.event == "Product Added"
    assert trigger.condition is not None
    assert trigger.condition.source == "event.price >= 20"
    assert (cart.reentry, cart.on_repeat, cart.holdout, cart.on_change) == (
        timedelta(days=7),
        OnRepeat.IGNORE,
        10.0,
        OnChange.FOLLOW,
    )
    assert [rule.event for rule in cart.exits] == ["Order Completed"]
    assert cart.goal is not None
    assert (cart.goal.event, cart.goal.within, cart.goal.ends_journey) == (
        "Order Completed",
        timedelta(days=5),
        True,
    )
    assert cart.source == CART_ABANDONMENT


def test_the_steps_of_the_example_are_threaded() -> None:
    cart = parse_journey(CART_ABANDONMENT, "cart-abandonment.yaml")
    first, reminder, wait, branch = cart.steps
    assert first == Delay("delay-before-cart-reminder", timedelta(hours=1))
    assert reminder == Message("cart-reminder", Medium.EMAIL, "cart-reminder")
    assert wait == Delay("delay-before-last-chance", timedelta(hours=23))
    assert isinstance(branch, Branch)
    coupon, last_chance = branch.arms[0].then
    assert isinstance(coupon, Coupon)
    assert (coupon.id, coupon.offer.expires) == ("coupon-before-last-chance", timedelta(days=3))
    assert isinstance(last_chance, Message)
    assert last_chance.subject == "Still thinking, {{ customer.first_name }}?"
    assert branch.arms[1].condition is None
    assert [step.id for step in branch.arms[1].then] == ["cart-nudge"]


def test_a_test_of_the_example_is_read_with_its_line() -> None:
    document, problems = read_yaml(CART_ABANDONMENT, "x.yaml")
    (test,) = read_journey(document, Known(), problems).tests
    assert (test.name, test.line) == ("a shopper who buys is left alone", 34)
    assert test.start == datetime(2026, 1, 5, 20, 30, tzinfo=UTC)
    assert test.events == (Event(test.start, Kind.TRACK, "Product Added", {"price": 80}),)


def test_a_journey_needs_only_an_id_a_trigger_and_steps() -> None:
    small = journey()
    assert small == replace(
        small, title="x", priority=50, reentry=Reentry.NEVER, topic="", holdout=0.0, exits=()
    )
    assert small.subscription_topic == "x"


@pytest.mark.parametrize(
    ("written", "trigger"),
    [
        ("manual", ManualTrigger()),
        ("{manual: true}", ManualTrigger()),
        ("{event: Signed Up}", EventTrigger("Signed Up")),
        ("{stage: inactive}", StageTrigger("inactive")),
        ("{stage: inactive, from: loyal}", StageTrigger("inactive", "loyal")),
    ],
)
def test_a_trigger_is_written_alone_or_in_a_list(written: str, trigger: object) -> None:
    assert journey(head=f"trigger: {written}").triggers == (trigger,)
    assert journey(head=f"trigger: [{written}, manual]").triggers == (trigger, ManualTrigger())


def test_a_schedule_runs_in_its_zone_or_the_project_s() -> None:
    text = "journey: x\nsteps: []\ntrigger:\n"
    for written, zone in [("", "Europe/Paris"), ("\n    timezone: Asia/Tokyo", "Asia/Tokyo")]:
        found = parse_journey(
            f"{text}  - schedule: 0 9 * * mon\n    segment: vip{written}", "x", KNOWN
        ).triggers[0]
        assert isinstance(found, ScheduleTrigger)
        assert (found.segment, found.cron.zone.key) == ("vip", zone)


@pytest.mark.parametrize(
    ("written", "zone"),
    [
        ("2026-11-27 10:00", "Europe/Paris"),
        ("2026-11-27T10:00:00, timezone: Asia/Tokyo", "Asia/Tokyo"),
        ("2026-11-27 10:00, timezone: customer", None),
    ],
)
def test_once_is_a_time_on_a_wall(written: str, zone: str | None) -> None:
    text = f"journey: x\nsteps: []\ntrigger: {{once: {written}, segment: vip}}\n"
    found = parse_journey(text, "x", KNOWN).triggers[0]
    assert isinstance(found, OnceTrigger)
    assert (found.at, found.segment) == (datetime.fromisoformat("2026-11-27 10:00"), "vip")
    assert (found.zone and found.zone.key) == zone
    assert found.follows_customers is (zone is None)


def test_every_step_that_is_built_is_read() -> None:
    steps = journey(
        """
  - wait_until: {time: 10:00, days: [tue, Thursday], timezone: Europe/Paris}
  - wait_until: {id: trial, date: customer.trial_ends_at, offset: -7d, at: 09:00, if_past: skip}
  - wait_for:
      event: Survey Answered
      if: event.survey == "nps"
      within: 2d
      save_as: answer
      then: [{email: thanks}]
      else: [exit]
  - split:
      - {variant: a, share: 50%, then: [{email: one}]}
      - {variant: b, share: 50}
  - set: {offer: free, n: "{{ vars.n }}"}
  - update: {favourite colour: teal}
  - reward: {to: referrer, amount: "{{ entry.total / 10 }}", currency: EUR, minimum: 20, products: [a, b]}
  - task: {type: call, note: "Call {{ customer.id }}", assignee: ana, due: 2d}
  - subscribe: news
  - unsubscribe: offers
  - mute: {for: 30d}
  - suppress
  - exit:
"""
    )
    until, trial, wait, split, variables, traits, reward, task, on, off, mute, suppress, leave = (
        steps.steps
    )
    assert until == WaitUntil(until.id, time(10), frozenset({1, 3}), "Europe/Paris")
    assert isinstance(trial, WaitUntil)
    assert (trial.clock, trial.offset, trial.if_past) == (time(9), timedelta(days=-7), IfPast.SKIP)
    assert trial.if_missing is IfPast.SKIP
    assert trial.date is not None
    assert trial.date.source == "customer.trial_ends_at"
    assert len(trial.date.trees) == 1
    assert isinstance(wait, WaitFor)
    assert (wait.save_as, [step.id for step in wait.then]) == ("answer", ["thanks"])
    assert isinstance(wait.otherwise[0], Exit)
    assert isinstance(split, Split)
    assert [(variant.name, variant.share, len(variant.then)) for variant in split.variants] == [
        ("a", 50, 1),
        ("b", 50, 0),
    ]
    assert isinstance(variables, SetVariables)
    assert [name for name, _ in variables.values] == ["offer", "n"]
    assert isinstance(traits, UpdateTraits)
    assert isinstance(reward, Reward)
    assert (reward.to, reward.offer.currency, reward.offer.products) == (
        Receiver.REFERRER,
        "EUR",
        ("a", "b"),
    )
    assert isinstance(task, Task)
    assert (task.type, task.due) == ("call", timedelta(days=2))
    assert (type(on), type(off), type(suppress), type(leave)) == (
        Subscribe,
        Unsubscribe,
        Suppress,
        Exit,
    )
    assert isinstance(mute, Mute)
    assert mute.span == timedelta(days=30)


def test_a_message_keeps_every_option() -> None:
    options = (
        "{template: t, from: a@shop.example, reply_to: b@shop.example, provider: smtp, expires: 1d}"
    )
    (message,) = journey(f"[{{email: {options}}}]").steps
    assert message == Message(
        "t",
        Medium.EMAIL,
        "t",
        None,
        "a@shop.example",
        "b@shop.example",
        "smtp",
        timedelta(days=1),
        False,
    )


@pytest.mark.parametrize(
    ("purpose", "written", "resends"),
    [
        ("marketing", "", False),
        ("transactional", "", True),
        ("transactional", ", resend_uncertain: false", False),
    ],
)
def test_an_uncertain_message_is_sent_again_when_it_is_transactional(
    purpose: str, written: str, resends: bool
) -> None:
    found = journey(
        f"[{{email: {{template: t{written}}}}}]", f"purpose: {purpose}\ntrigger: manual"
    )
    assert isinstance(found.steps[0], Message)
    assert found.steps[0].resend_uncertain is resends


def test_a_goal_may_stand_without_ending_the_journey() -> None:
    goal = journey(head="trigger: manual\ngoal: {stage: loyal, exit: false, value: 10}").goal
    assert goal is not None
    assert (goal.stage, goal.ends_journey, goal.value and goal.value.source) == ("loyal", False, 10)


def test_no_is_a_country_and_ten_o_clock_a_time() -> None:
    (step,) = journey("[{set: {country: NO, at: 10:00}}]").steps
    assert isinstance(step, SetVariables)
    assert [value.source for _, value in step.values] == ["NO", "10:00"]


# ---------------------------------------------------------------- ids


@pytest.mark.parametrize(
    ("steps", "ids"),
    [
        ("[{delay: 1h}, {email: a}]", ["delay-before-a", "a"]),
        ("[{email: a}, {email: a}, {sms: a}]", ["a", "a-2", "a-3"]),
        ("[{email: a}, {delay: 1h}]", ["a", "delay-at-end"]),
        (
            "[{delay: 1h}, {email: {id: first, template: a}}, {email: a}]",
            ["delay-before-first", "first", "a"],
        ),
        ("[{delay: 1h, id: nap}, {delay: 2h}, {email: a}]", ["nap", "delay-before-a", "a"]),
        (
            "[{wait_until: {time: 09:00}}, {delay: 1h}, {email: a}]",
            ["wait-until-before-a", "delay-before-a", "a"],
        ),
        ("[{coupon: {id: code, percent: 5}}]", ["code"]),
        (  # inside first, in written order, then what comes after the block
            (
                "[{branch: [{if: true, then: [{delay: 1h}]}, {else: [{email: b}, {mute: "
                "{for: 1d}}]}]}, {email: c}]"
            ),
            ["branch-before-b", "delay-before-c", "b", "mute-before-c", "c"],
        ),
        (
            "[{wait_for: {event: E, within: 1d, then: [exit], else: [exit]}}, {email: a}, exit]",
            ["wait-for-before-a", "exit-before-a", "exit-before-a-2", "a", "exit-at-end"],
        ),
    ],
)
def test_an_id_that_is_not_given_is_derived(steps: str, ids: list[str]) -> None:
    assert list(journey(steps).by_id) == ids


def test_a_derived_id_never_contains_a_setting() -> None:
    before = journey(
        '[{delay: 1h}, {email: {template: a, subject: "x"}}, {split: [{variant: v, share: 100}]}]'
    )
    after = journey(
        '[{delay: 9h}, {email: {template: a, subject: "y"}}, {split: [{variant: w, share: 100}]}]'
    )
    assert list(before.by_id) == list(after.by_id)


def test_two_steps_of_one_derived_id_ask_for_an_id() -> None:
    text = "journey: x\ntrigger: manual\nsteps:\n  - delay: 1h\n  - delay: 2h\n  - email: a\n"
    assert [str(problem) for problem in faults(text)] == [
        (
            "x.yaml:5:5: this step and the one in line 4 would both be called "
            "'delay-before-a': give one an `id`"
        )
    ]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ("[{delay: 1h, id: a}, {delay: 2h, id: a}]", "the id 'a' is already taken, in line 3"),
        ("[{email: {id: x, template: a}, id: y}]", "this step has two ids: keep one"),
        ("[{delay: 1h, id: 'a b'}]", "the id 'a b' may hold letters"),
        ("[{sms: {id: a, template: a}}, {email: a}]", "would both be called 'a'"),
    ],
)
def test_a_given_id_is_one_and_one_only(steps: str, message: str) -> None:
    assert any(message in found for found in faults_of_steps(steps))


# ---------------------------------------------------------------- versions


def test_the_version_forgets_order_comments_white_space_and_tests() -> None:
    version = parse_journey(CART_ABANDONMENT, "x").version
    head, _, _ = CART_ABANDONMENT.partition("tests:")
    first, _, rest = head.partition("\n")
    assert len(version) == 12
    for same in (
        head,
        head.replace("# a comment", ""),
        head.replace("{percent: 10, expires: 3d}", "{expires: 3d,   percent: 10}"),
        f"{rest}\n{first}\n",
    ):
        assert parse_journey(same, "x").version == version


@pytest.mark.parametrize(
    ("old", "new"), [("1h", "2h"), ("cart-nudge", "cart-push"), ("price >= 20", "price >= 21")]
)
def test_the_version_changes_with_what_happens(old: str, new: str) -> None:
    assert (
        parse_journey(CART_ABANDONMENT.replace(old, new, 1), "x").version
        != parse_journey(CART_ABANDONMENT, "x").version
    )


# ---------------------------------------------------------------- what is not built yet


@pytest.mark.parametrize(
    ("step", "what"),
    [
        ("split: {adaptive: true, variants: []}", "an adaptive split"),
    ],
)
def test_a_step_that_is_not_built_yet_is_refused_at_its_word(step: str, what: str) -> None:
    (problem,) = faults(f"journey: x\ntrigger: manual\nsteps:\n  - {step}\n")
    assert f"{what} is part of the language but not built yet in this version" in problem.message
    assert problem.message.startswith("step '")
    assert problem.line == 4


# ---------------------------------------------------------------- who enters when


ONCE = "journey: x\nsteps: []\ntrigger: {once: 2026-11-27 10:00}\n"


@pytest.mark.parametrize(
    ("written", "pace"),
    [
        ("spread: 2h", EntryPace(timedelta(hours=2))),
        ("throttle: 5000/h", EntryPace(gap=timedelta(seconds=0.72))),
        ("throttle: 3 / min", EntryPace(gap=timedelta(seconds=20))),
        ("throttle: 1/w\nspread: 1d", EntryPace(timedelta(days=1), timedelta(weeks=1))),
    ],
)
def test_how_fast_those_enter_whom_an_instant_calls(written: str, pace: EntryPace) -> None:
    assert parse_journey(f"{ONCE}{written}\n", "x").pace == pace


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("throttle: 0/h", "'0/h' lets nobody in: write how many"),
        ("throttle: 999999999/s", "'999999999/s' holds nobody up"),
        ("throttle: 5000", "is not how many in which time: write 5000/h, 100/m or 2/s"),
        ("throttle: fast", "is not how many in which time"),
        ("spread: 0s", "this duration must be longer than nothing"),
    ],
)
def test_a_pace_that_means_nothing_is_refused(written: str, message: str) -> None:
    (problem,) = faults(f"{ONCE}{written}\n")
    assert message in problem.message
    assert problem.line == 4


@pytest.mark.parametrize("written", ["throttle: 5000/h", "spread: 2h"])
def test_a_pace_is_for_triggers_that_call_many(written: str) -> None:
    (problem,) = faults(f"journey: x\nsteps: []\n{written}\ntrigger: {{event: Viewed}}\n")
    assert problem.message.startswith("this is for triggers that call many at one instant")
    assert problem.line == 3


# ---------------------------------------------------------------- accounts


def test_an_exit_and_a_goal_may_look_at_the_whole_account() -> None:
    text = "trigger: manual\nexit: {event: E, scope: account}\ngoal: {stage: S, scope: account}"
    journey = parse_journey(f"journey: x\nsteps: []\n{text}\n", "x")
    assert journey.goal is not None
    assert [rule.of_account for rule in (*journey.exits, journey.goal)] == [True, True]


def test_one_journey_per_account_is_no_passage_for_each_value() -> None:
    journey = parse_journey("journey: x\ntrigger: manual\none_per: account\nsteps: []\n", "x")
    assert journey.one_per_account
    assert journey.one_per is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("exit: {if: customer.paid, scope: account}", "write it beside an `event`, a `stage` or"),
        ("goal: {if: customer.paid, scope: account}", "write it beside an `event`, a `stage` or"),
        ("one_per: account.id", "write `one_per: account`"),
        ("exit: {event: E, scope: company}", "`scope` must be account"),
    ],
)
def test_what_an_account_cannot_mean_is_refused(text: str, message: str) -> None:
    (problem,) = faults(f"journey: x\ntrigger: manual\nsteps: []\n{text}\n")
    assert message in problem.message


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("trigger: manual", "1:1: `steps` is missing here"),
        ("steps: []", "1:1: `trigger` is missing here"),
        (
            "trigger: manual\nsteps: []\npriorty: 3",
            "4:1: unknown key 'priorty'; did you mean 'priority'?",
        ),
        (
            "trigger: manual\nsteps: []\nname: 3",
            "4:1: unknown key 'name'; it is called 'title' here",
        ),
        (
            "trigger: manual\nsteps: []\npriority: 101",
            "4:11: `priority` must be at most 100",
        ),
        ("trigger: manual\nsteps: []\npriority: high", "4:11: `priority` must be a whole number"),
        (
            "trigger: manual\nsteps: []\ntitle: 3",
            "4:8: `title` must be text (put it between quotes)",
        ),
        ("trigger: manual\nsteps: []\nholdout: 120%", "4:10: a share lies between 0% and 100%"),
        ("trigger: manual\nsteps: []\nholdout: true", "4:10: a share is written as 10% or 10"),
        (
            "trigger: manual\nsteps: []\nreentry: 7d",
            "4:10: `reentry` must be never, always or {after: 7d}",
        ),
        (
            "trigger: manual\nsteps: []\nreentry: {after: 7}",
            "4:18: '7' is not a duration: write it with a unit",
        ),
        (
            "trigger: manual\nsteps: []\non_repeat: restat",
            "4:12: `on_repeat` must be ignore or restart; did you",
        ),
        (
            "trigger: manual\nsteps: []\nonly_if: [a]",
            "4:10: a condition is text, such as customer.orders >= 2",
        ),
        (
            "trigger: manual\nsteps: []\nonly_if: customer.x = 2",
            "4:21: `=` does not compare: write `==`",
        ),
        (
            "trigger: manual\nsteps: []\nserves: led",
            "4:9: there is no stage 'led'; did you mean 'lead'?",
        ),
        ("trigger: manual\nsteps: []\nmoved: {a: b}", "4:12: there is no step 'b'"),
        (
            "trigger: {evnt: E}\nsteps: []",
            "2:11: there is no trigger 'evnt'; did you mean 'event'?",
        ),
        ("trigger: sometimes\nsteps: []", "2:10: write `{event: sometimes}` for an event"),
        (
            "trigger: []\nsteps: []",
            "2:10: `trigger` is empty: write `trigger: {event: Order Completed}`",
        ),
        (
            "trigger: {stage: lost}\nsteps: []",
            "2:18: there is no stage 'lost' (known: inactive, lead, loyal)",
        ),
        (
            "trigger: {stage: lead, from: loial}\nsteps: []",
            "2:30: there is no stage 'loial'; did you mean 'loyal'?",
        ),
        (
            "trigger: {stage: lead, if: event.x > 1}\nsteps: []",
            "2:28: `event` is not known in a trigger without",
        ),
        (
            "trigger: {schedule: 0 25 * * *}\nsteps: []",
            "2:21: the hour '25' of the cron expression is not",
        ),
        (
            "trigger: {schedule: 0 9 31 2 *}\nsteps: []",
            "2:21: '0 9 31 2 *' never comes: no such day exists",
        ),
        (
            "trigger: {schedule: 0 9 * * *, zone: UTC}\nsteps: []",
            "2:32: unknown key 'zone'; it is called 'timezone'",
        ),
        (
            "trigger: {schedule: 0 9 * * *, timezone: Paris}\nsteps: []",
            "2:42: there is no time zone 'Paris': write `customer` or one such as Europe/Paris",
        ),
        (
            "trigger: {once: 2026-11-27 10:00, segment: vips}\nsteps: []",
            "2:44: there is no segment 'vips'; did you mean 'vip'?",
        ),
        (
            "trigger: {once: 2026-11-27 10:00, timezone: Paris}\nsteps: []",
            "2:45: there is no time zone 'Paris': write `customer` or one such as Europe/Paris",
        ),
        (
            "trigger: {once: 2026-11-31 10:00}\nsteps: []",
            "2:17: '2026-11-31 10:00' is no day and time: write 2026-11-27 10:00, and another zone than "
            "the project's as `timezone`",
        ),
        (
            "trigger: {once: 27.11.2026 10:00}\nsteps: []",
            "2:17: '27.11.2026 10:00' is no day and time: write 2026-11-27 10:00, and another zone than "
            "the project's as `timezone`",
        ),
        (
            "trigger: {once: 2026-11-27}\nsteps: []",
            "2:17: '2026-11-27' is no day and time: write 2026-11-27 10:00, and another zone than "
            "the project's as `timezone`",
        ),
        (
            "trigger: {once: 2026-11-27T10:00Z}\nsteps: []",
            "2:17: '2026-11-27T10:00Z' is no day and time: write 2026-11-27 10:00, and another zone than "
            "the project's as `timezone`",
        ),
        (
            "trigger: {once: 9026-11-27 10:00}\nsteps: []",
            "2:17: '9026-11-27 10:00' lies too far away: write a date such as 2026-11-27 10:00",
        ),
        (
            "trigger: {once: 2026-11-27 10:00, at: 9}\nsteps: []",
            "2:35: unknown key 'at' (known: if, once, timezone, segment)",
        ),
        (
            "trigger: {schedule: 0 9 * * *, segment: vips}\nsteps: []",
            "2:41: there is no segment 'vips'; did you",
        ),
        (
            "trigger: manual\nsteps: []\nexit: {stage: loyl}",
            "4:15: there is no stage 'loyl'; did you mean 'loyal'?",
        ),
        ("trigger: manual\nsteps: []\nexit: {}", "4:7: an exit is an `event`"),
        (
            "trigger: manual\nsteps: []\nexit: [{event: E}, {stage: lead, if: true}]",
            "4:20: an exit is an `event`",
        ),
        (
            "trigger: manual\nsteps: []\nexit: {if: event.x > 2}",
            "4:12: `event` is not known in a step",
        ),
        ("trigger: manual\nsteps: []\ngoal: {within: 3d}", "4:7: a goal is an `event`"),
        (
            "trigger: manual\nsteps: []\ngoal: {event: E, value: event.totl +}",
            "4:37: the expression ends too early",
        ),
    ],
)
def test_a_fault_in_the_head_is_said_at_its_place(text: str, expected: str) -> None:
    problems = [str(problem).removeprefix("x.yaml:") for problem in faults(f"journey: x\n{text}\n")]
    assert len(problems) == 1, problems
    assert problems[0].startswith(expected)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            "email: day_3",
            "4:12: step 'day_3': template 'email/day_3' not found; did you mean 'email/day3'?",
        ),
        ("sms: day3", "4:10: step 'day3': template 'sms/day3' not found"),
        ("email: {tmplate: a}", "4:12: step 'email, number 1': `template` is missing here"),
        (
            "email: {template: a, sbject: x}",
            "4:26: step 'a': unknown key 'sbject'; did you mean 'subject'?",
        ),
        (
            "email: {template: a, expires: 3}",
            "4:35: step 'a': '3' is not a duration: write it with a unit",
        ),
        (
            "email: {template: a, subject: '{{ x'}",
            "4:36: step 'a': the subject: the tag ends too early",
        ),
        ("sms: {template: a, subject: x}", "4:24: step 'a': an SMS has no subject"),
        ("email: 3", "4:12: step 'email, number 1': `email` is written as `email: cart-reminder`"),
        (
            "emial: a",
            "4:5: step 'emial, number 1': there is no step 'emial'; did you mean 'email'?",
        ),
        ("wait: 1h", "4:5: step 'wait, number 1': there is no step 'wait'; did you mean 'delay'?"),
        ("exot", "4:5: step 'exot': there is no step 'exot'; did you mean 'exit'?"),
        ("{a: 1, b: 2}", "4:5: step 'a, number 1': a step needs one of: email, sms"),
        (
            "{email: a, sms: a}",
            "4:16: step 'a': a step does one thing: put `sms` into a step of its own",
        ),
        ("delay: 3", "4:12: step 'delay, number 1': '3' is not a duration: write it with a unit"),
        ("delay: soon", "4:12: step 'delay, number 1': 'soon' is not a duration"),
        ("delay: -1h", "4:12: step 'delay, number 1': this duration cannot be negative"),
        ("delay: 99999d", "4:12: step 'delay, number 1': '99999d' is longer than ten years"),
        ("exit: now", "4:11: step 'exit, number 1': `exit` takes no value: write it alone"),
        (
            "wait_until: {days: [tue]}",
            "4:17: step 'wait-until-at-end': `wait_until` needs either `time`",
        ),
        (
            "wait_until: {time: 25:00}",
            "4:24: step 'wait_until, number 1': '25:00' is not a time of day",
        ),
        (
            "wait_until: {time: 9}",
            "4:24: step 'wait_until, number 1': '9' is not a time of day: write 09:00",
        ),
        (
            "wait_until: {time: 09:00, days: tues}",
            "4:37: step 'wait_until, number 1': 'tues' is not a weekday",
        ),
        (
            "wait_until: {time: 09:00, if_past: skip}",
            "4:31: step 'wait-until-at-end': `if_past` goes with `date`",
        ),
        (
            "wait_until: {date: customer.d, days: [mon]}",
            "4:36: step 'wait-until-at-end': `days` goes with `time`",
        ),
        (
            "wait_until: {time: 09:00, if_missing: skip}",
            "4:31: step 'wait-until-at-end': `if_missing` goes with `date`",
        ),
        (
            "wait_until: {date: 9999-12-31}",
            "4:24: step 'wait-until-at-end': nobody waits until 9999-12-31",
        ),
        (
            "wait_until: {date: 24.12.2026}",
            "4:24: step 'wait-until-at-end': '24.12.2026' is no date: write 2026-12-24",
        ),
        (
            "wait_until: {date: 2026-2-3}",
            "4:24: step 'wait-until-at-end': '2026-2-3' is no date: write 2026-12-24",
        ),
        (
            "wait_until: {time: 09:00, timezone: Mars}",
            "4:41: step 'wait-until-at-end': there is no time zone",
        ),
        ("wait_for: {event: E}", "4:15: step 'wait_for, number 1': `within` is missing here"),
        (
            "wait_for: {event: E, within: 1d, save_as: a b}",
            "4:47: step 'wait-for-at-end': 'a b' is no name",
        ),
        ("branch: []", "4:13: step 'branch, number 1': `branch` is empty: write `branch: [{if: "),
        ("branch: [{if: true}]", "4:14: step 'branch, number 1': `then` is missing here"),
        (
            "branch: [{else: []}, {if: true, then: []}]",
            "4:14: step 'branch-at-end': `else` comes last",
        ),
        (
            "branch: [{if: customer.x ==, then: []}]",
            "4:32: step 'branch-at-end': the expression ends too early",
        ),
        (
            "split: [{variant: a, share: 60%}]",
            "4:12: step 'split-at-end': the shares add up to 60%, not to 100%",
        ),
        (
            "split: [{variant: a, share: 50}, {variant: a, share: 50}]",
            "4:48: step 'split-at-end': two variants are called 'a'",
        ),
        ("set: {}", "4:10: step 'set, number 1': `set` is empty: write `set: {name: value}`"),
        ("set: {a-b: 1}", "4:11: step 'set-at-end': 'a-b' is no name for a variable"),
        ("set: {a: }", "4:11: step 'set-at-end': `a` has no value"),
        ("set: {a: '{{ vars.b'}", "4:15: step 'set-at-end': `{{`: close it with `}}`"),
        ("coupon: {}", "4:13: step 'coupon-at-end': this needs either `percent` or `amount`"),
        ("coupon: {percent: 5, amount: 5}", "4:13: step 'coupon-at-end': this needs either"),
        (
            "coupon: {percent: 101}",
            "4:23: step 'coupon-at-end': `percent` lies between 0 and 100, not at 101",
        ),
        (
            "coupon: {percent: 10%}",
            "4:23: step 'coupon-at-end': `percent` is a number: write 10",
        ),
        ("coupon: {amount: 0}", "4:22: step 'coupon-at-end': `amount` lies above 0, not at 0"),
        (
            "coupon: {amount: 5, currency: euro}",
            "4:35: step 'coupon, number 1': a currency is written with three",
        ),
        ("reward: {percent: 5}", "4:13: step 'reward, number 1': `to` is missing here"),
        (
            "task: {type: fax}",
            "4:18: step 'task, number 1': `type` must be call or letter or visit",
        ),
        ("mute: 30d", "4:11: step 'mute, number 1': `mute` is written as `mute: {for: 30d}`"),
        (
            "mute: {for: 0d}",
            "4:17: step 'mute, number 1': this duration must be longer than nothing",
        ),
        ("subscribe: ''", "4:17: step 'subscribe, number 1': `subscribe` is empty"),
    ],
)
def test_a_fault_in_a_step_is_said_at_its_place_naming_the_step(step: str, expected: str) -> None:
    found = faults(f"journey: x\ntrigger: manual\nsteps:\n  - {step}\n")
    problems = [str(problem).removeprefix("x.yaml:") for problem in found]
    assert any(problem.startswith(expected) for problem in problems), problems


def test_all_faults_of_a_file_are_said_at_once() -> None:
    text = """\
journey: x
trigger: {event: E, if: event.a && event.b}
serves: led
only_if: in_segment("vipp")
exit: {stage: lead, if: true}
steps:
  - email: day_3
  - branch:
      - if: custmer.x
        then: [{delay: 1h}, {sms: b}]
  - webhook: {url: x}
"""
    assert [problem.line for problem in sorted(faults(text), key=lambda problem: problem.line)] == [
        2,
        3,
        4,
        5,
        7,
        9,
        10,
        11,
    ]


def test_all_faults_of_form_are_said_at_once_deep_inside_too() -> None:
    steps = (
        "[{delay: x}, {branch: [{if: true, then: [{wait_for: {event: E, within: 1, else: "
        "[{mail: a}]}}]}]}, {sms: 3}]"
    )
    assert len(faults_of_steps(steps)) == 4


def test_a_journey_that_is_no_map_is_refused() -> None:
    for text in ("", "- a\n", "hello\n"):
        assert [str(problem) for problem in faults(text)] == [
            "x.yaml:1:1: a journey's file begins with `journey:` and its id"
        ]


def test_a_missing_template_is_advice_where_nothing_is_rendered() -> None:
    (problem,) = faults(
        "journey: x\ntrigger: manual\nsteps: [{email: b}]\n",
        replace(KNOWN, templates_required=False),
    )
    assert problem.severity == "warning"
    assert "template 'email/b' not found" in str(problem)


@pytest.mark.parametrize(
    ("condition", "advice"),
    [
        ("customer.order >= 1", "did you mean 'orders'?"),
        ("customer.last_orders_at < now", "did you mean 'last_order_at'?"),
        ("customer.shoe_size > 40", None),  # a trait is free
        ("customer.orders >= 1", None),
    ],
)
def test_a_near_miss_of_a_fact_is_advice_only(condition: str, advice: str | None) -> None:
    problems = faults(f"journey: x\ntrigger: manual\nsteps: []\nonly_if: {condition}\n")
    assert [problem.severity for problem in problems] == ([] if advice is None else ["warning"])
    assert advice is None or problems[0].message.endswith(advice)


@pytest.mark.parametrize(
    "condition",
    ['customer.stage == "loyl"', '"loyl" != customer.stage', 'customer.stage in ["lead", "loyl"]'],
)
def test_a_stage_that_is_asked_for_must_exist(condition: str) -> None:
    problems = faults(f"journey: x\ntrigger: manual\nsteps: []\nonly_if: '{condition}'\n")
    assert [problem.message for problem in problems] == [
        "there is no stage 'loyl'; did you mean 'loyal'?"
    ]


def test_what_follows_an_exit_is_advice() -> None:
    (problem,) = faults("journey: x\ntrigger: manual\nsteps: [exit, {email: a}]\n")
    assert (problem.severity, problem.column) == ("warning", 15)


def test_moved_steps_lead_from_what_is_gone_to_what_is_there() -> None:
    head = "trigger: manual\nmoved: {old: nap}"
    assert journey("[{delay: 1h, id: nap}]", head).moved == (("old", "nap"),)
    problems = faults(
        "journey: x\ntrigger: manual\nmoved: {nap: nap}\nsteps: [{delay: 1h, id: nap}]\n"
    )
    assert "the step 'nap' is still there" in problems[0].message


def test_nothing_outside_a_text_is_checked_without_known() -> None:
    text = (
        "journey: x\ntrigger: {stage: gone}\nserves: gone\nonly_if: "
        'in_segment("gone")\nsteps: [{email: gone}]\n'
    )
    assert parse_journey(text, "x").serves == "gone"


def test_parsing_alone_raises_all_errors_in_order() -> None:
    with pytest.raises(ProjectInvalid) as invalid:
        parse_journey("journey: x\nsteps: [{delay: x}]\ntrigger: {evnt: x}\n", "x.yaml")
    assert [problem.line for problem in invalid.value.problems] == [2, 3]


# ---------------------------------------------------------------- any file at all

PLACES = [line for line in CART_ABANDONMENT.split("\n") if line.strip()]
WORDS = [
    "",
    "3",
    "~",
    "true",
    "[]",
    "{}",
    "x",
    "{a: b}",
    "[1, {email: a}]",
    "'{{'",
    "customer.",
    "1h",
    "-1",
    "&a *a",
]


@given(
    st.lists(
        st.tuples(
            st.integers(0, len(PLACES) - 1),
            st.sampled_from(WORDS),
            st.sampled_from(["value", "key", "cut"]),
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(max_examples=examples(400))
def test_a_journey_broken_anywhere_is_a_journey_or_problems(
    breaks: list[tuple[int, str, str]],
) -> None:
    lines = list(PLACES)
    for at, word, how in breaks:
        key, colon, _ = lines[at].partition(":")
        lines[at] = {
            "value": f"{key}{colon} {word}",
            "key": f"{key}{word}{colon} {word}",
            "cut": word,
        }[how]
    text = "\n".join(lines)
    problems = faults(text)
    assert all(1 <= problem.line <= len(lines) + 1 for problem in problems)


@pytest.mark.parametrize(
    "text",
    [
        "trigger: {event: any event}\nsteps: []\n",
        "trigger: manual\nexit: [{event: any event}]\nsteps: []\n",
        "trigger: manual\ngoal: {event: any event, within: 1d}\nsteps: []\n",
        "trigger: manual\nsteps:\n  - wait_for: {event: any event, within: 1d}\n",
    ],
)
def test_any_event_is_refused_where_one_event_is_meant(text: str) -> None:
    messages = [problem.message for problem in faults(f"journey: j\n{text}")]
    assert any(
        "`any event` is for facts and performed(): name the event here" in message
        for message in messages
    )


@pytest.mark.parametrize(
    ("head", "advice"),
    [
        (
            "trigger: {event: Order}\nreentry: always\nexit: {event: Order}",
            "4:7: 'Order' is the trigger too: who triggers",
        ),
        (
            "trigger: {event: Order}\nreentry: {after: 7d}\nexit: [{event: Sale}, {event: Order}]",
            "4:23: 'Order' is the",
        ),
        (
            "trigger: [{event: Sale}, {event: Order}]\nreentry: always\nexit: {event: Order}",
            "4:7: 'Order' is the trigger",
        ),
        (
            "trigger: {event: O, if: event.a}\nreentry: always\nexit: {event: O, if: event.a}",
            "4:7: 'O' is the trigger",
        ),
        (
            "trigger: {stage: lead}\nreentry: always\nexit: {stage: lead}",
            "4:7: the stage 'lead' is the trigger too",
        ),
        (
            "trigger: {event: Order}\nreentry: always\ngoal: {event: Order}",
            "4:7: 'Order' is the trigger too: who triggers",
        ),
    ],
)
def test_a_trigger_that_is_its_own_exit_is_advised_against(head: str, advice: str) -> None:
    (problem,) = faults(f"journey: x\n{head}\nsteps: []\n")
    assert problem.severity == "warning"
    assert f"{problem.line}:{problem.column}: {problem.message}".startswith(advice)


@pytest.mark.parametrize(
    "head",
    [
        "trigger: {event: Order}\nexit: {event: Order}",
        "trigger: {event: Order}\nreentry: always\nexit: {event: Refund}",
        "trigger: {event: Order}\nreentry: always\nexit: {event: Order, if: event.total > 3}",
        "trigger: {event: Order}\nreentry: always\ngoal: {event: Order, exit: false}",
        "trigger: {event: Order}\nreentry: always\non_repeat: restart",
    ],
)
def test_an_exit_that_ends_other_things_is_not(head: str) -> None:
    assert faults(f"journey: x\n{head}\nsteps: []\n") == []


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("received('welcme')", "there is no template or journey 'welcme'; did you mean 'welcome'?"),
        (
            "not received('cart', within='7d')",
            "there is no template or journey 'cart' (known: a, day3, welcome)",
        ),
        ("in_segment('vipp')", "there is no segment 'vipp'; did you mean 'vip'?"),
        ("customer.stage in ['lead', 'loyl']", "there is no stage 'loyl'; did you mean 'loyal'?"),
        (
            "customer.city == 'Paris' or 'Lyon'",
            '"Lyon" alone always holds: compare it with something',
        ),
        ("'customer.orders > 1'", '"customer.orders > 1" alone always holds'),
        ("customer.orders and 2", "2 alone always holds"),
    ],
)
def test_a_name_that_nothing_has_or_a_condition_that_asks_nothing_is_said(
    rule: str, problem: str
) -> None:
    (found,) = faults(f"journey: x\ntrigger: manual\nonly_if: {rule!r}\nsteps: []\n")
    assert found.message.startswith(problem)


@pytest.mark.parametrize(
    "rule", ["received('day3')", "received('welcome')", "true", "customer.city or customer.town"]
)
def test_a_name_that_the_project_has_is_fine(rule: str) -> None:
    assert faults(f"journey: x\ntrigger: manual\nonly_if: {rule!r}\nsteps: []\n") == []
