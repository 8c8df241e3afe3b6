"""What can never be is told: conditions, ways, waits, journeys and numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lint.test_names import LIFECYCLE, PLAN
from tests.support.checked import FILES, found, journey, mail


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("event.price >= '20'", "'20' is text, which no number is compared with: write 20"),
        ("event.price == 'cheap'", "'cheap' is text, which no number is compared with: it is a"),
        ("event.price > 100 and event.price < 50", "nothing is > 100 and < 50 at once"),
        ("100 < event.price and event.price <= 100", "nothing is > 100 and <= 100 at once"),
        ("event.a == 'x' and event.a == 'y'", "nothing is == 'x' and == 'y' at once"),
        ("event.a == 'x' and event.a != 'x'", "nothing is == 'x' and != 'x' at once"),
        ("customer.orders == '1'", "'1' is text, which no number is compared with"),
        ("days_since(customer.last_order_at) > '30'", "'30' is text"),
        ("customer.first_name == 5", "5 is a number, and what it is compared with is text"),
        ("event.b or event.price >= '20'", "'20' is text"),
        ("false", "`false` never holds: to keep a journey from running write `draft: true`"),
    ],
)
def test_a_condition_that_can_never_hold_is_told(tmp_path: Path, condition: str, why: str) -> None:
    body = f'trigger:\n  event: Product Added\n  if: "{condition}"'
    (told,) = found(tmp_path, "never-holds", LIFECYCLE, PLAN, journey(body))
    assert told.startswith("journeys/x.yaml:4: ")
    assert why in told


@pytest.mark.parametrize(
    "condition",
    [
        "event.price > 50 and event.price < 100",
        "event.price >= 100 and event.price <= 100",
        "event.price > 100 or event.price < 50",
        "event.at >= '2026-01-01'",
        "event.price != 'x'",
        "customer.first_name == '5' and customer.orders | float > 3",
        "event.a == 'x' and event.b == 'y'",
        "not (event.price > 100 and event.b > 50)",
    ],
)
def test_a_condition_that_may_hold_is_left_alone(tmp_path: Path, condition: str) -> None:
    body = f'trigger:\n  event: Product Added\n  if: "{condition}"'
    assert found(tmp_path, "never-holds", LIFECYCLE, PLAN, journey(body)) == []


def test_an_only_if_that_contradicts_every_trigger_is_told(tmp_path: Path) -> None:
    stages = {"journeys/lifecycle.yaml": LIFECYCLE["journeys/lifecycle.yaml"]
              + "stages:\n  - {stage: loyal, if: customer.orders > 1}\n"
              "  - {stage: lead, if: true}\n"}  # fmt: skip
    body = "trigger: {stage: loyal}\nonly_if: customer.stage != 'loyal'"
    (told,) = found(tmp_path, "nobody-passes", stages, journey(body))
    assert told.endswith("no customer whom the trigger lets in can pass this `only_if`")
    body = "trigger: {event: Product Added, if: event.price > 50}\nonly_if: entry.price < 20"
    assert len(found(tmp_path, "nobody-passes", stages, journey(body))) == 1
    body = "trigger: [{stage: loyal}, {stage: lead}]\nonly_if: customer.stage != 'loyal'"
    assert found(tmp_path, "nobody-passes", stages, journey(body)) == []


def test_received_of_what_no_step_sends_is_told(tmp_path: Path) -> None:
    body = "trigger: manual\nonly_if: not received('other')"
    other = mail("x", name="other")
    (told,) = found(tmp_path, "received-nothing", journey(body), other)
    assert told.endswith("no step sends 'other', so nobody ever received it")
    body = "trigger: manual\nonly_if: not received('hello') and not received('x')"
    assert found(tmp_path, "received-nothing", journey(body), other) == []


def test_what_readers_did_with_messages_is_told_to_be_undefined(tmp_path: Path) -> None:
    body = "trigger: manual\nonly_if: not opened('hello') and not received('hello')"
    (told,) = found(tmp_path, "no-receipts", journey(body))
    assert told.endswith("opened() is undefined until receipts of messages come in")
    asks = mail("{% if clicked('hello') %}a{% endif %}", name="other")
    (told,) = found(tmp_path, "no-receipts", journey("trigger: manual"), asks)
    assert told.endswith("clicked() is undefined until receipts of messages come in")


# ---------------------------------------------------------------- ways


def test_a_step_behind_a_branch_that_always_ends_is_told(tmp_path: Path) -> None:
    steps = """\
  - branch:
      - if: customer.a
        then: [{email: hello}, exit]
      - else: [exit]
  - sms: hello"""
    (told,) = found(tmp_path, "unreachable-step", journey("trigger: manual", steps))
    assert told.startswith("journeys/x.yaml:8: nobody ever comes here: every way of 'branch-")
    goes_on = steps.replace("else: [exit]", "else: []")
    assert found(tmp_path, "unreachable-step", journey("trigger: manual", goes_on)) == []


@pytest.mark.parametrize(
    ("first", "second", "is_hidden"),
    [
        ("vars.a >= 7", "vars.a >= 9", True),
        ("vars.a >= 9", "vars.a >= 7", False),
        ("vars.a > 7", "vars.a == 9", True),
        ("vars.a == 1", "vars.a == 1", True),
        ("true", "vars.a == 1", True),
        ("vars.a == 1 or vars.b", "vars.a == 1", True),
        ("vars.a >= 7", "vars.b >= 9", False),
    ],
)
def test_a_way_that_one_before_it_hides_is_told(
    tmp_path: Path, first: str, second: str, is_hidden: bool
) -> None:
    steps = f"""\
  - set: {{a: 1, b: 2}}
  - branch:
      - if: {first}
        then: [{{email: hello}}]
      - if: {second}
        then: [{{sms: hello}}]"""
    told = found(tmp_path, "unreachable-step", journey("trigger: manual", steps))
    assert [line.partition(": ")[0] for line in told] == ["journeys/x.yaml:8"] * is_hidden


def test_a_wait_for_what_ends_the_journey_is_told(tmp_path: Path) -> None:
    steps = (
        "  - wait_for: {event: Order Completed, within: 2d, then: [{email: hello}]}\n  - sms: hello"
    )
    body = "trigger: manual\nexit: {event: Order Completed}"
    (told,) = found(tmp_path, "unreachable-step", journey(body, steps))
    assert told.endswith("'Order Completed' ends the journey, so `then` is never gone")
    body = "trigger: manual\ngoal: {event: Order Completed, exit: false}"
    assert found(tmp_path, "unreachable-step", journey(body, steps)) == []


def test_waits_that_nobody_sees_the_end_of_are_told(tmp_path: Path) -> None:
    steps = "  - delay: 500d\n  - wait_until: {date: 2020-01-01}\n  - email: hello"
    told = found(tmp_path, "endless-wait", journey("trigger: manual", steps))
    assert ["more than a back-test" in told[0], "is past" in told[1]] == [True, True]
    steps = "  - delay: 300d\n  - wait_until: {date: 2199-01-01}\n  - email: hello"
    assert found(tmp_path, "endless-wait", journey("trigger: manual", steps)) == []


# ---------------------------------------------------------------- journeys and numbers


def test_a_journey_that_does_nothing_is_told(tmp_path: Path) -> None:
    empty = {"journeys/x.yaml": "journey: x\ntrigger: manual\nsteps: []\n"}
    assert found(tmp_path, "no-steps", empty) == [
        "journeys/x.yaml:3: no step: whoever enters leaves at once"
    ]
    assert len(found(tmp_path, "no-message", journey("trigger: manual", "delay: 1d"))) == 1
    assert found(tmp_path, "no-message", journey("trigger: manual", "update: {a: 1}")) == []


def test_a_number_that_looks_like_a_share_is_told(tmp_path: Path) -> None:
    steps = "  - coupon: {percent: 0.1}\n  - email: hello"
    told = found(tmp_path, "looks-like-share", journey("trigger: manual\nholdout: 0.1", steps))
    assert told == [
        "journeys/x.yaml:3: 0.1 is 0.1 %, not 10 %: write 10%",
        "journeys/x.yaml:5: 0.1 is 0.1 %, not 10 %: write 10%",
    ]
    meant = journey("trigger: manual\nholdout: 0.1%", "  - coupon: {percent: 10}\n  - email: hello")
    assert found(tmp_path, "looks-like-share", meant) == []


def test_a_coupon_of_the_whole_price_is_told(tmp_path: Path) -> None:
    steps = "  - coupon: {percent: 100}\n  - email: hello"
    assert len(found(tmp_path, "whole-price", journey("trigger: manual", steps))) == 1


def test_an_offer_is_no_transactional_message(tmp_path: Path) -> None:
    body = "trigger: manual\npurpose: transactional\nholdout: 50%"
    steps = "  - coupon: {percent: 10}\n  - email: hello"
    assert len(found(tmp_path, "transactional-offer", journey(body, steps))) == 2
    assert found(tmp_path, "transactional-offer", journey("trigger: manual", steps)) == []


def test_a_task_that_nobody_is_told_of_is_told(tmp_path: Path) -> None:
    steps = "  - task: {type: call}\n  - email: hello"
    (told,) = found(tmp_path, "task-for-nobody", journey("trigger: manual", steps))
    assert told.endswith("nobody is told of this call: write `assignee`")
    named = steps.replace("call", "call, assignee: ada")
    assert found(tmp_path, "task-for-nobody", journey("trigger: manual", named)) == []


def test_a_global_holdout_that_looks_like_a_share_is_told(tmp_path: Path) -> None:
    toml = FILES["parcours.toml"]
    given = journey("trigger: manual")
    wrong = {"parcours.toml": f"{toml}[holdout]\nglobal = 0.1\n"}
    (told,) = found(tmp_path, "global-share", given, wrong)
    assert told.endswith("0.1 is 0.1 %, not 10 %: write 10%")
    meant = {"parcours.toml": f'{toml}[holdout]\nglobal = "0.1%"\n'}
    assert found(tmp_path, "global-share", given, meant) == []


@pytest.mark.parametrize(
    ("trigger", "spread", "told"),
    [
        ("{schedule: '0 9 * * *'}", "2d", "2d is longer than 1d, which lie between two calls"),
        ("{schedule: '0 9,10 * * mon', timezone: customer}", "90m", "1h 30m is longer than 1h"),
        ("{schedule: '0 9 * * *'}", "12h", None),
        ("{once: 2099-11-27 10:00}", "30d", None),
    ],
)
def test_a_spread_beyond_the_next_call_is_told(
    tmp_path: Path, trigger: str, spread: str, told: str | None
) -> None:
    body = f"trigger: {trigger}\nspread: {spread}"
    problems = found(tmp_path, "spread-too-long", LIFECYCLE, PLAN, journey(body))
    assert [problem.startswith("journeys/x.yaml:3: ") for problem in problems] == [True] * bool(
        told
    )
    assert all(told in problem for problem in problems if told)
