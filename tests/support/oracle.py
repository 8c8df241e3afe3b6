"""The language once more, slow and simple: delays, e-mails, exits, re-entry and caps, for one
customer.

Written from the specification, not from the engine; it knows nothing of ticks, expressions or
databases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

EXPIRES = timedelta(days=3)


@dataclass(frozen=True)
class Plan:
    """A journey. A step is a timedelta (a delay) or a template (an e-mail); `after` None means
    never again.
    """

    id: str
    trigger: str
    exit: str | None
    after: timedelta | None
    priority: int
    steps: tuple[timedelta | str, ...]


@dataclass
class Passage:
    plan: Plan
    entered: datetime
    due: datetime
    place: int = 0
    held_since: datetime | None = None
    ended: datetime | None = None


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
        if passage.place == len(passage.plan.steps):
            passage.ended = now
            return
        step = passage.plan.steps[passage.place]
        passage.due = now + step if isinstance(step, timedelta) else now

    def step(self, passage: Passage, now: datetime) -> None:
        step = passage.plan.steps[passage.place]
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
