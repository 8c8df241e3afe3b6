"""Everything the ledger says about one customer: what `explain` tells, and whom it means."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Table, func, select

from orchestrator.store.customers import CUSTOMERS, ENROLLMENTS, find_customer
from orchestrator.store.events import EVENTS
from orchestrator.store.lives import GRANTS, MESSAGES
from orchestrator.store.moves import CONSENTS, DECISIONS, STAGE_CHANGES, TASKS

PHONE_DIGITS_MIN = 6  # fewer would find half the country
PHONE_DIGITS_USED = 8  # without the country or the leading zero, which are written in many ways
_SIGNS_IN_PHONES = " .-()/"


def find_people(connection: Connection, text: str) -> list[Row[Any]]:
    """The customers meant by an id; else by an e-mail address, or a phone number however it is
    written.
    """
    found = find_customer(connection, text)
    if found is not None:
        return [found]
    living = select(CUSTOMERS).where(CUSTOMERS.c.merged_into.is_(None)).order_by(CUSTOMERS.c.id)
    if "@" in text:
        return list(connection.execute(living.where(CUSTOMERS.c.email == text.strip().lower())))
    if set(text) - set("+0123456789" + _SIGNS_IN_PHONES):
        return []
    digits = "".join(sign for sign in text if sign.isdigit())
    if len(digits) < PHONE_DIGITS_MIN:
        return []
    written = CUSTOMERS.c.traits["phone"].as_string()
    for sign in _SIGNS_IN_PHONES:
        written = func.replace(written, sign, "")
    return list(
        connection.execute(
            living.where(written.endswith(digits[-PHONE_DIGITS_USED:], autoescape=True))
        )
    )


def decisions_of(
    connection: Connection, customer_id: int, journey: str | None = None
) -> list[Row[Any]]:
    """A customer's decisions in the order they were written; of one journey, or of all."""
    return _rows(connection, DECISIONS, customer_id, journey)


def messages_of(
    connection: Connection, customer_id: int, journey: str | None = None
) -> list[Row[Any]]:
    """A customer's messages; of one journey, or of all."""
    return _rows(connection, MESSAGES, customer_id, journey)


def stage_changes_of(connection: Connection, customer_id: int) -> list[Row[Any]]:
    """Every change of a customer's stage."""
    return _rows(connection, STAGE_CHANGES, customer_id)


def consents_of(connection: Connection, customer_id: int) -> list[Row[Any]]:
    """What a customer said about being written to, and the mutes and suppressions of journeys."""
    return _rows(connection, CONSENTS, customer_id)


def enrollments_of(connection: Connection, customer_id: int) -> list[Row[Any]]:
    """Every passage of a customer through a journey, with what let them in."""
    return _rows(connection, ENROLLMENTS, customer_id)


def tasks_of(connection: Connection, customer_id: int) -> list[Row[Any]]:
    """The to-dos that a customer's journeys made for a person."""
    return _rows(connection, TASKS, customer_id)


def grants_of(connection: Connection, customer_id: int) -> list[Row[Any]]:
    """The coupons and rewards given in a customer's journeys, whoever may use them."""
    return list(
        connection.execute(
            select(GRANTS).where(GRANTS.c.referred_id == customer_id).order_by(GRANTS.c.id)
        )
    )


def events_of(connection: Connection, customer_id: int) -> list[Row[Any]]:
    """Everything that happened to a customer, in the order of time."""
    query = (
        select(EVENTS).where(EVENTS.c.customer_id == customer_id).order_by(EVENTS.c.at, EVENTS.c.id)
    )
    return list(connection.execute(query))


def _rows(
    connection: Connection, table: Table, customer_id: int, journey: str | None = None
) -> list[Row[Any]]:
    query = select(table).where(table.c.customer_id == customer_id).order_by(table.c.id)
    if journey is not None:
        query = query.where(table.c.journey == journey)
    return list(connection.execute(query))
