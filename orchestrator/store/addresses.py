"""What is known of addresses, whoever carries them: dead ones, and those that their readers
unsubscribed. (What people do about dead ones by hand: `store.suppressions`.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select

from orchestrator.domain.consent import AddressChoice, AddressRecord
from orchestrator.domain.message import Medium
from orchestrator.store.tables import ADDRESS_CHOICES, MESSAGES, SUPPRESSIONS
from orchestrator.store.transaction import Transaction, chunked


@dataclass(slots=True)
class StoredAddresses:
    """The address book of a transaction: read ahead for many addresses at once, and one by one for
    those that a customer turns out to have meanwhile."""

    transaction: Transaction
    known: dict[tuple[str, str], AddressRecord] = field(default_factory=dict)

    def __call__(self, medium: Medium, address: str) -> AddressRecord:
        """What is known of an address."""
        key = str(medium), address.lower()
        if key not in self.known:
            self.read_ahead([address])
        return self.known[key]

    def read_ahead(self, addresses: Collection[str]) -> None:
        """Reads what is known of some addresses, in every medium."""
        wanted = sorted({address.lower() for address in addresses})
        dead = {(row.scope, row.address): row.reason for row in self._rows(SUPPRESSIONS, wanted)}
        said: dict[tuple[str, str], list[AddressChoice]] = {}
        for row in self._rows(ADDRESS_CHOICES, wanted):
            choice = AddressChoice(row.at, row.granted, row.topic)
            said.setdefault((row.medium, row.address), []).append(choice)
        for address in wanted:
            for key in ((str(medium), address) for medium in Medium):
                self.known[key] = AddressRecord(dead.get(key, ""), tuple(said.get(key, ())))

    def _rows(self, table: Any, addresses: Sequence[str]) -> Iterable[Row[Any]]:
        for some in chunked(addresses):
            yield from self.transaction.execute(select(table).where(table.c.address.in_(some)))


def keep_choices(transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes what was said of addresses; what is known already is left out."""
    transaction.insert_new(ADDRESS_CHOICES, rows)


def choice_row(medium: str, address: str, choice: AddressChoice, source: str) -> dict[str, Any]:
    """The row of a choice about an address."""
    said = {"topic": choice.topic, "granted": choice.granted, "at": choice.at}
    return {"medium": medium, "address": address.lower(), "source": source} | said


def messages_by_public_id(
    transaction: Transaction, public_ids: Collection[str]
) -> dict[str, Row[Any]]:
    """The medium, address and customer of some messages, by their public id."""
    m = MESSAGES.c
    query = select(m.public_id, m.medium, m.to_address, m.customer_id)
    return {
        row.public_id: row
        for some in chunked(sorted(public_ids))
        for row in transaction.execute(query.where(m.public_id.in_(some)))
    }
