"""Who belongs to a segment, asked of all customers by one statement."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import Table, func, inspect, select
from sqlalchemy.sql.visitors import iterate

from orchestrator.domain.expression import Expr
from orchestrator.store.database import Database
from orchestrator.store.expression_sql import AllCustomers, compile_rule
from orchestrator.store.sql_value import Condition
from orchestrator.store.tables import CUSTOMERS, EVENTS
from orchestrator.store.transaction import Transaction

_c = CUSTOMERS.c
_BY_NAME = "events_by_name"


class Member(NamedTuple):
    """A customer who belongs to it."""

    external_id: str
    email: str | None
    phone: str | None
    stage: str | None
    anonymous: bool


def prepare(database: Database, rule: Expr, everybody: AllCustomers) -> None:
    """Makes the index by which events are found by their name, with the first rule that asks for
    some: a project without such a rule takes events in without its cost.
    """
    holds = compile_rule(rule, everybody, is_sqlite=database.is_sqlite)
    if EVENTS.name not in {table.name for table in _tables_of(holds)}:
        return
    known = {index["name"] for index in inspect(database.engine).get_indexes(EVENTS.name)}
    if _BY_NAME not in known:
        with database.write() as transaction:
            transaction.exec_driver_sql(
                f"CREATE INDEX IF NOT EXISTS {_BY_NAME} ON events (customer_id, name, at)"
            )


def _tables_of(holds: Condition) -> Iterator[Table]:
    return (part for part in iterate(holds) if isinstance(part, Table))


def count_members(transaction: Transaction, rule: Expr, everybody: AllCustomers) -> int:
    """For how many customers a rule holds; raises ExpressionInvalid where SQL cannot ask it."""
    members = select(func.count()).where(*_belong(transaction, rule, everybody))
    return transaction.scalar(members) or 0


def list_members(
    transaction: Transaction, rule: Expr, everybody: AllCustomers, limit: int | None = None
) -> Iterator[Member]:
    """Those for whom it holds, in the order in which they came; at most `limit`."""
    phone = _c.traits["phone"].as_string()
    members = (
        select(_c.external_id, _c.traits["email"].as_string(), phone, _c.stage, _c.anonymous)
        .where(*_belong(transaction, rule, everybody))
        .order_by(_c.id)
        .limit(limit)
    )
    yield from (Member(*row) for row in transaction.execute(members))


def _belong(transaction: Transaction, rule: Expr, everybody: AllCustomers) -> tuple[Condition, ...]:
    holds = compile_rule(rule, everybody, is_sqlite=transaction.is_sqlite)
    return _c.merged_into.is_(None), holds
