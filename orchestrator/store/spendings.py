"""What was spent on marketing: the newest word on each day, channel, campaign and currency."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import func, select

from orchestrator.store.tables import SPENDINGS
from orchestrator.store.transaction import Transaction

_KEYS = ("date", "channel", "campaign", "currency")
_VALUES = ("micros", "leads", "impressions", "clicks")
_s = SPENDINGS.c


class Spent(NamedTuple):
    """What a campaign of a channel cost on a day, in millionths of the currency's unit; what the
    channel does not tell is None.
    """

    date: date
    channel: str
    campaign: str
    currency: str
    micros: int
    leads: int | None = None
    impressions: int | None = None
    clicks: int | None = None

    @property
    def key(self) -> tuple[object, ...]:
        """Of which there is one."""
        return self.date, self.channel, self.campaign, self.currency


def write_spendings(transaction: Transaction, spendings: Sequence[Spent]) -> int:
    """Writes them, each over what stood in its place; returns how many are new."""
    before = transaction.scalar(select(func.count()).select_from(SPENDINGS)) or 0
    rows = [one._asdict() for one in spendings]
    transaction.upsert(SPENDINGS, rows, keys=_KEYS, values=_VALUES)
    return int(transaction.scalar(select(func.count()).select_from(SPENDINGS)) or 0) - int(before)


def read_spendings(transaction: Transaction) -> list[Spent]:
    """All of them, in the order of days."""
    rows = transaction.execute(select(*(_s[name] for name in Spent._fields)).order_by(_s.date))
    return [Spent(*row) for row in rows]
