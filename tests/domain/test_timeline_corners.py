"""Corners in which a simple simulation of the contract and the time line once disagreed."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.merge import absorb
from orchestrator.domain.schedule import next_local_time, parse_clock
from orchestrator.domain.state import CustomerState, Enrollment, Entries, Status
from tests.support.life import START, Life, instant
from tests.support.project import LIFECYCLE, read_program

MAIL = "journey: %s\ntrigger: {event: A}\n%s\nsteps:\n  - email: %s\n"


def facts(*lines: str, stages: str = "[{stage: any, if: true}]") -> str:
    return (
        "lifecycle: corners\nfacts:\n"
        + "".join(f"  {line}\n" for line in lines)
        + f"stages: {stages}\n"
    )


# ---------------------------------------------------------------- schedules


@pytest.mark.parametrize("tick", [timedelta(hours=1), timedelta(days=30)])
def test_a_schedule_fires_once_at_an_instant_whatever_the_steps_change_then(
    tick: timedelta,
) -> None:
    text = (
        "journey: morning\ntrigger: {schedule: '0 9 * * *', timezone: UTC}\nreentry: always\non_repeat: restart\n"
        "steps:\n  - email: first\n  - update: {pinged: true}\n  - delay: 2d\n  - email: second\n"
    )
    other = (
        "journey: other\ntrigger: {schedule: '0 9 * * *', timezone: UTC}\nsteps:\n  - "
        "update: {x: 1}\n"
    )
    life = Life(read_program(text, other))
    life.track("0h", "Hello")
    life.run_in_ticks(tick, "3d")
    assert life.sends == [("23h", "first"), ("1d 23h", "first"), ("2d 23h", "first")]


def test_a_late_event_at_an_instant_already_taken_fires_no_schedule_again() -> None:
    text = (
        "journey: morning\ntrigger: {schedule: '0 9 * * *', timezone: UTC}\nreentry: always\non_repeat: restart\n"
        "steps:\n  - email: first\n  - delay: 2d\n  - email: second\n"
    )
    life = Life(read_program(text))
    life.track("0h", "Hello")
    life.run("23h")
    life.track("22h", "Hello")
    life.run("24h")
    assert life.sends == [("23h", "first")]


# ---------------------------------------------------------------- facts


def test_a_windowed_fact_counts_what_its_if_lets_through() -> None:
    lifecycle = facts("big: {count: A, within: 90d, if: event.total >= 100}")
    texts = [MAIL % (f"is{n}", f"only_if: customer.big == {n}", f"is{n}") for n in (0, 1)]
    for total, template in ((5, "is0"), (100, "is1")):
        life = Life(read_program(*texts, lifecycle=lifecycle))
        life.track("0h", "A", total=total)
        life.run()
        assert life.sends == [("0s", template)]


def test_any_event_can_be_counted_in_a_window_and_asked_for() -> None:
    lifecycle = facts(
        "seen: {count: any event, within: 7d}", "seen_at: {last: any event, within: 1d}"
    )
    rule = (
        'only_if: customer.seen == 2 and customer.seen_at is defined and performed("any '
        'event", within="1h")'
    )
    life = Life(read_program(MAIL % ("mail", rule, "hello"), lifecycle=lifecycle))
    life.track("-8d", "B")
    life.track("-6d", "B")
    life.track("0h", "A")
    life.run()
    assert life.sends == [("0s", "hello")]


@pytest.mark.parametrize(
    ("value", "written"), [(12, "12"), (12.0, "12"), (1.5, "1.5"), ("12", '"12"'), (True, "true")]
)
def test_the_most_frequent_value_keeps_its_kind(value: object, written: str) -> None:
    lifecycle = facts("favourite: {most_frequent: A, of: cat}", "kinds: {unique: A, of: cat}")
    rule = f"only_if: customer.favourite == {written} and customer.kinds == 2"
    life = Life(
        read_program(MAIL % ("mail", rule, "hello") + "reentry: always\n", lifecycle=lifecycle)
    )
    for hour, cat in enumerate((value, value, "other")):
        life.track(f"{hour}h", "A", cat=cat)
    life.run()
    assert life.sends == [("2h", "hello")]


# ---------------------------------------------------------------- stages


def test_a_subscription_moves_the_stage_at_its_very_instant() -> None:
    stages = "[{stage: reader, if: customer.consent.topics.news}, {stage: other, if: true}]"
    lifecycle = facts("n: {count: A, within: 2d}", stages=stages)
    hello = "journey: hello\ntrigger: {stage: reader}\nsteps:\n  - email: hello\n"
    subscribe = "journey: sub\ntrigger: {event: A}\nsteps:\n  - subscribe: news\n"
    life = Life(read_program(hello, subscribe, lifecycle=lifecycle))
    life.track("1h", "A")
    life.track("5d", "B")
    life.run()
    assert life.sends == [("1h", "hello")]


# ---------------------------------------------------------------- waits for a date


def wait(options: str) -> str:
    text = (
        "journey: wait\ntrigger: {event: A}\nsteps:\n  - wait_until: {%s}\n  - email: "
        "skipped\n  - email: hello\n"
    )
    return text % options


@pytest.mark.parametrize("date", ["customer.last_7d", "now"])
@pytest.mark.parametrize("if_past", ["exit", "skip"])
def test_a_date_that_lies_ahead_on_arrival_is_not_past_when_it_has_come(
    date: str, if_past: str
) -> None:
    lifecycle = facts("last_7d: {last: A, within: 7d}")
    life = Life(
        read_program(wait(f"date: {date}, offset: 3d, if_past: {if_past}"), lifecycle=lifecycle)
    )
    life.track("0h", "A")
    life.run()
    assert life.sends == [("3d", "skipped"), ("3d", "hello")]


@pytest.mark.parametrize(
    ("due", "options", "expected"),
    [
        ("2026-05-10", "offset: -3h", "2026-05-09T19:00Z"),
        ("2026-05-10", "offset: 3h", "2026-05-10T01:00Z"),
        ("2026-05-10", "offset: 36h", "2026-05-11T10:00Z"),
        ("2026-05-10", "offset: -36h", "2026-05-08T10:00Z"),
        ("2026-05-10", "offset: -7d", "2026-05-02T22:00Z"),
        ("2026-05-10", "offset: -3h, at: 18:00", "2026-05-09T16:00Z"),
        ("2026-05-10T10:00Z", "offset: -3h, at: 18:00", "2026-05-10T16:00Z"),
        ("2026-05-10T10:00Z", "offset: 20h, at: 18:00", "2026-05-11T16:00Z"),
        ("2026-05-10T10:00Z", "offset: -3h", "2026-05-10T07:00Z"),
        ("2026-03-30", "offset: -1d", "2026-03-28T23:00Z"),  # the day before is one of 23 hours
    ],
)
def test_whole_days_of_an_offset_are_of_the_calendar_and_the_rest_is_elapsed(
    due: str, options: str, expected: str
) -> None:
    life = Life(read_program(wait(f"date: entry.due, {options}")))
    life.identify("-1h", timezone="Europe/Paris")
    life.track("0h", "A", due=due)
    life.run()
    assert instant(life.sends[0][0]) == datetime.fromisoformat(expected)


PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (
            "2026-03-29T01:00:30Z",
            "2026-03-29T01:00:30Z",
        ),  # 03:00:30, within the minute in which the gap ends
        ("2026-10-25T00:30:20Z", "2026-10-25T00:30:20Z"),  # the first 02:30
        ("2026-10-25T01:30:20Z", "2026-10-26T01:30:00Z"),  # the second
    ],
)
def test_inside_the_minute_is_the_minute_of_the_instant_that_a_local_time_means(
    after: str, expected: str
) -> None:
    found = next_local_time(datetime.fromisoformat(after), parse_clock("02:30"), frozenset(), PARIS)
    assert found == datetime.fromisoformat(expected)


# ---------------------------------------------------------------- exits, restarts


EXIT_BY_STATE = (
    "journey: wait\ntrigger: {event: B}\nexit: [{if: days_since(customer.last_a) < 2}]\n"
    "steps:\n  - delay: 7d\n  - email: hello\n"
)
OTHERS = (
    "journey: other\ntrigger: {event: B}\nsteps:\n  - delay: 2h\n  - task: {type: call, note: x}\n",
    "journey: cron\ntrigger: {schedule: '0 * * * *'}\nsteps:\n  - delay: 100d\n",
)


@pytest.mark.parametrize("others", [(), OTHERS[:1], OTHERS])
def test_an_exit_by_condition_does_not_depend_on_what_other_journeys_wait_for(
    others: tuple[str, ...],
) -> None:
    life = Life(read_program(EXIT_BY_STATE, *others, lifecycle=facts("last_a: {last: A}")))
    life.track("0h", "A")
    life.track("1h", "B")
    life.run("30d")
    assert ("7d 1h", "hello") in life.sends


def test_an_exit_by_condition_is_asked_when_there_is_news_of_the_customer() -> None:
    life = Life(read_program(EXIT_BY_STATE, lifecycle=facts("last_a: {last: A}")))
    life.track("0h", "A")
    life.track("1h", "B")
    life.track("2h", "C")
    life.run("30d")
    assert life.left == [("2h", "exited", "days_since(customer.last_a) < 2")]


def test_a_goal_by_condition_is_asked_before_a_message() -> None:
    text = (
        "journey: wait\ntrigger: {event: A}\ngoal: {if: hours_since(customer.last_a) >= 2, within: 1d}\n"
        "steps:\n  - delay: 3h\n  - email: hello\n"
    )
    life = Life(read_program(text, lifecycle=facts("last_a: {last: A}")))
    life.track("0h", "A")
    life.run()
    assert life.sends == []
    assert [at for at, _ in life.decisions(DecisionKind.CONVERTED)] == ["3h"]


def test_a_cap_that_frees_at_night_holds_until_the_morning() -> None:
    toml = (
        '[project]\ntimezone = "UTC"\n[consent]\ndefault = "granted"\n[caps]\nemail = ["1/6h"]\n'
        '[quiet_hours]\nemail = {from = "20:00", to = "08:00"}\n'
    )
    rule = "only_if: not performed('B', within='3h')"
    texts = (
        MAIL % ("first", "priority: 90", "first"),
        MAIL.replace("event: A", "event: C") % ("second", rule, "second"),
    )
    life = Life(read_program(*texts, toml=toml))
    life.track("8h", "A")  # at 18:00
    life.track("8h 30m", "C")
    life.track("12h 30m", "B")  # at 22:30
    life.run()
    assert life.sends == [("8h", "first"), ("22h", "second")]


def test_who_may_not_enter_does_not_restart_either() -> None:
    text = (
        "journey: again\ntrigger: {event: A}\nonly_if: entry.n > 1\non_repeat: restart\n"
        "steps:\n  - delay: 1d\n  - email: hello\n"
    )
    life = Life(read_program(text))
    life.track("0h", "A", n=2)
    life.track("1h", "A", n=1)
    life.run()
    assert life.sends == [("1d", "hello")]
    assert life.decisions(DecisionKind.IGNORED) == [("1h", "only_if: entry.n > 1")]


# ---------------------------------------------------------------- two who are one


def test_a_trigger_restarts_the_open_enrollment_when_another_ends_merged_at_that_instant() -> None:
    text = (
        "journey: again\ntrigger: {event: A}\non_repeat: restart\nsteps:\n  - delay: 1d\n  - "
        "email: hello\n"
    )
    life = Life(read_program(text))
    at = instant("1h")
    ended = Enrollment(
        "again", "v", 1, START, ended_at=at, status=Status.MERGED, reason="the same customer"
    )
    life.state.enrollments.append(ended)
    life.state.entries["again"] = Entries(START, START, 1)
    version, step = life.program.journeys["again"].version, "delay-before-hello"
    still = Enrollment(
        "again", version, 2, START, step=step, arrived_at=START, due_at=instant("1d")
    )
    life.state.enrollments.append(still)
    life.track(at, "A")
    life.run()
    assert life.sends == [("1d 1h", "hello")]


@pytest.mark.parametrize("again", ["3d", None])
def test_a_merge_keeps_the_assignment_of_whoever_entered_first(again: str | None) -> None:
    program = read_program(
        MAIL % ("mail", "reentry: always\nholdout: 50%", "hello"), lifecycle=LIFECYCLE
    )
    life = Life(program, external_id="user1")
    other = CustomerState("anon2", program.lifecycle, program.zone, program.locale, anonymous=True)
    other.assignments["mail", "_holdout"] = "older"
    other.entries["mail"] = Entries(START, instant(again) if again else START, 2 if again else 1)
    life.state.assignments["mail", "_holdout"] = "younger"
    life.state.entries["mail"] = Entries(instant("1d"), instant("1d"), 1)
    list(absorb(program, life.state, other, instant("4d")))
    assert life.state.assignments["mail", "_holdout"] == "older"
    assert life.state.entries["mail"].first == START
