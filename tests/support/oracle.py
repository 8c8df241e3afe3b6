"""The language once more, slow and simple: delays, e-mails, passes, exits, re-entry and caps, for
one customer.

Written from the specification, not from the engine; it knows nothing of ticks, expressions or
databases.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

EXPIRES = timedelta(days=3)


@dataclass(frozen=True)
class Again:
    """Steps that are done several times."""

    times: int
    every: timedelta
    steps: tuple[Work, ...]


@dataclass(frozen=True)
class Pass:
    """Where one of several passes begins: so long after the first began."""

    again: int  # which of the repeats
    after: timedelta


Work = timedelta | str | Again


def unrolled(steps: Sequence[Work], numbers: Iterator[int]) -> Iterator[timedelta | str | Pass]:
    """The steps as they come one after the other."""
    for step in steps:
        if not isinstance(step, Again):
            yield step
            continue
        number = next(numbers)
        for k in range(step.times):
            yield Pass(number, k * step.every)
            yield from unrolled(step.steps, numbers)


@dataclass(frozen=True)
class Plan:
    """A journey. A step is a timedelta (a delay), a template (an e-mail) or several passes; `after`
    None means never again.
    """

    id: str
    trigger: str
    exit: str | None
    after: timedelta | None
    priority: int
    steps: tuple[Work, ...]


@dataclass
class Passage:
    plan: Plan
    entered: datetime
    due: datetime
    place: int = 0
    held_since: datetime | None = None
    ended: datetime | None = None
    firsts: dict[int, datetime] = field(default_factory=dict)  # when each repeat began
    steps: list[timedelta | str | Pass] = field(init=False)

    def __post_init__(self) -> None:
        self.steps = list(unrolled(self.plan.steps, itertools.count()))


@dataclass
class Oracle:
    plans: Sequence[Plan]
    caps: Sequence[tuple[int, timedelta]]
    sent: list[tuple[datetime, str, str]] = field(default_factory=list)  # when, journey, template
    passages: list[Passage] = field(default_factory=list)

    def live(
        self, events: Sequence[tuple[datetime, str]], end: datetime
    ) -> list[tuple[datetime, str, str]]:
        """What is sent, in order."""
        waiting = sorted(events, key=lambda event: event[0])
        while True:
            instants = [at for at, _ in waiting[:1]] + [
                p.due for p in self.passages if p.ended is None
            ]
            if not instants or min(instants) > end:
                return self.sent
            now = min(instants)
            names = [name for at, name in waiting if at == now]
            waiting = waiting[len(names) :]
            self.instant(now, names)

    def instant(self, now: datetime, names: Sequence[str]) -> None:
        for passage in self.passages:  # exits, strictly after the entry
            if passage.ended is None and passage.plan.exit in names and now > passage.entered:
                passage.ended = now
        for name in names:  # entries
            for plan in self.plans:
                if plan.trigger == name and self.may_enter(plan, now):
                    self.passages.append(passage := Passage(plan, now, now))
                    self.arrive(passage, now)
        while due := [p for p in self.passages if p.ended is None and p.due <= now]:  # due steps
            self.step(min(due, key=lambda p: (p.due, -p.plan.priority, p.plan.id)), now)

    def may_enter(self, plan: Plan, now: datetime) -> bool:
        mine = [p for p in self.passages if p.plan is plan]
        if any(p.ended is None or p.ended >= now for p in mine):
            return False
        return not mine or (
            plan.after is not None and now >= max(p.entered for p in mine) + plan.after
        )

    def arrive(self, passage: Passage, now: datetime) -> None:
        passage.held_since = None
        if passage.place == len(passage.steps):
            passage.ended = now
            return
        step = passage.steps[passage.place]
        passage.due = now + step if isinstance(step, timedelta) else now
        if isinstance(step, Pass):
            first = passage.firsts.setdefault(step.again, now)
            passage.due = max(now, first + step.after)

    def step(self, passage: Passage, now: datetime) -> None:
        step = passage.steps[passage.place]
        if isinstance(step, str):
            free = self.free_from(now)
            if free > now:
                since = passage.held_since or now
                if now < since + EXPIRES:
                    passage.held_since, passage.due = since, min(free, since + EXPIRES)
                    return
            else:
                self.sent.append((now, passage.plan.id, step))
        passage.place += 1
        self.arrive(passage, now)

    def free_from(self, now: datetime) -> datetime:
        """When every cap has room: caps are rolling windows over what was sent."""
        free = now
        for count, window in self.caps:
            counted = [at for at, _, _ in self.sent if at > now - window]
            if len(counted) >= count:
                free = max(free, sorted(counted)[-count] + window)
        return free
