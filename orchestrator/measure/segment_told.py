"""Who belongs to a segment now, for whoever is about to write to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.answer import Part, Table
from orchestrator.domain.formatting import count
from orchestrator.domain.lifecycle import Segment
from orchestrator.language.program_building import build_program
from orchestrator.language.project import Project
from orchestrator.store import customers, segments
from orchestrator.store.database import Database
from orchestrator.store.expression_sql import AllCustomers
from orchestrator.store.segments import Member
from orchestrator.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Counted:
    """A segment, how many customers belong to it, and how many there are."""

    segment: Segment
    members: int
    customers: int

    def told(self) -> str:
        """`vip: 1,204 of 100,000 customers (1.2 %)`."""
        all_of_them = count(self.customers, "customer")
        share = f" ({self.members / self.customers:.1%})" if self.customers else ""
        return f"{self.segment.name}: {self.members:,} of {all_of_them}{share}"

    def as_plain(self, members: Sequence[Member]) -> dict[str, object]:
        """The same for machines, with the ids of some of its customers."""
        ids = [one.external_id for one in members]
        return {
            "segment": self.segment.name, "members": self.members, "of": self.customers,
            "sample": ids,
        }  # fmt: skip


def count_segment(transaction: Transaction, known: Segment, everybody: AllCustomers) -> Counted:
    """Asks everybody; raises ExpressionInvalid where SQL cannot ask the segment's rule."""
    members = segments.count_members(transaction, known.condition.tree, everybody)
    return Counted(known, members, customers.count_customers(transaction))


def everybody_at(now: datetime, project: Project) -> AllCustomers:
    """Everybody, asked at once."""
    return AllCustomers(build_program(project), now, by_pages=False)


def as_table(members: Sequence[Member]) -> Part:
    """Some of them, to see whether they are those who were meant."""
    rows = tuple((one.external_id, one.email, one.stage) for one in members)
    return Table(("CUSTOMER", "EMAIL", "STAGE"), rows)


def belonging(database: Database, known: Segment, everybody: AllCustomers) -> list[Member]:
    """All who belong to it."""
    rule = known.condition.tree
    segments.prepare(database, rule, everybody)
    with database.read() as transaction:
        return [*segments.list_members(transaction, rule, everybody)]


COLUMNS = ("user_id", "email", "phone")


def as_rows(members: Iterable[Member]) -> Iterator[tuple[str, str, str]]:
    """All of them for a file of those columns."""
    return ((one.external_id, one.email or "", one.phone or "") for one in members)
