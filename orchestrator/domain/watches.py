"""What is watched of each customer: answers that an event, or time alone, may change. Each change
has its exact instant, is told, and may trigger.

A watch is a rule of the project, the same for everybody. The answer of one customer is kept in
their state; `domain.watching` looks when it changes on their line.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from orchestrator.domain.event import Event, Kind
from orchestrator.domain.expression import Scope
from orchestrator.domain.lifecycle import Lifecycle, Segment
from orchestrator.domain.stage_rules import StageRules, rules_by_stage, rules_of_segment
from orchestrator.domain.state import CustomerState, Membership

STAGE = "stage"
SEGMENT = "segment"
#: The answers of a segment.
INSIDE, OUTSIDE = "inside", "outside"


class Watch(ABC):
    """One thing that is watched: of a kind, which is the word of its triggers, and a name. `events`
    are those that may change its answer.
    """

    kind: ClassVar[str]
    name: str = ""  # "" where there is one of the kind
    events: frozenset[str] = frozenset()

    def is_moved_by(self, event: Event, state: CustomerState) -> bool:
        """Whether one of its events, or who somebody is, may change the answer of this customer."""
        return True

    def is_news(self, before: str | None, answer: str | None) -> bool:
        """Whether another answer than before is told."""
        return True

    @abstractmethod
    def ask(self, scope: Scope) -> str | None:
        """The answer that holds now."""

    @abstractmethod
    def known(self, state: CustomerState) -> str | None:
        """The answer that held when it was last asked."""

    @abstractmethod
    def keep(self, state: CustomerState, answer: str | None, since: datetime | None) -> None:
        """Keeps an answer, and since when it holds (None: that is kept as it is)."""

    @abstractmethod
    def candidates(self, scope: Scope, state: CustomerState) -> Iterable[datetime]:
        """Instants of which the first to come is the first at which time alone may change the
        answer.
        """


class StageWatch(Watch):
    """The lifecycle stage: the first whose rule holds."""

    kind = STAGE

    def __init__(self, lifecycle: Lifecycle) -> None:
        self._stages, self._rules = lifecycle.stages, rules_by_stage(lifecycle)
        self.events = self._rules[None].events

    def is_moved_by(self, event: Event, state: CustomerState) -> bool:
        return event.kind < Kind.TRACK or self._rules_of(state.stage).read(event.name)

    def _rules_of(self, stage: str | None) -> StageRules:
        """The rules that decide whether somebody stays in a stage; of one no more known, all."""
        return self._rules.get(stage) or self._rules[None]

    def ask(self, scope: Scope) -> str | None:
        return next((one.name for one in self._stages if one.condition.test(scope)), None)

    def known(self, state: CustomerState) -> str | None:
        return state.stage

    def keep(self, state: CustomerState, answer: str | None, since: datetime | None) -> None:
        state.stage = answer
        if since is not None:
            state.stage_since = since

    def candidates(self, scope: Scope, state: CustomerState) -> Iterable[datetime]:
        return self._rules_of(state.stage).all_candidates(scope, state)


class SegmentWatch(Watch):
    """Whether somebody is in a segment."""

    kind = SEGMENT

    def __init__(self, segment: Segment, lifecycle: Lifecycle) -> None:
        self.name = segment.name
        self._holds, self._rules = segment.condition.test, rules_of_segment(segment, lifecycle)
        self.events = self._rules.events

    def is_moved_by(self, event: Event, state: CustomerState) -> bool:
        return event.kind < Kind.TRACK or self._rules.read(event.name)

    def ask(self, scope: Scope) -> str | None:
        return INSIDE if self._holds(scope) else OUTSIDE

    def known(self, state: CustomerState) -> str | None:
        known = state.segments.get(self.name)
        return None if known is None else known.answer

    def keep(self, state: CustomerState, answer: str | None, since: datetime | None) -> None:
        known = state.segments.get(self.name)
        since = known.since if since is None and known is not None else since
        state.segments[self.name] = Membership(answer, since)

    def is_news(self, before: str | None, answer: str | None) -> bool:
        return INSIDE in (before, answer)  # somebody new who is outside left nothing

    def candidates(self, scope: Scope, state: CustomerState) -> Iterable[datetime]:
        return self._rules.all_candidates(scope, state)
