"""Customers, their anonymous ids, and who is due."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, case, func, literal, select, update

from orchestrator.domain.identity import Person
from orchestrator.store.calling import not_called_since
from orchestrator.store.prepared import Prepared, Query, Values, among
from orchestrator.store.tables import CUSTOMERS, ENROLLMENTS, LINKS
from orchestrator.store.transaction import LEAVE, Transaction

_c = CUSTOMERS.c
_FOUND = Query(
    select(_c.external_id, _c.anonymous, _c.id, _c.merged_into).where(among(_c.external_id, "ids"))
)
_survivor = CUSTOMERS.alias("survivor")
_ALIASES = Query(
    select(_c.external_id, _survivor.c.external_id)
    .join(_survivor, _survivor.c.id == _c.merged_into)
    .where(among(_c.id, "ids"))
)
_LINKED = Query(
    select(LINKS.c.anonymous_id, LINKS.c.user_id).where(among(LINKS.c.anonymous_id, "ids"))
)
_now = bindparam("now", type_=_c.next_due_at.type)


def _no_later_than(at: ColumnElement[datetime]) -> ColumnElement[datetime | None]:
    """When to look at a customer again, who has something new at an instant: what was due before
    stays so.
    """
    return case((_c.next_due_at < at, _c.next_due_at), else_=at)


_MARK = Prepared(
    update(CUSTOMERS).where(among(_c.id, "ids")).values(next_due_at=_no_later_than(_now)),
    ["ids", "now"],
)
_DUE_AT = Query(
    select(_c.id, _c.next_due_at).where(among(_c.id, "ids"), _c.next_due_at.is_not(None))
)
_LOCKED = Query(select(_c.id).where(among(_c.id, "ids")).with_for_update())
_IS_DUE = select(_c.id).where(_c.next_due_at <= _now).order_by(_c.next_due_at)
_CLAIMED = _IS_DUE.limit(bindparam("count")).with_for_update(skip_locked=True)
_DUE = Query(_CLAIMED)
_DUE_IN_ORDER = Query(_CLAIMED.order_by(_c.id))
_ALL_DUE = Query(_IS_DUE.order_by(_c.id))


_OF_NEW = (
    "id", "external_id", "anonymous", "created_at", "traits", "facts", "facts_version", "consent",
    "applied_event_id",
)  # fmt: skip


class Found(NamedTuple):
    """Who was looked for: the ids of those that exist, and the names of today of users that were
    merged into another."""

    ids: dict[Person, int]
    aliases: dict[str, str]


def find_customers(transaction: Transaction, persons: Collection[Person]) -> dict[Person, int]:
    """The ids of the customers among `persons` that exist and were not merged into another."""
    return find_known(transaction, persons).ids


def find_known(transaction: Transaction, persons: Collection[Person]) -> Found:
    """The customers among `persons` that exist, and under which id users go on that were merged
    into another.
    """
    found, gone = dict[Person, int](), list[int]()
    names = list({person.id for person in persons})
    rows = transaction.rows(_FOUND, ids=names) if names else ()
    for external_id, anonymous, customer_id, merged_into in rows:
        if merged_into is None:
            found[Person(external_id, anonymous)] = customer_id
        elif not anonymous:
            gone.append(customer_id)
    aliases = dict(transaction.rows(_ALIASES, ids=gone)) if gone else {}
    return Found(found, aliases)


def find_links(transaction: Transaction, anonymous_ids: Collection[str]) -> dict[str, str]:
    """The known ids that these anonymous ids belong to."""
    return dict(transaction.rows(_LINKED, ids=list(anonymous_ids))) if anonymous_ids else {}


def save_links(transaction: Transaction, links: Mapping[str, str]) -> None:
    """Writes new and changed links."""
    rows = [{"anonymous_id": key, "user_id": value} for key, value in links.items()]
    transaction.upsert(LINKS, rows, keys=["anonymous_id"], values=["user_id"])


def add_customers(
    transaction: Transaction, persons: Sequence[Person], now: datetime
) -> dict[Person, int]:
    """Makes customers that do not exist yet; returns their ids."""
    ids = dict(zip(persons, transaction.take_ids(CUSTOMERS, len(persons)), strict=True))
    rows: list[Values] = [(key, *person, now, {}, {}, "", {}, 0) for person, key in ids.items()]
    if transaction.insert_values(CUSTOMERS, _OF_NEW, rows, LEAVE) == len(rows):
        return ids
    return find_customers(transaction, persons)  # somebody else made one of them


def mark_due(transaction: Transaction, ids: Collection[int], now: datetime) -> None:
    """Has these customers looked at now: each asks by themselves for the instants that have not
    called yet. In PostgreSQL this also locks them: events are inserted only after it, so that no
    event can slip below the mark of a worker that is advancing the customer.
    """
    wake(transaction, ids, not_called_since(transaction, now))


def wake(transaction: Transaction, ids: Collection[int], at: datetime) -> None:
    """Has these customers looked at as of an instant, or of what was due before."""
    transaction.run(_MARK, [(sorted(ids), at)])


def wake_each(transaction: Transaction, instants: Iterable[tuple[int, datetime]]) -> None:
    """The same of each as of an instant of their own."""
    transaction.run(_MARK, [([key], at) for key, at in instants])


def absorb_customers(transaction: Transaction, pairs: Collection[tuple[int, int]]) -> None:
    """Marks customers as merged: (absorbed, survivor). Their lines are run with the survivor's from
    now on, as of what was due on either.
    """
    if pairs:
        due = dict(transaction.rows(_DUE_AT, ids=[gone for gone, _ in pairs]))
        woken = [([into], due[gone]) for gone, into in pairs if gone in due]
        transaction.run(_MARK, woken)
        statement = (
            update(CUSTOMERS)
            .where(CUSTOMERS.c.id == bindparam("gone"))
            .values(merged_into=bindparam("into"), next_due_at=None)
        )
        transaction.execute(statement, [{"gone": gone, "into": into} for gone, into in pairs])


def redirect(transaction: Transaction, users: Collection[tuple[Person, Person]]) -> None:
    """Has what led to users who were merged into others lead there: (gone, survivor). Asked for
    aliases of known users alone; an anonymous id has nothing that leads to it.
    """
    for gone, into in users:
        ids = select(_c.id).where(_c.external_id == gone.id, _c.anonymous.is_(False))
        survivor = select(_c.id).where(_c.external_id == into.id, _c.anonymous.is_(False))
        linked = update(LINKS).where(LINKS.c.user_id == gone.id).values(user_id=into.id)
        merged = update(CUSTOMERS).where(_c.merged_into == ids.scalar_subquery())
        transaction.execute(linked)
        transaction.execute(merged.values(merged_into=survivor.scalar_subquery()))


def claim_due(
    transaction: Transaction, now: datetime, limit: int, *, in_order: bool = False
) -> list[int]:
    """The customers whose line must be looked at, the longest due first, locked for this
    transaction; with `in_order`, of those who fall due together, who is known longest first.
    """
    query = _DUE_IN_ORDER if in_order else _DUE
    return [customer_id for (customer_id,) in transaction.rows(query, now=now, count=limit)]


def all_due(transaction: Transaction, now: datetime) -> list[int]:
    """Every customer whose line must be looked at, in that order."""
    return [customer_id for (customer_id,) in transaction.rows(_ALL_DUE, now=now)]


def lock(transaction: Transaction, ids: Collection[int]) -> list[int]:
    """Locks customers for this transaction, as those that it claims; returns who is there."""
    found = transaction.rows(_LOCKED, ids=sorted(ids)) if ids else ()
    return [customer_id for (customer_id,) in found]


def mark_all_due(transaction: Transaction, now: datetime) -> None:
    """Marks every customer due; used after the lifecycle was edited."""
    transaction.execute(
        update(CUSTOMERS)
        .where(CUSTOMERS.c.merged_into.is_(None), CUSTOMERS.c.cursor.is_not(None))
        .values(next_due_at=_no_later_than(_since(transaction, now)))
    )


def _since(transaction: Transaction, now: datetime) -> ColumnElement[datetime]:
    return literal(not_called_since(transaction, now), _c.next_due_at.type)


def mark_inside_due(transaction: Transaction, journeys: Collection[str], now: datetime) -> None:
    """Marks who is inside these journeys due: they were edited, or released from a pause."""
    if journeys:
        inside = select(ENROLLMENTS.c.customer_id).where(
            ENROLLMENTS.c.journey.in_(sorted(journeys)), ENROLLMENTS.c.status == "active"
        )
        transaction.execute(
            update(CUSTOMERS)
            .where(CUSTOMERS.c.id.in_(inside))
            .values(next_due_at=_no_later_than(_since(transaction, now)))
        )


def next_due(transaction: Transaction) -> datetime | None:
    """When the first customer falls due; None when nobody waits."""
    return transaction.execute(
        select(CUSTOMERS.c.next_due_at)
        .where(CUSTOMERS.c.next_due_at.is_not(None))
        .order_by(CUSTOMERS.c.next_due_at)
        .limit(1)
    ).scalar()


def count_customers(transaction: Transaction) -> int:
    """How many customers there are, merged ones not counted."""
    return transaction.execute(
        select(func.count()).where(CUSTOMERS.c.merged_into.is_(None))
    ).scalar_one()


class FoundCustomer(NamedTuple):
    """A customer, as people look one up."""

    id: int
    external_id: str
    anonymous: bool
    traits: dict[str, object]
    stage: str | None
    stage_since: datetime | None


#: What a `FoundCustomer` is made of, in its order.
FOUND_COLUMNS = tuple(_c[name] for name in FoundCustomer._fields)


def read_customer(transaction: Transaction, customer_id: int) -> FoundCustomer | None:
    """The customer of a row's id, or who took over that customer; None when there is none."""
    row = transaction.execute(
        select(*FOUND_COLUMNS, _c.merged_into).where(_c.id == customer_id)
    ).first()
    if row is None:
        return None
    *known, merged_into = row
    is_gone = merged_into is not None and merged_into != customer_id
    return read_customer(transaction, merged_into) if is_gone else FoundCustomer(*known)


def find_customer(transaction: Transaction, external_id: str) -> FoundCustomer | None:
    """The customer of that id, known before anonymous, or who took over the customer of that id;
    None when there is none.
    """
    customers = select(*FOUND_COLUMNS)
    by_id = customers.where(_c.external_id == external_id, _c.merged_into.is_(None))
    row = transaction.execute(by_id.order_by(_c.anonymous)).first()
    if row is None and (linked := find_links(transaction, [external_id]).get(external_id)):
        by_link = customers.where(_c.external_id == linked, _c.anonymous.is_(False))
        row = transaction.execute(by_link).first()
    if row is None:
        gone = select(_c.merged_into).where(_c.external_id == external_id)
        row = transaction.execute(customers.where(_c.id.in_(gone))).first()
    return None if row is None else FoundCustomer(*row)
