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

from orchestrator.domain.expression import Scope, calls, customer_names, read_performed
from orchestrator.domain.lifecycle import Fact, Lifecycle
from orchestrator.domain.state import CustomerState

STAGE = "stage"


class Watch(ABC):
    """One thing that is watched: of a kind, which is the word of its triggers, and a name. `events`
    are those that may change its answer.
    """

    kind: ClassVar[str]
    name: str = ""  # "" where there is one of the kind
    events: frozenset[str] = frozenset()

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

    def __init__(self, lifecycle: Lifecycle, windowed: Iterable[Fact]) -> None:
        self._stages = lifecycle.stages
        self._windows = [(fact, fact.within) for fact in windowed if fact.within is not None]
        self.events = _events_read(lifecycle)

    def ask(self, scope: Scope) -> str | None:
        return next((one.name for one in self._stages if one.condition.test(scope)), None)

    def known(self, state: CustomerState) -> str | None:
        return state.stage

    def keep(self, state: CustomerState, answer: str | None, since: datetime | None) -> None:
        state.stage = answer
        if since is not None:
            state.stage_since = since

    def candidates(self, scope: Scope, state: CustomerState) -> Iterable[datetime]:
        for stage in self._stages:
            for candidates in stage.candidates:
                yield from candidates(scope)
        for fact, within in self._windows:
            yield from (at + within for at in state.first_within(fact, scope.now))


def _events_read(lifecycle: Lifecycle) -> frozenset[str]:
    """The events that the rules of stages read, by facts or performed(). A stage may ask
    in_segment().
    """
    conditions = [stage.condition for stage in lifecycle.stages]
    conditions += [segment.condition for segment in lifecycle.segments]
    found: set[str] = set()
    for tree in (condition.tree for condition in conditions):
        found |= {read_performed(call).event for call in calls(tree, "performed")}
        facts = (lifecycle.by_name.get(name) for name in customer_names(tree))
        for fact in (fact for fact in facts if fact is not None):
            found |= {fact.event, fact.minus or fact.event}
    return frozenset(found)
