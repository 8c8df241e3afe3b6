"""What decides whether customers stay in their stage (its rule, and those above it), or in a
segment (its rule).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.domain.event import ANY_EVENT
from orchestrator.domain.expression import (
    Expr,
    Scope,
    calls,
    constant,
    customer_names,
    read_performed,
)
from orchestrator.domain.instants import Candidates
from orchestrator.domain.lifecycle import Fact, Lifecycle, Segment, Stage
from orchestrator.domain.state import CustomerState


@dataclass(frozen=True, slots=True)
class StageRules:
    """The rules from the top down to that of a stage. The first that holds is the customer's stage,
    so those below say nothing while this one holds.

    `events` are those that the rules read, by facts or performed(), `windows` their facts over a
    window, `candidates` give the other instants at which time alone may change an answer.
    """

    events: frozenset[str] = frozenset()
    candidates: tuple[Candidates, ...] = ()
    windows: tuple[tuple[Fact, timedelta], ...] = ()

    def all_candidates(self, scope: Scope, state: CustomerState) -> Iterator[datetime]:
        """The instants at which time alone may change an answer."""
        for candidates in self.candidates:
            yield from candidates(scope)
        for fact, within in self.windows:
            yield from (at + within for at in state.first_within(fact, scope.now))

    def read(self, event: str) -> bool:
        """Whether an event of that name may change an answer."""
        return event in self.events or ANY_EVENT in self.events


def rules_by_stage(lifecycle: Lifecycle) -> dict[str | None, StageRules]:
    """The rules that decide about each stage; under None all of them."""
    rules, found = StageRules(), dict[str | None, StageRules]()
    for stage in lifecycle.stages:
        rules = found[stage.name] = _with_rule(rules, stage, lifecycle)
    found[None] = rules
    return found


def rules_of_segment(segment: Segment, lifecycle: Lifecycle) -> StageRules:
    """The rule that decides about a segment."""
    return _with_rule(StageRules(), segment, lifecycle)


def _with_rule(rules: StageRules, one: Stage | Segment, lifecycle: Lifecycle) -> StageRules:
    """The same with one rule more."""
    events, read = set(rules.events), [fact for fact, _ in rules.windows]
    for tree in _trees(one.condition.tree, lifecycle, set()):
        events |= {read_performed(call).event for call in calls(tree, "performed")}
        known = customer_names(tree) & lifecycle.by_name.keys()
        read += [lifecycle.by_name[name] for name in known]
    events |= {name for fact in read for name in (fact.event, fact.minus) if name}
    windows = {fact.name: (fact, fact.within) for fact in read if fact.within is not None}
    candidates = *rules.candidates, *one.candidates
    return StageRules(frozenset(events), candidates, tuple(windows.values()))


def _trees(tree: Expr, lifecycle: Lifecycle, seen: set[str]) -> Iterator[Expr]:
    """A rule, and those of the segments that it asks for."""
    yield tree
    asked = {constant(call.args[0], str, "in_segment") for call in calls(tree, "in_segment")}
    for segment in lifecycle.segments:
        if segment.name in asked - seen:
            seen.add(segment.name)
            yield from _trees(segment.condition.tree, lifecycle, seen)
