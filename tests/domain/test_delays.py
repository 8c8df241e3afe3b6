"""Delays whose length is drawn or computed: the same wherever they are asked, and told where there
is none.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.journey import Journey
from orchestrator.domain.matching import match_steps
from orchestrator.domain.steps.missing import Lack
from orchestrator.domain.steps.waits import read_span
from orchestrator.language.journeys import parse_journey, read_journey
from orchestrator.language.place import Known
from tests.support.life import Life, instant
from tests.support.project import read_program

DELAYED = """
journey: delayed
trigger: {event: A}
reentry: always
steps:
  - delay: %s
  - email: first
  - email: second
"""
TICKS = [None, timedelta(minutes=7), timedelta(hours=9)]


def live(delay: str, external_id: str = "ada") -> Life:
    return Life(read_program(DELAYED % delay), external_id=external_id)


def run(life: Life, every: timedelta | None = None) -> list[tuple[str, str]]:
    if every is None:
        life.run("40d")
    else:
        life.run_in_ticks(every, "40d")
    return life.sends


def first_wait(life: Life) -> timedelta:
    life.track("0h", "A")
    run(life)
    return instant(life.sends[0][0]) - instant("0h")


def test_random_delays_fill_their_range_in_whole_seconds_and_no_more() -> None:
    waits = {first_wait(live("{between: [10s, 12s]}", f"customer {n}")) for n in range(60)}
    assert waits == {timedelta(seconds=seconds) for seconds in (10, 11, 12)}


def test_random_delays_are_spread_evenly() -> None:
    hours = [
        first_wait(live("{between: [1h, 4h]}", f"customer {n}")) / timedelta(hours=1)
        for n in range(200)
    ]
    assert 1 <= min(hours) < 1.2
    assert 3.8 < max(hours) <= 4
    assert 2.2 < sum(hours) / len(hours) < 2.8


@pytest.mark.parametrize("every", TICKS)
def test_a_random_delay_is_the_same_however_time_is_cut_and_another_at_the_next_entry(
    every: timedelta | None,
) -> None:
    at_once, in_ticks = live("{between: [1h, 4h]}"), live("{between: [1h, 4h]}")
    for life in (at_once, in_ticks):
        life.track("0h", "A")
        life.track("10d", "A")
    assert run(at_once) == run(in_ticks, every)
    waits = [
        instant(at_once.sends[0][0]) - instant("0h"),
        instant(at_once.sends[2][0]) - instant("10d"),
    ]
    assert waits[0] != waits[1]


@pytest.mark.parametrize("every", TICKS)
@pytest.mark.parametrize(
    ("delay", "days", "sent"),
    [
        ('"{{ entry.days }}d"', 3, "3d"),
        ('"{{ entry.days }}d"', "3", "3d"),
        ('"{{ entry.days }}d"', 0, "0s"),
        ('"{{ entry.days }}d"', 0.5, "12h"),
        ('"{{ entry.days * 24 - 2 }}h"', 3, "2d 22h"),
        ('"{{ entry.days }}"', "1d 6h", "1d 6h"),
        ('"{{ entry.days }}"', "PT90M", "1h 30m"),
        ('"{{ entry.days | default(2) }}d"', None, "2d"),
        ('{for: "{{ entry.days }}d 2h"}', 3, "3d 2h"),
    ],
)
def test_a_computed_delay_is_as_long_as_its_value_says(
    every: timedelta | None, delay: str, days: object, sent: str
) -> None:
    life = live(delay)
    life.track("0h", "A", days=days)
    assert run(life, every) == [(sent, "first"), (sent, "second")]


@pytest.mark.parametrize(
    ("delay", "said"),
    [
        ("{between: [4h, 1h]}", "the shorter of the two comes first"),
        ("{between: [1h]}", "`between` needs at least 2 entries"),
        ("{between: [1h, 4x]}", "'4x' is not a duration"),
        ("{for: 3d}", "a duration is one text"),
        ('"{{ entry.days }}"', "a number alone is no duration: write its unit behind it"),
        ('"{{ entri.days }}d"', "there is no `entri` here"),
        ('"{{ event.days }}d"', "`event` is not known in a step"),
    ],
)
def test_a_delay_that_cannot_be_meant_is_refused_with_advice(delay: str, said: str) -> None:
    document, problems = read_yaml(DELAYED % delay, "delayed.yaml")
    read_journey(document, Known(), problems)
    (problem,) = problems
    assert said in problem.message
    assert problem.line == 6


@pytest.mark.parametrize(
    ("text", "lack"),
    [
        ("", Lack.MISSING),
        (" d", Lack.MISSING),
        ("3", Lack.UNREADABLE),
        ("soond", Lack.UNREADABLE),
        ("-3d", Lack.UNREADABLE),
        ("3661d", Lack.UNREADABLE),
        ("1e9d", Lack.UNREADABLE),
        ("[3]d", Lack.UNREADABLE),
    ],
)
def test_what_is_no_duration_is_told_apart_from_what_is_not_there(text: str, lack: Lack) -> None:
    assert read_span(text) is lack


@pytest.mark.parametrize("every", TICKS)
@pytest.mark.parametrize(
    ("if_missing", "turn", "sent"),
    [
        ("", "skip", ["second"]),
        (", if_missing: skip", "skip", ["second"]),
        (", if_missing: continue", "continue", ["first", "second"]),
        (", if_missing: exit", "exit", []),
    ],
)
def test_without_a_duration_the_authors_choice_holds_and_is_told(
    every: timedelta | None, if_missing: str, turn: str, sent: list[str]
) -> None:
    life = live('{for: "{{ entry.days }}d"' + if_missing + "}")
    life.track("0h", "A")
    assert run(life, every) == [("0s", template) for template in sent]
    ((at, told),) = life.decisions(DecisionKind.NO_DATE)
    assert at == "0s"
    assert told.startswith("there is no duration: {{ entry.days }}d, missing")
    assert told.endswith(turn)


def test_a_computed_delay_is_read_once_when_its_step_is_reached() -> None:
    life = live('"{{ customer.days }}d"')
    life.identify("-1h", days=3)
    life.track("0h", "A")
    life.identify("1d", days=9)
    assert run(life) == [("3d", "first"), ("3d", "second")]


def journey(delay: str) -> Journey:
    return parse_journey(DELAYED % delay, "delayed.yaml")


@pytest.mark.parametrize("was", ["1h", "{between: [1h, 4h]}", '"{{ entry.days }}d"'])
@pytest.mark.parametrize("now", ["2h", "{between: [1h, 5h]}", '"{{ entry.days }}h"'])
def test_people_keep_their_place_where_a_delay_is_said_otherwise(was: str, now: str) -> None:
    matching = match_steps(journey(was), journey(now))
    assert matching.moved == {step: step for step in ("delay-before-first", "first", "second")}
    assert "delay-before-first" not in matching.unchanged


def test_who_waits_at_random_is_told_a_new_end_where_the_range_is_edited() -> None:
    life = live("{between: [1h, 1h]}")
    life.track("0h", "A")
    life.run("30m")
    edited = read_program(DELAYED % "{between: [5h, 5h]}")
    old, new = life.program.journeys["delayed"], edited.journeys["delayed"]
    edits = {("delayed", old.version): match_steps(old, new)}
    life.run("40d", program=replace(edited, edits=edits))
    assert life.sends == [("5h", "first"), ("5h", "second")]
