"""Addresses nobody writes to any more, as a person looks at them, adds one or lifts one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select

from orchestrator.domain.consent import address_key
from orchestrator.domain.medium import Medium
from orchestrator.domain.policy import address_in
from orchestrator.store.customers import FoundCustomer
from orchestrator.store.messages import suppress_addresses
from orchestrator.store.one_customer import find_carriers
from orchestrator.store.tables import CONSENTS, SUPPRESSIONS
from orchestrator.store.transaction import Transaction

RegionOf = Callable[[Mapping[str, object]], str]


@dataclass(frozen=True, slots=True)
class Change:
    """An address that is added or lifted, when, and the words of who does so. `region_of` tells by
    whose rules a customer's number is read."""

    medium: Medium
    address: str
    at: datetime
    source: str
    region_of: RegionOf


class SuppressedAddress(NamedTuple):
    """An address that nobody writes to any more."""

    scope: str
    address: str
    reason: str
    at: datetime


def list_suppressed(
    transaction: Transaction,
    medium: Medium | None = None,
    address: str | None = None,
    reason: str | None = None,
) -> list[SuppressedAddress]:
    """The addresses that are suppressed, the newest first: of a medium, one address, or with a part
    of their reason."""
    s = SUPPRESSIONS.c
    query = select(s.scope, s.address, s.reason, s.at).where(
        s.scope.in_([medium] if medium is not None else list(Medium))
    )
    if address is not None:
        query = query.where(s.address == address.lower())
    if reason is not None:
        query = query.where(s.reason.icontains(reason, autoescape=True))
    newest = query.order_by(s.at.desc(), s.id.desc())
    return [SuppressedAddress(*row) for row in transaction.execute(newest)]


def add(transaction: Transaction, change: Change) -> bool:
    """Suppresses an address; False where it was already."""
    if list_suppressed(transaction, change.medium, change.address):
        return False
    reasons = {(str(change.medium), change.address): change.source}
    suppress_addresses(transaction, reasons, change.at)
    _log(transaction, change, granted=False)
    return True


def lift(transaction: Transaction, change: Change) -> bool:
    """Has an address be written to again; False where it was not suppressed."""
    s = SUPPRESSIONS.c
    gone = transaction.execute(
        delete(SUPPRESSIONS).where(s.scope == change.medium, s.address == change.address.lower())
    ).rowcount
    if gone:
        _log(transaction, change, granted=True)
    return bool(gone)


def _log(transaction: Transaction, change: Change, *, granted: bool) -> None:
    """Notes it in the story of everybody who carries the address."""
    said = {
        "at": change.at,
        "key": address_key(change.medium),
        "granted": granted,
        "source": change.source,
    }
    carriers = find_carriers(transaction, change.address)
    rows = [said | {"customer_id": row.id} for row in carriers if _carries(row, change)]
    transaction.insert(CONSENTS, rows)


def _carries(customer: FoundCustomer, change: Change) -> bool:
    traits = customer.traits
    found = address_in(traits, change.medium, change.region_of(traits))
    return found is not None and found.lower() == change.address.lower()
