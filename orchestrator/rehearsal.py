"""Runs the `tests:` of a journey on a virtual clock: what was expected, what happened, and when.

A test holds one customer, their events at times counted from the start, and the messages expected, completely and in
order; coupons, rewards, tasks and exits are checked where the test names them. The journey runs alone, under the
project's caps and quiet hours, without its holdout.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.domain.effects import Decision, DecisionKind, Effect, Grant, QueueMessage, TaskMade
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.journey import Journey, JourneyTest
from orchestrator.domain.message import Medium
from orchestrator.domain.program import Program
from orchestrator.domain.schedule import format_duration, parse_duration
from orchestrator.domain.state import CustomerState
from orchestrator.domain.timeline import run
from orchestrator.domain.values import INSTANT, as_text

START = datetime(2026, 1, 5, 10, tzinfo=UTC)  # a Monday morning
RUN_ON = timedelta(days=400)
MEDIA = tuple(str(medium) for medium in Medium)


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened, or was expected: `what` such as `email`, `reward`; `which` its template, receiver, …"""

    after: timedelta
    what: str
    which: str

    def __str__(self) -> str:
        return f"at {format_duration(self.after)}: {self.what} {self.which}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one test; `missing` was expected and did not happen, `surplus` happened and was not expected."""

    test: JourneyTest
    happened: tuple[Happening, ...]
    missing: tuple[Happening, ...]
    surplus: tuple[Happening, ...]

    @property
    def passed(self) -> bool:
        """Whether everything happened as expected."""
        return not self.missing and not self.surplus

    def __str__(self) -> str:
        lines = [f"{'ok' if self.passed else 'FAILED'}: {self.test.name}"]
        lines += [f"  expected, did not happen: {one}" for one in self.missing]
        lines += [f"  happened, not expected:   {one}" for one in self.surplus]
        if not self.passed:
            lines += [f"  what happened: {one}" for one in self.happened] or ["  nothing happened"]
        return "\n".join(lines)


def rehearse(program: Program, journey: Journey, test: JourneyTest) -> Verdict:
    """Runs one test of a journey."""
    alone = replace(journey, holdout=0.0)
    program = Program(
        program.lifecycle, {alone.id: alone}, program.policy, program.zone, program.locale, program.currency
    )
    start = test.start or START
    state = CustomerState("test", program.lifecycle, program.zone, program.locale)
    effects = run(program, state, read_events(test, start), start + RUN_ON)
    happened = tuple(_happenings(effects, start))
    expected = [_read_expectation(one) for one in test.expect]
    named = {(one.what, one.after) for one in expected if one.what not in MEDIA}
    missing = [one for one in expected if one not in happened]
    surplus = [one for one in happened if one not in expected and (one.what in MEDIA or (one.what, one.after) in named)]
    return Verdict(test, happened, tuple(missing), tuple(surplus))


def read_events(test: JourneyTest, start: datetime) -> list[Event]:
    """The calls of a test: who the customer is, just before the start, then the events."""
    events = [Event(start - INSTANT, Kind.IDENTIFY, "", test.customer, arrival=-1)]
    for arrival, written in enumerate(test.events):
        at = start + parse_duration(str(written["at"]))
        if "identify" in written:
            events.append(Event(at, Kind.IDENTIFY, "", written["identify"], arrival))
        elif "start" in written:
            events.append(Event(at, Kind.START, str(written["start"]), written.get("properties") or {}, arrival))
        else:
            events.append(Event(at, Kind.TRACK, str(written["event"]), written.get("properties") or {}, arrival))
    return events


def _happenings(effects: list[Effect], start: datetime) -> Iterator[Happening]:
    for effect in effects:
        match effect:
            case QueueMessage(at, _, step):
                yield Happening(at - start, str(step.medium), step.template)
            case Grant(at=at, is_reward=True, to=to):
                yield Happening(at - start, "reward", str(to))
            case Grant(at=at, coupon=coupon):
                yield Happening(at - start, "coupon", as_text(coupon.get("percent", coupon.get("amount"))))
            case TaskMade(at=at, type=kind):
                yield Happening(at - start, "task", kind)
            case Decision(at=at, kind=DecisionKind.LEFT, reason=reason):
                yield Happening(at - start, "exit", reason)


def _read_expectation(written: Any) -> Happening:
    what = next(key for key in written if key != "at")
    return Happening(parse_duration(str(written["at"])), what, as_text(written[what]))
