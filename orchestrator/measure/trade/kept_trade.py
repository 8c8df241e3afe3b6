"""The trade that the database tells of."""

from __future__ import annotations

import numpy as np

from orchestrator.measure.trade.deal_rows import gather, read_deal
from orchestrator.measure.trade.trade import ORDER, REFUND, CallColumns, Trade, as_micros, whole
from orchestrator.store.database import Database
from orchestrator.store.trade_rows import walk_calls, walk_deals, walk_people
from orchestrator.store.transaction import Transaction


def read_kept_trade(database: Database, currency: str) -> Trade:
    """Reads all orders and calls; `currency` is the project's, for orders that name none."""
    with database.read() as transaction:
        people = list(walk_people(transaction))
        place = {person.id: number for number, person in enumerate(people)}
        told = [
            deal
            for row in walk_deals(transaction, (ORDER, REFUND))
            if (who := place.get(row.customer_id)) is not None
            and (deal := read_deal(who, as_micros(row.at), row.name, row.properties)) is not None
        ]
        calls = _read_calls(transaction, place)
    dealt = gather(told, currency)
    return Trade(
        tuple(person.external_id for person in people),
        np.asarray([not person.anonymous for person in people], dtype=np.bool_),
        calls,
        dealt.orders,
        dealt.refunds,
        dealt.unpriced,
    )


def _read_calls(transaction: Transaction, place: dict[int, int]) -> CallColumns:
    who, at, names = [], [], []
    known = {"": 0}
    for row in walk_calls(transaction):
        who.append(place[row.customer_id])
        at.append(as_micros(row.at))
        names.append(known.setdefault(row.name, len(known)))
    return CallColumns(whole(who), whole(at), whole(names), tuple(known))
