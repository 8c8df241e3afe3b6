"""Exits, goals and restarts that other journeys must not disturb."""

from __future__ import annotations

import pytest

from orchestrator.domain.effects import DecisionKind
from tests.support.life import Life
from tests.support.project import read_program, write_facts

MAIL = "journey: %s\ntrigger: {event: A}\n%s\nsteps:\n  - email: %s\n"


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
    life = Life(read_program(EXIT_BY_STATE, *others, lifecycle=write_facts("last_a: {last: A}")))
    life.track("0h", "A")
    life.track("1h", "B")
    life.run("30d")
    assert ("7d 1h", "hello") in life.sends


def test_an_exit_by_condition_is_asked_when_there_is_news_of_the_customer() -> None:
    life = Life(read_program(EXIT_BY_STATE, lifecycle=write_facts("last_a: {last: A}")))
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
    life = Life(read_program(text, lifecycle=write_facts("last_a: {last: A}")))
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
