"""What decides whether customers stay in their stage: its rule, and those above it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from orchestrator.domain.event import ANY_EVENT
from orchestrator.domain.expression import Expr, calls, constant, customer_names, read_performed
from orchestrator.domain.instants import Candidates
from orchestrator.domain.lifecycle import Fact, Lifecycle


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

    def read(self, event: str) -> bool:
        """Whether an event of that name may change an answer."""
        return event in self.events or ANY_EVENT in self.events


def rules_by_stage(lifecycle: Lifecycle) -> dict[str | None, StageRules]:
    """The rules that decide about each stage; under None all of them."""
    rules, found, known = StageRules(), dict[str | None, StageRules](), lifecycle.by_name.keys()
    for stage in lifecycle.stages:
        events, read = set(rules.events), [fact for fact, _ in rules.windows]
        for tree in _trees(stage.condition.tree, lifecycle, set()):
            events |= {read_performed(call).event for call in calls(tree, "performed")}
            read += [lifecycle.by_name[name] for name in customer_names(tree) & known]
        events |= {name for fact in read for name in (fact.event, fact.minus) if name}
        windows = {fact.name: (fact, fact.within) for fact in read if fact.within is not None}
        rules = StageRules(
            frozenset(events), (*rules.candidates, *stage.candidates), tuple(windows.values())
        )
        found[stage.name] = rules
    found[None] = rules
    return found


def _trees(tree: Expr, lifecycle: Lifecycle, seen: set[str]) -> Iterator[Expr]:
    """A rule, and those of the segments that it asks for."""
    yield tree
    asked = {constant(call.args[0], str, "in_segment") for call in calls(tree, "in_segment")}
    for segment in lifecycle.segments:
        if segment.name in asked - seen:
            seen.add(segment.name)
            yield from _trees(segment.condition.tree, lifecycle, seen)
