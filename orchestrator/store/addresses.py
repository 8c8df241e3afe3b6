"""What is known of addresses, whoever carries them: dead ones, and those that their readers
unsubscribed. (What people do about dead ones by hand: `store.suppressions`.)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import select

from orchestrator.domain.consent import AddressChoice, AddressRecord, Suppressed
from orchestrator.domain.medium import Medium
from orchestrator.store.prepared import Query, among
from orchestrator.store.tables import ADDRESS_CHOICES, MESSAGES, SUPPRESSIONS
from orchestrator.store.transaction import Rows, Transaction, chunked

_DEAD = Query(
    select(SUPPRESSIONS.c.scope, SUPPRESSIONS.c.address, SUPPRESSIONS.c.reason).where(
        among(SUPPRESSIONS.c.address, "addresses")
    )
)
_SAID = Query(
    select(
        ADDRESS_CHOICES.c.medium,
        ADDRESS_CHOICES.c.address,
        ADDRESS_CHOICES.c.at,
        ADDRESS_CHOICES.c.granted,
        ADDRESS_CHOICES.c.topic,
    ).where(among(ADDRESS_CHOICES.c.address, "addresses"))
)


_NOTHING_KNOWN = AddressRecord()


@dataclass(slots=True)
class StoredAddresses:
    """The address book of a transaction. Most time lines ask nothing of it: with the first question
    about a medium it reads what is known of all addresses `expected` there, then one by one."""

    transaction: Transaction
    expected: Callable[[Medium], Iterable[str]]
    _read: set[str] = field(default_factory=set)
    _told: dict[tuple[str, str], AddressRecord] = field(default_factory=dict)
    _asked: set[Medium] = field(default_factory=set)

    def __call__(self, medium: Medium, address: str) -> AddressRecord:
        """What is known of an address."""
        if medium not in self._asked:
            self._asked.add(medium)
            self._look_up(self.expected(medium))
        address = address.lower()
        if address not in self._read:
            self._look_up([address])
        return self._told.get((medium, address), _NOTHING_KNOWN) if self._told else _NOTHING_KNOWN

    def _look_up(self, addresses: Iterable[str]) -> None:
        """Reads what is known of some addresses, in every medium: of most it is nothing."""
        wanted = {address.lower() for address in addresses} - self._read
        if not wanted:
            return
        self._read |= wanted
        in_order = sorted(wanted)
        dead = {
            (scope, address): reason
            for scope, address, reason in self.transaction.rows(_DEAD, addresses=in_order)
        }
        said: dict[tuple[str, str], list[AddressChoice]] = {}
        for medium, address, *choice in self.transaction.rows(_SAID, addresses=in_order):
            said.setdefault((medium, address), []).append(AddressChoice(*choice))
        for key in dead.keys() | said.keys():
            self._told[key] = AddressRecord(dead.get(key, ""), tuple(said.get(key, ())))


def marketing_refusals(
    transaction: Transaction, customer_ids: Iterable[int]
) -> Iterator[tuple[int, str, str]]:
    """What some customers do not want at all: customer, scope and reason."""
    keys = {Suppressed.of_customer(one).address: one for one in customer_ids}
    for scope, address, reason in transaction.rows(_DEAD, addresses=list(keys)):
        yield keys[address], scope, reason


def keep_choices(transaction: Transaction, rows: Rows) -> None:
    """Writes what was said of addresses; what is known already is left out."""
    transaction.insert_new(ADDRESS_CHOICES, rows)


def choice_row(medium: str, address: str, choice: AddressChoice, source: str) -> dict[str, object]:
    """The row of a choice about an address."""
    said = {"topic": choice.topic, "granted": choice.granted, "at": choice.at}
    return {"medium": medium, "address": address.lower(), "source": source} | said


class Destination(NamedTuple):
    """Whom a message went to. `to_address` is None in rows of earlier versions."""

    medium: Medium
    to_address: str | None
    customer_id: int


def messages_by_public_id(
    transaction: Transaction, public_ids: Collection[str]
) -> dict[str, Destination]:
    """Whom some messages went to, by their public id."""
    m = MESSAGES.c
    query = select(m.public_id, m.medium, m.to_address, m.customer_id)
    return {
        public_id: Destination(Medium(medium), to, customer_id)
        for some in chunked(sorted(public_ids))
        for public_id, medium, to, customer_id in transaction.execute(
            query.where(m.public_id.in_(some))
        )
    }
