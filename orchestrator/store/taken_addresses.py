"""Which addresses have a message of an instant that called many, so that each gets one copy."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, select

from orchestrator.domain.copies import AddressCopy
from orchestrator.store.prepared import Query
from orchestrator.store.tables import TAKEN_ADDRESSES
from orchestrator.store.transaction import LEAVE, Transaction

#: So long after the instant a journey's messages are looked at.
KEPT = timedelta(days=100)
_COLUMNS = ("called_at", "key")
_t = TAKEN_ADDRESSES.c
_FOUND = Query(
    select(_t.key).where(
        _t.called_at == bindparam("at", type_=_t.called_at.type), _t.key == bindparam("key")
    )
)


class TakenAddresses:
    """The addresses of one transaction: what is taken is written with it, or with none."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def is_taken(self, copy: AddressCopy) -> bool:
        """Whether an address is somebody's."""
        return any(self._transaction.rows(_FOUND, at=copy.called_at, key=copy.key))

    def take(self, copy: AddressCopy) -> bool:
        """Whether an address was nobody's, and is taken now."""
        row = copy.called_at, copy.key
        return self._transaction.insert_values(TAKEN_ADDRESSES, _COLUMNS, [row], LEAVE) == 1


def forget_taken(transaction: Transaction, now: datetime) -> None:
    """Drops what nobody asks any more."""
    old = _t.called_at < now - KEPT
    transaction.execute(delete(TAKEN_ADDRESSES).where(old))
