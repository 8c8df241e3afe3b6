"""Which addresses have a message of an instant that called many, so that each gets one copy."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete

from orchestrator.domain.copies import AddressCopy
from orchestrator.store.tables import TAKEN_ADDRESSES
from orchestrator.store.transaction import LEAVE, Transaction

#: So long after the instant a journey's messages are looked at.
KEPT = timedelta(days=100)
_COLUMNS = ("called_at", "key")


class TakenAddresses:
    """The addresses of one transaction: what is taken is written with it, or with none."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def take(self, copy: AddressCopy, at: datetime) -> bool:
        """Whether an address was nobody's, and is taken now."""
        row = copy.called_at, copy.key
        return self._transaction.insert_values(TAKEN_ADDRESSES, _COLUMNS, [row], LEAVE) == 1


def forget_taken(transaction: Transaction, now: datetime) -> None:
    """Drops what nobody asks any more."""
    old = TAKEN_ADDRESSES.c.called_at < now - KEPT
    transaction.execute(delete(TAKEN_ADDRESSES).where(old))
