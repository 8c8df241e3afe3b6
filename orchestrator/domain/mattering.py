"""Which events can matter to a project: half of a shop's history is views of products that nothing
asks about.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.domain.account import LEFT_ACCOUNT
from orchestrator.domain.agreeing import CONFIRMED
from orchestrator.domain.applying import ORDER_COMPLETED
from orchestrator.domain.event import ANY_EVENT
from orchestrator.domain.program import Program


def names_that_matter(program: Program) -> frozenset[str] | None:
    """The names of all events that a fact, a rule, a trigger or a step reads. An activity of
    another name that says nothing of consent changes no more than since when its customer is
    known. None: of whatever name, each may matter.
    """
    names = frozenset(filter(None, _names(program)))
    return None if ANY_EVENT in names else names


def _names(program: Program) -> Iterator[str | None]:
    index = program.index
    yield ORDER_COMPLETED  # redeems the coupon that it carries
    yield LEFT_ACCOUNT if index.accounts.are_used else None
    yield CONFIRMED if program.policy.confirmed_media else None  # grants what was asked
    yield from index.by_event
    yield from index.history
    yield from index.facts_by_event
    yield from (fact.event for fact in index.any_event_facts)
    for watch in index.watches:
        yield from watch.events
    for journey in program.all_journeys():
        yield from _or_any(journey.listens_for)
        for step in journey.walk_steps():
            yield step.awaits
            yield from _or_any(None if step.heeds_all_news else ())


def _or_any(names: Iterable[str] | None) -> Iterable[str]:
    return (ANY_EVENT,) if names is None else names
