"""A shop's trade as the models read it: what was ordered and kept, by days of its own calendar."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from orchestrator.measure.predict.fitting import Floats, Ints
from orchestrator.measure.predict.histories import OrderDays
from orchestrator.measure.predict.shop_model import ShopOrders
from orchestrator.measure.trade.trade import MICROS, Trade

_HOUR_S, _DAY_S = 3600, 86_400
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def read_shop_orders(trade: Trade, zone: ZoneInfo) -> ShopOrders:
    """The orders that were not given back altogether, each for what is left of its amount."""
    orders = trade.orders
    left = orders.micros - _given_back(trade)
    is_kept = (left > 0) | (orders.micros <= 0)
    days, _ = local_days_and_hours(orders.at, zone)
    amounts: Floats = np.maximum(left, 0) / MICROS
    by_currency = {}
    for currency in trade.currencies:
        those = is_kept & (orders.currency == currency)
        if np.any(those):
            columns = orders.who[those], days[those], amounts[those]
            by_currency[currency] = OrderDays.gather(*columns)
    kept = OrderDays.gather(orders.who[is_kept], days[is_kept], amounts[is_kept])
    return ShopOrders(kept, by_currency)


def _given_back(trade: Trade) -> Ints:
    """What was refunded of each order, by its id and in its currency; of several orders that bear
    one id the first is meant."""
    refunds, orders = trade.refunds, trade.orders
    owed: Counter[tuple[object, object]] = Counter()
    keys = zip(refunds.order_ids.tolist(), refunds.currency.tolist(), strict=True)
    for key, micros in zip(keys, refunds.micros.tolist(), strict=True):
        if key[0]:
            owed[key] += micros
    back = np.zeros(len(orders), np.int64)
    if owed:
        named = zip(orders.order_ids.tolist(), orders.currency.tolist(), strict=True)
        for place, key in enumerate(named):
            back[place] = owed.pop(key, 0)
    return back


def local_days_and_hours(at: Ints, zone: ZoneInfo) -> tuple[Ints, Ints]:
    """The day (an ordinal of the calendar) and the hour that a zone's clocks show at instants; a
    zone's offset is asked once for each hour.
    """
    seconds = at // MICROS
    hours, place = np.unique(seconds // _HOUR_S, return_inverse=True)
    offsets = np.array([_offset_s(hour, zone) for hour in hours.tolist()], np.int64)
    local = seconds + (offsets[place] if len(offsets) else 0)
    return local // _DAY_S + _EPOCH_DAY, local % _DAY_S // _HOUR_S


def _offset_s(hour: int, zone: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(hour * _HOUR_S, UTC).astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0
