"""The first five minutes of an enrollment: a message waits for the address, or the yes or no, that
pages send late.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.timeline import run
from tests.support.life import ADA, Life, instant
from tests.support.project import CONSENTING, read_program

ASKED = '[project]\ntimezone = "UTC"\n[consent]\ndefault = "denied"\n'
WELCOME_WITH_A_WAIT = """
journey: welcome
trigger: {event: Signed Up}
topic: news
%s
steps:
  - %s
  - delay: 1h
  - email: tips
"""


def stranger(text: str = "", *, first: str = "email: welcome", toml: str = CONSENTING) -> Life:
    """Somebody who signs up before anything else is known of them."""
    life = Life(read_program(WELCOME_WITH_A_WAIT % (text, first), toml=toml), traits=None)
    life.track("0s", "Signed Up")
    return life


def not_sent(life: Life) -> list[tuple[str, str]]:
    return life.decisions(DecisionKind.NOT_SENT)


def test_a_welcome_waits_for_who_says_their_address_a_moment_later() -> None:
    life = stranger()
    life.tell(instant("0s") + timedelta(milliseconds=40), Kind.IDENTIFY, "", ADA)
    life.run()
    assert life.sends == [
        ("0s +40000us", "welcome"),
        ("1h", "tips"),
    ]  # later delays count from the nominal instant
    assert life.decisions(DecisionKind.WAITING)[0] == ("0s", "no_address")


def test_at_the_end_of_the_five_minutes_it_is_not_sent_and_the_enrollment_goes_on() -> None:
    life = stranger()
    life.identify("5m 1s", **ADA)
    life.run()
    assert not_sent(life) == [("5m", "no_address")]
    assert life.sends == [("1h", "tips")]


@pytest.mark.parametrize(("at", "sent"), [("4m 59s", True), ("5m", True), ("5m 1s", False)])
def test_an_address_at_exactly_the_end_is_in_time(at: str, sent: bool) -> None:
    life = stranger()
    life.identify(at, **ADA)
    life.run("30m")
    assert life.sends == ([(at, "welcome")] if sent else [])


def test_an_address_that_cannot_be_read_is_none() -> None:
    life = stranger(first="sms: welcome")
    life.identify("1s", phone="06 12", email="ada@")
    life.identify("3m", phone="+33 (0)6 12 34 56 78", email="ada@example.com")
    life.run()
    assert life.sends == [("3m", "welcome"), ("1h", "tips")]


@pytest.mark.parametrize("value", [True, "yes"])
def test_where_silence_means_no_a_message_waits_for_a_yes(value: Any) -> None:
    life = stranger(toml=ASKED)
    life.identify("1s", **ADA)
    life.identify("2m", consent={"email": value})
    life.run()
    assert life.sends == [("2m", "welcome"), ("1h", "tips")]


@pytest.mark.parametrize(
    "said", [{"email": False}, {"email": "perhaps"}, {"topics": {"news": False}}, False]
)
def test_a_no_ends_the_wait(said: Any) -> None:
    life = stranger(toml=ASKED)
    life.identify("1s", **ADA)
    life.identify("2m", consent=said)
    life.run("1h")
    assert not_sent(life)[0] == ("2m", "no_consent")


def test_who_said_no_before_waits_for_nothing() -> None:
    life = stranger(toml=ASKED)
    life.identify("-1m", **ADA, consent={"email": False})
    life.run("30m")
    assert not_sent(life) == [("0s", "no_consent")]


def test_silence_about_consent_is_told_at_the_end_and_where_it_means_yes_nothing_waits() -> None:
    life = stranger(toml=ASKED)
    life.identify("1s", **ADA)
    life.run("30m")
    assert not_sent(life) == [("5m", "no_consent")]
    life = stranger("purpose: transactional", toml=ASKED)
    life.identify("1s", **ADA)
    life.run("30m")
    assert life.sends == [("1s", "welcome")]


def test_a_message_that_is_reached_within_the_five_minutes_waits_for_what_is_left_of_them() -> None:
    life = Life(
        read_program(
            WELCOME_WITH_A_WAIT.replace("  - %s\n", "  - delay: 4m\n  - email: welcome\n") % ""
        ),
        traits=None,
    )
    life.track("0s", "Signed Up")
    life.identify("4m 30s", **ADA)
    life.run()
    assert life.sends == [("4m 30s", "welcome"), ("1h 4m", "tips")]


def test_a_later_message_waits_for_nothing() -> None:
    life = stranger()
    life.identify("2h", **ADA)
    life.run()
    assert not_sent(life) == [("5m", "no_address"), ("1h", "no_address")]


def test_messages_and_delays_behind_it_keep_their_distance_from_its_nominal_instant() -> None:
    steps = (
        "steps:\n  - email: one\n  - delay: 1m\n  - email: two\n  - delay: 4m\n  - email: three\n"
    )
    life = Life(read_program(f"journey: x\ntrigger: {{event: Signed Up}}\n{steps}"), traits=None)
    life.track("0s", "Signed Up")
    life.identify("3m", **ADA)
    life.run()
    assert life.sends == [("3m", "one"), ("3m", "two"), ("5m", "three")]


def test_exit_and_goal_end_the_wait() -> None:
    life = stranger("exit: [{event: Deleted}]")
    life.track("1m", "Deleted")
    life.identify("2m", **ADA)
    life.run()
    assert life.sends == []
    assert life.left == [("1m", "exited", "Deleted")]


def test_quiet_hours_that_hold_it_then_count_as_ever() -> None:
    toml = CONSENTING + '[quiet_hours]\nemail = {from = "09:00", to = "11:00"}\n'  # it is ten
    life = stranger(toml=toml)
    life.identify("2m", **ADA)
    life.run()
    assert life.sends == [("1h", "welcome"), ("2h", "tips")]


def test_a_step_that_gives_an_address_or_a_yes_ends_the_wait_of_another_journey() -> None:
    other = "journey: other\ntrigger: {event: Met}\nsteps:\n  - update: {email: ada@example.com}\n"
    life = Life(read_program(WELCOME_WITH_A_WAIT % ("", "email: welcome"), other), traits=None)
    life.track("0s", "Signed Up")
    life.track("1m", "Met")
    life.run("10m")
    assert life.sends == [("1m", "welcome")]


def test_the_control_group_waits_for_nothing_and_is_timed_alike() -> None:
    life = stranger("holdout: 100%")
    life.identify("2m", **ADA)
    life.run()
    assert life.decisions(DecisionKind.HELD_OUT) == [("0s", "email"), ("1h", "email")]


def test_who_turns_out_to_be_known_is_written_to_at_that_instant() -> None:
    life = stranger()
    known = Life(life.program, ADA)
    known.run("-1s")
    life.run(instant("2m") - timedelta(microseconds=1))
    known.told.append(Event(instant("2m"), Kind.MERGE, "", arrival=-1, absorbed=life.state))
    known.effects = run(life.program, known.state, known.told, instant("10m"))
    assert known.sends == [("2m", "welcome")]


TICKS = [
    timedelta(milliseconds=10),
    timedelta(seconds=7),
    timedelta(minutes=1),
    timedelta(minutes=4),
    timedelta(hours=3),
]


@pytest.mark.parametrize("every", TICKS)
@pytest.mark.parametrize("at", ["40ms", "2m", "5m", "6m"])
def test_it_is_the_same_however_time_is_cut(every: timedelta, at: str) -> None:
    moment = instant("0s") + timedelta(milliseconds=40) if at == "40ms" else instant(at)
    until = "10s" if every < timedelta(seconds=1) else "3h"
    stories = []
    for cut in (every, timedelta(days=1)):
        life = stranger(toml=ASKED)
        life.tell(moment, Kind.IDENTIFY, "", {**ADA, "consent": {"email": True}})
        life.run_in_ticks(cut, until)
        stories.append((life.sends, not_sent(life), life.left))
    assert stories[0] == stories[1]


@pytest.mark.parametrize("every", TICKS[1:4])
def test_in_life_too_as_long_as_no_tick_is_late(every: timedelta) -> None:
    life = stranger(toml=ASKED)
    life.identify("2m", **ADA, consent={"email": True})
    end = instant("2h")
    now = instant("0s") - timedelta(seconds=1)
    while now < end:
        now = min(now + every, end)
        life.run(now, late=True)
    assert life.sends == [("2m", "welcome"), ("1h", "tips")]
