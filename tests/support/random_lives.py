"""Random journeys, policies and histories for Hypothesis, rich in coincidences: everything falls
on few instants.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from orchestrator.domain import journey as j
from orchestrator.domain.cron import parse_cron
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.expression import Condition, Value
from orchestrator.domain.instants import time_candidates
from orchestrator.domain.lifecycle import Segment
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import Purpose
from orchestrator.domain.pace import EntryPace
from orchestrator.domain.policy import Cap, Policy
from orchestrator.domain.program import Program
from orchestrator.domain.schedule import QuietHours
from orchestrator.domain.step import Step
from orchestrator.domain.steps.changes import (
    Mute,
    SetVariables,
    Subscribe,
    Unsubscribe,
    UpdateTraits,
)
from orchestrator.domain.steps.emit import Emit
from orchestrator.domain.steps.first_of import FirstOf
from orchestrator.domain.steps.message_step import Message
from orchestrator.domain.steps.missing import IfPast
from orchestrator.domain.steps.turns import Goto, Repeat, Start
from orchestrator.domain.steps.wait_until import WaitUntil
from orchestrator.domain.steps.waits import ComputedDelay, Delay, RandomDelay, WaitFor
from orchestrator.domain.steps.ways import Arm, Branch, Exit, Split, Variant
from orchestrator.domain.triggers import EventTrigger, ScheduleTrigger, SegmentTrigger, StageTrigger
from orchestrator.language.expressions import parse_condition, parse_value
from orchestrator.language.lifecycle_file import parse_lifecycle
from orchestrator.language.where import EVENT_IN_JOURNEY, RULE, STEP, TRIGGER
from tests.support.life import START

DAYS = 40
PARIS = ZoneInfo("Europe/Paris")
EVENTS = ("A", "B", "C")  # what customers do; "D" is emitted only


def _segment(name: str, text: str) -> Segment:
    rule = parse_condition(text, RULE)
    return Segment(name, rule, tuple(time_candidates(rule.tree)))


SEGMENTS = (
    _segment("idle", "customer.a >= 1 and hours_since(customer.last_a) >= 30"),
    _segment("busy", "customer.b_2d >= 2 or performed('D', within='3d')"),
    _segment("moved", "customer.stage == 'near' and customer.a >= 2"),
)
_STAGES = parse_lifecycle(
    """
lifecycle: random
facts:
  a: {count: A}
  b_2d: {count: B, within: 2d}
  last_a: {last: A}
stages:
  - {stage: quiet, if: customer.a >= 1 and days_since(customer.last_a) >= 3}
  - {stage: keen, if: customer.b_2d >= 2}
  - {stage: near, if: "performed('C', within='1d')"}
  - {stage: late, if: customer.vip and hours_since(customer.last_a) >= 7}
  - {stage: other, if: true}
""",
    "random.yaml",
)
RANDOM_STAGES = replace(_STAGES, segments=SEGMENTS, by_name={})


def _condition(text: str) -> Condition:
    return parse_condition(text, STEP)


CONDITIONS = tuple(
    map(
        _condition,
        (
            "customer.a % 2 == 1",
            "customer.b_2d >= 1",
            "customer.stage == 'quiet'",
            "performed('B', within='6h')",
            "received('m1', within='2d')",
            "days_since(customer.last_a) < 2",
            "vars.x is defined",
            "entry.n > 1",
        ),
    )
)
EVENT_CONDITIONS = (None, parse_condition("event.n > 1", EVENT_IN_JOURNEY))
DATES = tuple(
    parse_value(f"{{{{ {text} }}}}", STEP)
    for text in ("customer.due", "customer.last_a", "entry.due")
)
SPANS = tuple(
    parse_value(f"{{{{ {text} }}}}h", STEP) for text in ("entry.n", "customer.a", "vars.x")
)
ZONES = ("Europe/Paris", "Asia/Tokyo", "America/New_York", "Mars/Olympus", None)
EMITTED = st.sampled_from([parse_value(text, STEP) for text in (2, "{{ entry.n }}")])
INNER = ["branch", "split", "wait", "wait", "repeat"]
DURATIONS = tuple(
    timedelta(hours=hours) for hours in (0.001, 0.5, 1, 1, 2, 3, 6, 12, 24, 24, 48, 72, 168)
)


@dataclass(slots=True)
class _Names:
    numbers: count[int] = field(default_factory=count)

    def next(self) -> str:
        return f"s{next(self.numbers)}"


def _value(number: int) -> Value:
    return parse_value(number, STEP)


@st.composite
def _block(draw: st.DrawFn, names: _Names, depth: int, least: int) -> tuple[Step, ...]:
    steps = [
        draw(_step(names, depth)) for _ in range(draw(st.integers(least, 4 if depth == 0 else 2)))
    ]
    if len(steps) > 1 and draw(st.integers(0, 3)) == 0:  # a way that leaves some of them out
        jump = Goto(names.next(), steps[-1].id)
        steps.insert(0, Branch(names.next(), (Arm(draw(st.sampled_from(CONDITIONS)), (jump,)),)))
    return tuple(steps)


@st.composite
def _delay(draw: st.DrawFn, name: str) -> Step:
    longest = draw(st.sampled_from(DURATIONS))
    match draw(st.sampled_from(["exact", "exact", "random", "computed"])):
        case "random":
            return RandomDelay(name, longest / 2, longest)
        case "computed":
            return ComputedDelay(
                name, draw(st.sampled_from(SPANS)), draw(st.sampled_from(list(IfPast)))
            )
    return Delay(name, longest)


@st.composite
def _step(draw: st.DrawFn, names: _Names, depth: int) -> Step:
    kinds = [
        "message",
        "message",
        "delay",
        "delay",
        "clock",
        "date",
        "set",
        "update",
        "mute",
        "topic",
        "emit",
        "start",
        "first_of",
        "exit",
    ]
    kind = draw(st.sampled_from(kinds + INNER * (depth < 2)))
    name = names.next()
    match kind:
        case "message":
            medium = draw(st.sampled_from([Medium.EMAIL, Medium.EMAIL, Medium.SMS]))
            expires = draw(st.sampled_from([timedelta(days=3), timedelta(hours=12)]))
            return Message(name, medium, draw(st.sampled_from(["m1", "m2", "m3"])), expires=expires)
        case "first_of":
            media = draw(st.sampled_from([(Medium.SMS, Medium.EMAIL), (Medium.EMAIL, Medium.SMS)]))
            return FirstOf(name, tuple(Message(name, medium, "m1") for medium in media))
        case "delay":
            return draw(_delay(name))
        case "clock":
            days = draw(st.sampled_from([frozenset[int](), frozenset({1, 3}), frozenset({6})]))
            return WaitUntil(
                name, clock=draw(st.sampled_from([time(9), time(2, 30), time(23)])), days=days
            )
        case "date":
            return WaitUntil(
                name,
                clock=draw(st.sampled_from([None, time(9), time(23)])),
                date=draw(st.sampled_from(DATES)),
                offset=draw(st.sampled_from([-1, 0, 0, 1])) * draw(st.sampled_from(DURATIONS)),
                if_past=draw(st.sampled_from(list(IfPast))),
                if_missing=draw(st.sampled_from(list(IfPast))),
            )
        case "set":
            return SetVariables(name, (("x", _value(1)),))
        case "update":
            return UpdateTraits(name, (("vip", parse_value(True, STEP)),))
        case "mute":
            return Mute(name, draw(st.sampled_from(DURATIONS)))
        case "topic":
            return Unsubscribe(name, "news") if draw(st.booleans()) else Subscribe(name, "news")
        case "emit":
            return Emit(name, draw(st.sampled_from([*EVENTS, "D"])), (("n", draw(EMITTED)),))
        case "start":
            return Start(name, draw(st.sampled_from(["j0", "j1", "j2"])))
        case "repeat":
            every = draw(st.sampled_from([timedelta(0), *DURATIONS]))
            return Repeat(name, draw(st.integers(1, 3)), every, draw(_block(names, depth + 1, 1)))
        case "branch":
            then = draw(_block(names, depth + 1, 0))
            arms = [
                Arm(draw(st.sampled_from(CONDITIONS)), then),
                Arm(None, draw(_block(names, depth + 1, 0))),
            ]
            return Branch(name, tuple(arms[: draw(st.integers(1, 2))]))
        case "split":
            blocks = [draw(_block(names, depth + 1, 0)) for _ in range(2)]
            return Split(name, (Variant("x", 50, blocks[0]), Variant("y", 50, blocks[1])))
        case "wait":
            return WaitFor(
                name,
                draw(st.sampled_from(EVENTS)),
                draw(st.sampled_from(DURATIONS)),
                draw(st.sampled_from(EVENT_CONDITIONS)),
                "x",
                draw(_block(names, depth + 1, 0)),
                draw(_block(names, depth + 1, 0)),
            )
    return Exit(name)


TRIGGERS = (
    EventTrigger("A"),
    EventTrigger("B"),
    EventTrigger("D"),
    EventTrigger("A", condition=parse_condition("customer.a % 2 == 0", TRIGGER)),
    StageTrigger("quiet"),
    StageTrigger("keen"),
    StageTrigger("other", "near"),
    SegmentTrigger("idle", while_inside=True),
    SegmentTrigger("busy"),
    SegmentTrigger("busy", leaves=True),
    SegmentTrigger("moved"),
    ScheduleTrigger(parse_cron("0 9 * * *", PARIS)),
    ScheduleTrigger(
        parse_cron("0 */5 * * *", PARIS),
        condition=parse_condition("customer.b_2d >= 1 or customer.stage == 'quiet'", TRIGGER),
    ),
)
REENTRIES: tuple[j.Reentry | timedelta, ...] = (
    j.Reentry.ALWAYS, j.Reentry.NEVER, timedelta(days=1), timedelta(days=3), timedelta(hours=6),
)  # fmt: skip


@st.composite
def journeys(draw: st.DrawFn, name: str) -> j.Journey:
    exits = [
        j.ExitRule(event="C", condition=draw(st.sampled_from(EVENT_CONDITIONS))),
        j.ExitRule(stage="keen"),
        j.ExitRule(segment="busy"),
        j.ExitRule(condition=CONDITIONS[1]),
    ]
    within = draw(st.sampled_from([None, timedelta(days=1), timedelta(days=5)]))
    return j.Journey(
        id=name,
        title=name,
        triggers=tuple(draw(st.lists(st.sampled_from(TRIGGERS), min_size=1, max_size=2))),
        steps=draw(_block(_Names(), 0, 1)),
        purpose=draw(
            st.sampled_from([Purpose.MARKETING, Purpose.MARKETING, Purpose.TRANSACTIONAL])
        ),
        topic="news",
        priority=draw(st.integers(0, 3)),
        only_if=draw(st.sampled_from([None, None, CONDITIONS[0], CONDITIONS[4]])),
        pace=draw(st.sampled_from([None, None, EntryPace(timedelta(hours=7))])),
        reentry=draw(st.sampled_from(REENTRIES)),
        on_repeat=draw(st.sampled_from(list(j.OnRepeat))),
        exits=tuple(draw(st.lists(st.sampled_from(exits), max_size=2))),
        goal=draw(
            st.sampled_from(
                [None, j.Goal(event="B", within=within, ends_journey=False), j.Goal(event="C")]
            )
        ),
        holdout=draw(st.sampled_from([0.0, 0.0, 0.0, 100.0])),
        version="v",
    )


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    caps = draw(
        st.sampled_from(
            [
                (),
                (Cap(1, timedelta(days=1)),),
                (Cap(2, timedelta(days=1)), Cap(3, timedelta(days=7))),
            ],
        )
    )
    quiet = draw(
        st.sampled_from(
            [None, QuietHours(time(20), time(8)), QuietHours(time(13), time(15), frozenset({6}))],
        )
    )
    return Policy(True, {Medium.EMAIL: caps}, {} if quiet is None else {Medium.EMAIL: quiet})


@st.composite
def programs(draw: st.DrawFn) -> Program:
    found = [draw(journeys(f"j{number}")) for number in range(draw(st.integers(1, 3)))]
    return Program(
        RANDOM_STAGES,
        {journey.id: journey for journey in found},
        draw(policies()),
        PARIS,
        keeps_appointments=True,
    )


@st.composite
def histories(draw: st.DrawFn, longest: int = 25) -> list[Event]:
    """Events on the hours of a few days, or a little beside; the customer is known from the
    start, and moves.
    """
    identify = {"email": "a@example.com", "phone": "+33612345678"}
    events = [Event(START, Kind.IDENTIFY, "", identify)]
    hours = st.one_of(st.integers(0, 72), st.integers(0, DAYS * 24))
    beside = st.sampled_from(
        [timedelta(0)] * 3 + [timedelta(milliseconds=1), timedelta(minutes=29, microseconds=7)]
    )
    for arrival in range(1, draw(st.integers(1, longest))):
        at = START + timedelta(hours=draw(hours)) + draw(beside)
        if draw(st.integers(0, 4)) == 0:  # somebody moves, or what they wait for does
            traits = draw(
                st.fixed_dictionaries(
                    {}, optional={"timezone": st.sampled_from(ZONES), "due": dates()}
                )
            )
            events.append(Event(at, Kind.IDENTIFY, "", traits, arrival))
        else:
            properties = {"n": draw(st.integers(0, 3)), "due": draw(dates())}
            events.append(Event(at, Kind.TRACK, draw(st.sampled_from(EVENTS)), properties, arrival))
    return events


@st.composite
def slow_tellers(draw: st.DrawFn) -> list[Event]:
    """A history of somebody who tells addresses and consent when they like: often within minutes
    of what they did.
    """
    did = [
        replace(e, properties={"plan": "basic"}) if e.kind is Kind.IDENTIFY else e
        for e in draw(histories())
    ]
    said: st.SearchStrategy[Mapping[str, Any]] = st.sampled_from(
        [
            {"email": "a@example.com"},
            {"email": None},
            {"email": "a@"},
            {"phone": "+33 (0)6 12 34 56 78"},
            {"phone": None},
            {"consent": {"email": True}},
            {"consent": {"email": None, "sms": "yes"}},
            {"consent": {"sms": "perhaps"}},
            {"email": "b@example.com", "consent": {"topics": {"news": False}}},
            {"consent": {"topics": {"News": True}, "email": "yes"}},
        ],
    )
    soon = st.sampled_from(
        [0, 40_000, 1_000_000, 60_000_000, 299_999_999, 300_000_000, 300_000_001, 3_600_000_000]
    )
    for arrival in range(draw(st.integers(1, 8))):
        at = draw(st.sampled_from([event.at for event in did])) + timedelta(microseconds=draw(soon))
        did.append(Event(at, Kind.IDENTIFY, "", draw(said), 1000 + arrival))
    return did


def dates() -> st.SearchStrategy[Any]:
    """Days, instants, Unix times, and what is no date."""
    days = st.integers(-1, DAYS).map(lambda days: START + timedelta(days=days))
    return st.one_of(
        days.map(lambda at: at.date().isoformat()),
        days.map(lambda at: at.isoformat()),
        days.map(lambda at: int(at.timestamp())),
        st.sampled_from([None, "soon", ""]),
    )
