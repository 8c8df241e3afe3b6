"""What the customers of a shop will bring, all together: the number behind the figure."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np

from orchestrator.measure.predict.foretelling import YEAR
from orchestrator.measure.predict.shop_model import fit_shop
from orchestrator.measure.predict.shop_orders import local_days_and_hours, read_shop_orders
from orchestrator.measure.trade.trade import Trade


def expect_revenue(trade: Trade, end: int, zone: ZoneInfo) -> Decimal | None:
    """What the orders of the twelve months after an instant bring, by what was known then; None
    where there is too little data, or orders are in several currencies.
    """
    known = replace(
        trade,
        orders=trade.orders.where(trade.orders.at < end),
        refunds=trade.refunds.where(trade.refunds.at < end),
    )
    days, _ = local_days_and_hours(np.array([end - 1], np.int64), zone)
    model = fit_shop(read_shop_orders(known, zone), int(days[0]))
    if model.ordering is None or len(known.currencies) != 1 or len(model.spending) != 1:
        return None
    ((spent, fitted),) = model.spending.values()
    orders = model.ordering.expected_orders(spent.purchases, YEAR)
    return Decimal(str(round(float(orders @ fitted.expected_amount(spent.spending)), 2)))
