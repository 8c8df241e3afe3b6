"""Rules about segments: each must be one that all customers can be asked at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.phrase import said_by
from orchestrator.language.program_building import build_program
from orchestrator.language.project import Project
from orchestrator.lint.rules import ERROR, Finding, Rules
from orchestrator.lint.uses import usages

SEGMENTS: Rules[Project] = Rules()
_ANY_TIME = datetime(2026, 1, 1, tzinfo=UTC)


@SEGMENTS.rule(
    "segment-not-in-sql",
    why="A segment is asked of all customers at once, by the database, which cannot ask this.",
    mend="Do what the message says, or keep the answer as a fact or a trait.",
    severity=ERROR,
)
def segments_that_sql_cannot_ask(project: Project) -> Iterator[Finding]:
    """A rule of segments.yaml that does not compile to SQL."""
    asked = [usage for usage in usages(project) if usage.path[:1] == ("segments",)]
    if not asked:
        return
    # what speaks to databases loads in half a second, and most projects have no segments
    from orchestrator.store.expression_sql import AllCustomers, compile_rule

    everybody = AllCustomers(build_program(project), _ANY_TIME)
    for usage in asked:
        try:
            for is_sqlite in (True, False):
                compile_rule(usage.tree, everybody, is_sqlite=is_sqlite)
        except ExpressionInvalid as fault:
            yield usage.spot, said_by(fault)
