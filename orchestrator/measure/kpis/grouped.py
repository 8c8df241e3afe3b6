"""Key figures told apart: by month, stage, journey, channel or segment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from orchestrator.measure.figures.figure import Value
from orchestrator.measure.kpis.beside import count_beside
from orchestrator.measure.kpis.block import Data, count_window
from orchestrator.measure.kpis.numbers import (
    By,
    Grouping,
    NumberSource,
    add_figures,
    as_cents,
    told_figures,
)
from orchestrator.measure.kpis.purchases import BoughtSoFar
from orchestrator.measure.kpis.window import Window
from orchestrator.measure.trade.trade import Trade, Truth


def group_people(trade: Trade, by: By) -> Grouping:
    """The groups that everybody's row tells of: their stage, or the channel that brought them."""
    known = {By.STAGE: trade.people.stages, By.CHANNEL: trade.people.channels}
    if by not in known:
        return Grouping(by, {})
    own = known[by]
    names = sorted(set(own.tolist()) - {""})
    return Grouping(by, {name: np.equal(own, name) for name in names})


def make_groups(
    trade: Trade,
    window: Window,
    currency: str,
    *,
    grouping: Grouping,
    sources: Sequence[NumberSource],
) -> list[Data]:
    """The figures of each group in one currency: of its people, and of what sources know of it."""
    told = _told_by_sources(window, currency, grouping, sources)
    names = [*grouping.members, *sorted(told.keys() - grouping.members.keys() - {""})]
    found = []
    for name in names:
        people = _of_people(trade, window, currency, grouping.members.get(name))
        found.append(_group(name, people | told.get(name, {})))
    return found


def _told_by_sources(
    window: Window, currency: str, grouping: Grouping, sources: Sequence[NumberSource]
) -> dict[str, dict[str, Value]]:
    found: dict[str, dict[str, Value]] = {}
    for source in sources:
        for name, numbers in source.groups(grouping, window.span, currency).items():
            found[name] = found.get(name, {}) | numbers
    return found


def _of_people(
    trade: Trade, window: Window, currency: str, members: Truth | None
) -> dict[str, Value]:
    """The numbers of some people; none where a group is not of people."""
    if members is None:
        return {}
    theirs = trade.of_people(members)
    purchases = BoughtSoFar.before(theirs, window.span.end)
    beside = count_beside(theirs, purchases, window.span, currency=currency, sources=())
    return count_window(purchases, window) | beside


def _group(name: str, counted: dict[str, Value]) -> Data:
    numbers = add_figures(counted)
    return {
        "group": name,
        "customers": numbers.get("active_customers"),
        "new_customers": numbers.get("new_customers"),
        "orders": numbers.get("orders"),
        "gross_revenue": as_cents(numbers.get("gross_revenue")),
        "net_revenue": as_cents(numbers.get("net_revenue")),
        "messages": numbers.get("sent"),
        "figures": told_figures(numbers),
    }
