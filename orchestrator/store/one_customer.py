"""Everything the ledger says about one customer: what `explain` tells, and whom it means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Table, func, select

from orchestrator.domain.identity import fold_address
from orchestrator.store.customers import FOUND_COLUMNS, FoundCustomer, find_customer
from orchestrator.store.tables import (
    CONSENTS,
    CUSTOMERS,
    DECISIONS,
    ENROLLMENTS,
    EVENTS,
    GRANTS,
    MESSAGES,
    STAGE_CHANGES,
    TASKS,
    WEBHOOKS,
)
from orchestrator.store.transaction import Transaction

PHONE_DIGITS_MIN = 6  # fewer would find half the country
PHONE_DIGITS_USED = 8  # without the country or the leading zero, which are written in many ways
_SIGNS_IN_PHONES = " .-()/"


def find_people(transaction: Transaction, text: str) -> list[FoundCustomer]:
    """The customers meant by an id; else by an e-mail address, or a phone number however it is
    written.
    """
    found = find_customer(transaction, text)
    return [found] if found is not None else find_carriers(transaction, text)


def find_carriers(transaction: Transaction, text: str) -> list[FoundCustomer]:
    """The customers who carry an e-mail address, or a phone number however it is written."""
    living = (
        select(*FOUND_COLUMNS).where(CUSTOMERS.c.merged_into.is_(None)).order_by(CUSTOMERS.c.id)
    )
    if "@" in text:
        found = transaction.execute(living.where(CUSTOMERS.c.email == fold_address(text)))
        return [FoundCustomer(*row) for row in found]
    if set(text) - set("+0123456789" + _SIGNS_IN_PHONES):
        return []
    digits = "".join(sign for sign in text if sign.isdigit())
    if len(digits) < PHONE_DIGITS_MIN:
        return []
    written = CUSTOMERS.c.traits["phone"].as_string()
    for sign in _SIGNS_IN_PHONES:
        written = func.replace(written, sign, "")
    ends_so = written.endswith(digits[-PHONE_DIGITS_USED:], autoescape=True)
    return [FoundCustomer(*row) for row in transaction.execute(living.where(ends_so))]


class Recorded(NamedTuple):
    """A decision as it was written, be it by a later version."""

    at: datetime
    kind: str
    journey: str
    step: str
    reason: str
    detail: Mapping[str, Any]
    enrollment_id: int | None


_DECISION = select(*(DECISIONS.c[name] for name in Recorded._fields)).order_by(DECISIONS.c.id)


def decisions_of(
    transaction: Transaction, customer_id: int, journey: str | None = None
) -> list[Recorded]:
    """A customer's decisions in the order they were written; of one journey, or of all."""
    query = _DECISION.where(DECISIONS.c.customer_id == customer_id)
    if journey is not None:
        query = query.where(DECISIONS.c.journey == journey)
    return [Recorded(*row) for row in transaction.execute(query)]


def messages_of(
    transaction: Transaction, customer_id: int, journey: str | None = None
) -> list[Row[Any]]:
    """A customer's messages; of one journey, or of all."""
    return _rows(transaction, MESSAGES, customer_id, journey)


def stage_changes_of(transaction: Transaction, customer_id: int) -> list[Row[Any]]:
    """Every change of a customer's stage, and of the segments that are watched."""
    return _rows(transaction, STAGE_CHANGES, customer_id)


def consents_of(transaction: Transaction, customer_id: int) -> list[Row[Any]]:
    """What a customer said about being written to, and the mutes and suppressions of journeys."""
    return _rows(transaction, CONSENTS, customer_id)


def enrollments_of(transaction: Transaction, customer_id: int) -> list[Row[Any]]:
    """Every passage of a customer through a journey, with what let them in."""
    return _rows(transaction, ENROLLMENTS, customer_id)


def tasks_of(transaction: Transaction, customer_id: int) -> list[Row[Any]]:
    """The to-dos that a customer's journeys made for a person."""
    return _rows(transaction, TASKS, customer_id)


def webhooks_of(
    transaction: Transaction, customer_id: int, journey: str | None = None
) -> list[Row[Any]]:
    """The calls to servers outside that a customer's journeys made; of one journey, or of all."""
    return _rows(transaction, WEBHOOKS, customer_id, journey)


def grants_of(transaction: Transaction, customer_id: int) -> list[Row[Any]]:
    """The coupons and rewards given in a customer's journeys, whoever may use them."""
    return list(
        transaction.execute(
            select(GRANTS).where(GRANTS.c.referred_id == customer_id).order_by(GRANTS.c.id)
        )
    )


def events_of(transaction: Transaction, customer_id: int) -> list[Row[Any]]:
    """Everything that happened to a customer, in the order of time."""
    query = (
        select(EVENTS).where(EVENTS.c.customer_id == customer_id).order_by(EVENTS.c.at, EVENTS.c.id)
    )
    return list(transaction.execute(query))


def _rows(
    transaction: Transaction, table: Table, customer_id: int, journey: str | None = None
) -> list[Row[Any]]:
    query = select(table).where(table.c.customer_id == customer_id).order_by(table.c.id)
    if journey is not None:
        query = query.where(table.c.journey == journey)
    return list(transaction.execute(query))
