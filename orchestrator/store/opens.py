"""Opens of mails, counted without persons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select, update

from orchestrator.store.tables import OPEN_COUNTS
from orchestrator.store.transaction import Transaction

_o = OPEN_COUNTS.c
_ADD = (
    update(OPEN_COUNTS)
    .where(
        _o.journey == bindparam("of_journey"),
        _o.step == bindparam("of_step"),
        _o.template == bindparam("of_template"),
        _o.day == bindparam("of_day"),
    )
    .values(opens=_o.opens + bindparam("more"))
)


class OpenedMail(NamedTuple):
    """What was opened: not whose it was."""

    journey: str
    step: str
    template: str


class Opens(NamedTuple):
    """How often the mails of a template were opened in a journey."""

    journey: str
    template: str
    opens: int


def add_opens(transaction: Transaction, counted: Mapping[OpenedMail, int], now: datetime) -> None:
    """Adds to the counts of today."""
    day = now.date().isoformat()
    rows = [{**mail._asdict(), "day": day, "opens": 0} for mail in counted]
    transaction.insert_new(OPEN_COUNTS, rows)
    transaction.execute(
        _ADD,
        [
            {f"of_{name}": value for name, value in mail._asdict().items()}
            | {"of_day": day, "more": number}
            for mail, number in counted.items()
        ],
    )


def count_opens(transaction: Transaction) -> list[Opens]:
    """All of them, by journey and template."""
    query = select(_o.journey, _o.template, func.sum(_o.opens)).group_by(_o.journey, _o.template)
    rows = transaction.execute(query.order_by(_o.journey, _o.template))
    return [Opens(journey, template, int(opens)) for journey, template, opens in rows]
