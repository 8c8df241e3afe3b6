"""Rules about what all customers are asked at once: segments, and triggers that call many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.phrase import said_by
from orchestrator.language.program_building import build_program
from orchestrator.language.project import Project
from orchestrator.lint.rules import ERROR, Finding, Rules
from orchestrator.lint.uses import Usage, usages

SEGMENTS: Rules[Project] = Rules()
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)
_CALLS = frozenset({"schedule", "once", "business_event"})
_MEND = "Do what the message says, or keep the answer as a fact or a trait."


@SEGMENTS.rule(
    "segment-not-in-sql",
    why="A segment is asked of all customers at once, by the database, which cannot ask this.",
    mend=_MEND,
    severity=ERROR,
)
def segments_that_sql_cannot_ask(project: Project) -> Iterator[Finding]:
    """A rule of segments.yaml that does not compile to SQL."""
    yield from _not_in_sql(project, lambda usage: usage.path[:1] == ("segments",))


@SEGMENTS.rule(
    "trigger-not-in-sql",
    why="A schedule, `once` or business event asks all customers at once, by the database, which "
    "cannot ask this.",
    mend=_MEND,
    severity=ERROR,
)
def triggers_that_sql_cannot_ask(project: Project) -> Iterator[Finding]:
    """The `if` or `to` of a trigger that calls many which does not compile to SQL."""
    yield from _not_in_sql(project, _is_asked_of_many)


def _is_asked_of_many(usage: Usage) -> bool:
    """Whether it stands in a trigger that calls many customers."""
    trigger = usage.document.get(usage.path[:-1]) if usage.path[:1] == ("trigger",) else None
    return isinstance(trigger, Mapping) and not _CALLS.isdisjoint(trigger)


def _not_in_sql(project: Project, is_asked: Callable[[Usage], bool]) -> Iterator[Finding]:
    asked = [usage for usage in usages(project) if is_asked(usage)]
    if not asked:
        return
    # what speaks to databases loads in half a second, and most projects have no segments
    from orchestrator.store.expression_sql import AllCustomers, compile_rule

    everybody = AllCustomers(build_program(project), _ANY_TIME, {"event": {}})
    for usage in asked:
        try:
            for is_sqlite in (True, False):
                compile_rule(usage.tree, everybody, is_sqlite=is_sqlite)
        except ExpressionInvalid as fault:
            yield usage.spot, said_by(fault)
