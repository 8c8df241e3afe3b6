"""A project made ready to run: journeys indexed by what they listen to, and the names whose history
they read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from orchestrator.domain.event import ANY_EVENT, Event
from orchestrator.domain.expression import (
    Condition,
    Expr,
    Scope,
    Value,
    calls,
    customer_names,
    read_performed,
    read_received_window,
)
from orchestrator.domain.journey import (
    Coupon,
    EventTrigger,
    Journey,
    Reward,
    ScheduleTrigger,
    Split,
    StageTrigger,
)
from orchestrator.domain.lifecycle import Fact, Lifecycle
from orchestrator.domain.matching import Matching
from orchestrator.domain.policy import Policy

LATE = timedelta(
    minutes=5
)  # a step that ran later than this counts its next delays from when it ran


def plain_code(key: str) -> str:
    """A coupon code from a key, for back-tests; the live engine signs the key with the project's
    secret.
    """
    return blake2b(key.encode(), digest_size=6).hexdigest().upper()


@dataclass(slots=True)
class Program:
    """Everything a run needs besides the customer. Built once per project version.

    `pinned` holds earlier versions of journeys by (id, version) for the people who finish them;
    `edits` what became of the steps of those versions whose people follow the text of today.
    `edited_at`, on a virtual clock only: everything up to then was done before those edits.
    """

    lifecycle: Lifecycle
    journeys: Mapping[str, Journey]
    policy: Policy
    zone: ZoneInfo
    locale: str = "en"
    currency: str = "EUR"
    holdout_global: float = 0.0
    max_age: timedelta = timedelta(
        hours=24
    )  # how late an event may come and still count for more than facts
    pinned: Mapping[tuple[str, str], Journey] = field(default_factory=dict)
    edits: Mapping[tuple[str, str], Matching] = field(default_factory=dict)
    edited_at: datetime | None = None
    coupon_code: Callable[[str], str] = plain_code
    template_calls: tuple[Expr, ...] = ()  # the functions of the language that templates call

    by_event: dict[str, list[tuple[Journey, EventTrigger]]] = field(default_factory=dict)
    by_stage: dict[str, list[tuple[Journey, StageTrigger]]] = field(default_factory=dict)
    scheduled: list[tuple[Journey, ScheduleTrigger]] = field(default_factory=list)
    history: dict[str, timedelta | None] = field(default_factory=dict)
    facts_by_event: dict[str, list[Fact]] = field(default_factory=dict)
    any_event_facts: list[Fact] = field(default_factory=list)
    windowed: list[Fact] = field(default_factory=list)
    stage_events: set[str] = field(
        default_factory=set
    )  # the events that a stage rule reads, by facts or performed()
    segment_tests: dict[str, Callable[[Scope], bool]] = field(default_factory=dict)
    sent_window: timedelta | None = timedelta(
        0
    )  # how far back caps and received() look; None: for ever
    has_splits: bool = False  # or holdouts, which are splits of their own
    has_grants: bool = False

    def __post_init__(self) -> None:
        for segment in self.lifecycle.segments:
            self.segment_tests[segment.name] = segment.condition.test
        for journey in self.journeys.values():
            self._index_triggers(journey)
        for fact in self.lifecycle.facts:
            self._index_fact(fact)
        for tree in self._trees():
            for call in calls(tree, "performed"):
                performed = read_performed(call)
                self._keep_history(performed.event, performed.within)
        self._learn_stage_events()
        self._look_ahead()

    def _learn_stage_events(self) -> None:
        conditions = [stage.condition for stage in self.lifecycle.stages]
        conditions += [
            segment.condition for segment in self.lifecycle.segments
        ]  # a stage may ask in_segment()
        for tree in (condition.tree for condition in conditions):
            self.stage_events |= {read_performed(call).event for call in calls(tree, "performed")}
            facts = (self.lifecycle.by_name.get(name) for name in customer_names(tree))
            for fact in facts:
                if fact is not None:
                    self.stage_events |= {fact.event, fact.minus or fact.event}

    def history_names(self, event: Event) -> list[str]:
        """The names under which an event is kept for windows: its own, and `any event`."""
        own = [event.name] if event.name in self.history else []
        return [*own, ANY_EVENT] if event.is_activity and ANY_EVENT in self.history else own

    def moves_stage(self, event: str) -> bool:
        """Whether an event of that name may change what a stage rule reads."""
        return event in self.stage_events or ANY_EVENT in self.stage_events

    def _look_ahead(self) -> None:
        """Learns what need not be loaded because no journey uses it."""
        steps = [
            step
            for journey in (*self.journeys.values(), *self.pinned.values())
            for step in journey.walk_steps()
        ]
        holdouts = [self.holdout_global, *(journey.holdout for journey in self.journeys.values())]
        self.has_splits = any(holdouts) or any(isinstance(step, Split) for step in steps)
        self.has_grants = any(isinstance(step, Coupon | Reward) for step in steps)
        windows = [
            read_received_window(call) for tree in self._trees() for call in calls(tree, "received")
        ]
        windows.append(self.policy.longest_window)
        self.sent_window = (
            None if None in windows else max(window for window in windows if window is not None)
        )

    def _index_triggers(self, journey: Journey) -> None:
        for trigger in journey.triggers:
            match trigger:
                case EventTrigger():
                    self.by_event.setdefault(trigger.event, []).append((journey, trigger))
                case StageTrigger():
                    self.by_stage.setdefault(trigger.stage, []).append((journey, trigger))
                case ScheduleTrigger():
                    self.scheduled.append((journey, trigger))

    def _index_fact(self, fact: Fact) -> None:
        if fact.within is not None:
            self.windowed.append(fact)
            for name in filter(None, (fact.event, fact.minus)):
                self._keep_history(name, fact.within)
        elif fact.event == ANY_EVENT:
            self.any_event_facts.append(fact)
        else:
            for event in {fact.event, fact.minus or fact.event}:
                self.facts_by_event.setdefault(event, []).append(fact)

    def _keep_history(self, event: str, window: timedelta | None) -> None:
        known = self.history.get(event, timedelta(0))
        self.history[event] = None if window is None or known is None else max(window, known)

    def _trees(self) -> Iterable[Expr]:
        yield from (stage.condition.tree for stage in self.lifecycle.stages)
        yield from (segment.condition.tree for segment in self.lifecycle.segments)
        yield from self.template_calls
        for journey in (*self.journeys.values(), *self.pinned.values()):
            yield from find_trees(journey)

    def journey_of(self, journey_id: str, version: str) -> Journey | None:
        """The journey an enrollment follows: the version it entered when that one is pinned, else
        today's.
        """
        return self.pinned.get((journey_id, version)) or self.journeys.get(journey_id)


def find_trees(part: Any) -> Iterable[Expr]:
    """Every expression tree in a journey or a part of one."""
    if isinstance(part, Condition):
        yield part.tree
    elif isinstance(part, Value):
        yield from part.trees
    elif isinstance(part, tuple):
        for item in part:
            yield from find_trees(item)
    elif isinstance(part, Journey):
        yield from find_trees((part.triggers, part.only_if, part.exits, part.goal, part.steps))
    elif hasattr(part, "__dataclass_fields__"):
        for name in part.__dataclass_fields__:
            yield from find_trees(getattr(part, name))
