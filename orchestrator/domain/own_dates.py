"""The dates by which a customer enters journeys, along their line: when the next comes, and which
have become known, or moved, when they were past.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from orchestrator.domain.journey import Journey
from orchestrator.domain.occasions import Occasions
from orchestrator.domain.state import CustomerState
from orchestrator.domain.triggers import ONE_OCCASION, DateTrigger
from orchestrator.domain.values import earlier

#: A trigger by a date, with its journey and up to when the project did not know it.
Dated = tuple[Journey, DateTrigger, datetime | None]


@dataclass(slots=True)
class Dates:
    """What one customer's dates mean, as they were when they were last read."""

    triggers: Sequence[Dated]
    meant: list[Occasions | None] = field(default_factory=list)
    taken_at: datetime | None = None  # the last instant whose dates have come
    _next: tuple[datetime, datetime | None] | None = None  # asked after which instant, and the next

    def read(self, state: CustomerState, at: datetime) -> list[Occasions | None]:
        """Reads them anew; returns what they meant before."""
        before = self.meant
        self.meant = [trigger.occasions(state, at) for _, trigger, _ in self.triggers]
        if self.meant != before:
            self._next = None
        return before

    def next_after(self, after: datetime) -> datetime | None:
        """The first instant > `after` at which one comes."""
        known = self._next
        if known is None or after < known[0] or (known[1] is not None and known[1] <= after):
            soonest = None
            for one in self.meant:
                soonest = earlier(soonest, one.next_after(after) if one is not None else None)
            self._next = known = after, soonest
        return known[1]

    def come(
        self, state: CustomerState, now: datetime, *, by_time: bool, by_news: bool
    ) -> Iterator[tuple[Journey, DateTrigger, datetime]]:
        """What comes now, and what was said so late that it should have come already: each with
        the instant that it means.
        """
        before, is_new = self.read(state, now), self.taken_at != now
        self.taken_at = now
        for (journey, trigger, since), was, one in zip(
            self.triggers, before, self.meant, strict=True
        ):
            at = one.last_at(now) if one is not None else None
            if at is None:
                continue
            if at == now:
                if is_new and by_time and (since is None or at > since):
                    yield journey, trigger, at
            elif by_news and _is_elsewhere(was, one):
                if _was_still_ahead(was, at, now):
                    yield journey, trigger, now
            elif by_news and _has_moved(was, one, now) and trigger.is_worth_it(at, now):
                yield journey, trigger, at


def _has_moved(was: Occasions | None, one: Occasions | None, now: datetime) -> bool:
    """Whether the last instant that a date means was another before."""
    if one == was or one is None:
        return False
    return was is None or was.last_at(now) != one.last_at(now)


def _is_elsewhere(was: Occasions | None, one: Occasions | None) -> bool:
    """Whether the same date is meant on another clock: its customer moved."""
    if was is None or one is None or was == one:
        return False
    return replace(was, zone=one.zone) == one


def _was_still_ahead(was: Occasions | None, at: datetime, now: datetime) -> bool:
    """Whether the occasion that is past on the clock of today had not come on the one before: who
    moves east past it meets it on the way."""
    last = was.last_at(now) if was is not None else None
    return last is None or at - last > ONE_OCCASION
