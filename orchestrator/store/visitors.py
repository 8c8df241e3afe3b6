"""What the public pages read: whose message a link came with, and whose friends are invited."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select

from orchestrator.domain.consent import ConsentKey
from orchestrator.domain.identity import Person
from orchestrator.domain.state import Choice
from orchestrator.store.availability import unless_away
from orchestrator.store.database import Database
from orchestrator.store.stored_customer import read_choices
from orchestrator.store.tables import CUSTOMERS, MESSAGES


@dataclass(frozen=True, slots=True)
class LinkedMessage:
    """The message a link came with. `locale` is its reader's, "" when unknown."""

    public_id: str
    person: Person
    locale: str
    journey: str
    topic: str
    medium: str
    template: str
    consent: Mapping[ConsentKey, Choice] = field(default_factory=dict)  # its reader's choices


@dataclass(frozen=True, slots=True)
class Referrer:
    """Who invites; "" where nothing is known."""

    external_id: str
    first_name: str
    email: str
    locale: str


def find_linked_message(database: Database, public_id: str) -> LinkedMessage | None:
    """The message of a public id, None when there is none. A merged reader is the customer that
    survived.
    """
    reader = CUSTOMERS.alias()
    query = (
        select(
            MESSAGES.c.public_id,
            MESSAGES.c.journey,
            MESSAGES.c.topic,
            MESSAGES.c.medium,
            MESSAGES.c.template,
            reader.c.external_id,
            reader.c.anonymous,
            reader.c.traits,
            reader.c.consent,
        )
        .join(CUSTOMERS, CUSTOMERS.c.id == MESSAGES.c.customer_id)
        .join(reader, reader.c.id == func.coalesce(CUSTOMERS.c.merged_into, CUSTOMERS.c.id))
        .where(MESSAGES.c.public_id == public_id)
    )
    with unless_away(), database.read() as transaction:
        row = transaction.execute(query).first()
    if row is None:
        return None
    person = Person(row.external_id, row.anonymous)
    locale = _text(row.traits, "locale")
    choices = read_choices(row.consent or {})
    return LinkedMessage(
        row.public_id, person, locale, row.journey, row.topic, row.medium, row.template, choices
    )


def find_referrer(database: Database, customer_id: int) -> Referrer | None:
    """The customer of an internal id, or who survived a merge with them; None when there is
    none.
    """
    owner = CUSTOMERS.alias()
    query = (
        select(owner.c.external_id, owner.c.traits)
        .join(CUSTOMERS, owner.c.id == func.coalesce(CUSTOMERS.c.merged_into, CUSTOMERS.c.id))
        .where(CUSTOMERS.c.id == customer_id)
    )
    with unless_away(), database.read() as transaction:
        row = transaction.execute(query).first()
    if row is None:
        return None
    first_name = _text(row.traits, "first_name") or _text(row.traits, "firstName")
    return Referrer(
        row.external_id, first_name, _text(row.traits, "email"), _text(row.traits, "locale")
    )


def is_known_address(
    database: Database, addresses: Collection[str], except_external_id: str
) -> bool:
    """Whether one of these folded addresses belongs to a customer other than the excepted one."""
    query = (
        select(CUSTOMERS.c.id)
        .where(
            CUSTOMERS.c.email.in_(sorted(addresses)),
            CUSTOMERS.c.external_id != except_external_id,
            CUSTOMERS.c.merged_into.is_(None),
        )
        .limit(1)
    )
    with unless_away(), database.read() as transaction:
        return transaction.execute(query).first() is not None


def _text(traits: dict[str, object], name: str) -> str:
    value = traits.get(name)
    return value if isinstance(value, str) else ""
