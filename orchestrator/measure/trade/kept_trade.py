"""The trade that the database tells of."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from orchestrator.domain.event import Kind
from orchestrator.domain.values import as_text
from orchestrator.measure.trade.deal_rows import ToldDeal, column_of, gather, read_deal
from orchestrator.measure.trade.trade import (
    NAMES_TOLD,
    ORDER,
    REFUND,
    CallColumns,
    People,
    ToldEvent,
    Trade,
    as_micros,
    whole,
)
from orchestrator.store.database import Database
from orchestrator.store.trade_rows import EventTold, walk_calls, walk_people, walk_told
from orchestrator.store.transaction import Transaction

DEAL_KINDS = (Kind.TRACK,)
#: Some are told by Parcours itself.
DEED_KINDS = (Kind.TRACK, Kind.EMITTED)


def read_kept_trade(database: Database, currency: str) -> Trade:
    """Reads all orders and calls; `currency` is the project's, for orders that name none."""
    with database.read() as transaction:
        people = list(walk_people(transaction))
        place = {person.id: number for number, person in enumerate(people)}
        told = [
            deal
            for row in walk_told(transaction, (ORDER, REFUND), DEAL_KINDS)
            if (deal := _read_deal(row, place)) is not None
        ]
        deeds = tuple(
            ToldEvent(who, as_micros(row.at), row.name, row.properties)
            for row in walk_told(transaction, NAMES_TOLD, DEED_KINDS)
            if (who := place.get(row.customer_id)) is not None
        )
        calls = _read_calls(transaction, place)
    dealt = gather(told, currency)
    return Trade(
        People(
            whole([person.id for person in people]),
            tuple(person.external_id for person in people),
            np.asarray([not person.anonymous for person in people], dtype=np.bool_),
            column_of([as_text(person.channel) for person in people]),
            column_of([person.stage or "" for person in people]),
        ),
        calls,
        dealt.orders,
        dealt.refunds,
        deeds,
        dealt.unpriced,
    )


def _read_deal(row: EventTold, place: Mapping[int, int]) -> ToldDeal | None:
    """An order or refund; None for somebody who came while this was read."""
    who = place.get(row.customer_id)
    if who is None:
        return None
    return read_deal(who, as_micros(row.at), row.name, row.properties)


def _read_calls(transaction: Transaction, place: dict[int, int]) -> CallColumns:
    who, at, names = [], [], []
    known = {"": 0}
    for row in walk_calls(transaction):
        if (customer := place.get(row.customer_id)) is None:
            continue  # they came while this was read
        who.append(customer)
        at.append(as_micros(row.at))
        names.append(known.setdefault(row.name, len(known)))
    return CallColumns(whole(who), whole(at), whole(names), tuple(known))
