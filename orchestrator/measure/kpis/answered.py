"""All key figures of a trade, as the data that command line, pages and report show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np

from orchestrator.measure.figures import FIGURES
from orchestrator.measure.figures.figure import Unit
from orchestrator.measure.kpis.block import Data, make_block
from orchestrator.measure.kpis.carts import count_carts
from orchestrator.measure.kpis.definitions import DEFINITIONS
from orchestrator.measure.kpis.funnels import WINDOWS, Windows, make_funnel
from orchestrator.measure.kpis.grouped import group_people, make_groups
from orchestrator.measure.kpis.numbers import By, Grouping, NumberSource
from orchestrator.measure.kpis.sequences import Sequences
from orchestrator.measure.kpis.window import Window, span_of_calls
from orchestrator.measure.trade.trade import Trade, Truth

#: What no one may add up who has orders in several currencies.
_MONEY_KEYS = {
    *("gross_revenue", "refund_amount", "net_revenue", "revenue", "clv_simple", "clv_historic"),
    *(name for name, figure in FIGURES.items() if figure.unit is Unit.MONEY),
}


@dataclass(frozen=True, slots=True)
class KpiQuestion:
    """What is asked. Without `start` and `end` the window is that of all calls; `currency` is the
    project's.
    """

    name: str
    zone: ZoneInfo
    currency: str
    start: datetime | None = None
    end: datetime | None = None
    funnels: Sequence[Sequence[str]] = ()
    windows: Windows = field(default_factory=lambda: WINDOWS)
    cart: str | None = None
    by: By | None = None

    @property
    def needs_project(self) -> bool:
        """Whether it asks for what only the project's files define."""
        return self.by is By.SEGMENT


def answer(
    trade: Trade,
    question: KpiQuestion,
    sources: Sequence[NumberSource] = (),
    members: Mapping[str, Truth] | None = None,
) -> Data:
    """The answer in the shape of its JSON. Where orders are in several currencies, each has a block
    of its own, and what would add them up is null. `sources` know of what is no trade; `members`
    are the groups of people by which figures are told apart, where the trade does not tell them.
    """
    window = find_window(trade, question)
    currencies = trade.currencies or [question.currency]
    several = len(currencies) > 1
    grouping = _group(trade, question.by, members)

    def tell(part: Trade, currency: str) -> Data:
        block = make_block(part, window, currency, sources)
        if grouping is not None:
            block["groups"] = make_groups(
                part, window, currency, grouping=grouping, sources=sources
            )
        return block

    whole = tell(trade, "" if several else currencies[0])
    blocks = [
        {"currency": currency, **tell(trade.in_currency(currency), currency)}
        for currency in (currencies if several else ())
    ]
    return {
        "set": question.name,
        "currency": None if several else currencies[0],
        "window": None if window.is_empty else [str(window.start), str(window.end)],
        "window_days": None if window.is_empty else round(window.days, 6),
        "definitions": DEFINITIONS,
        **({"by": str(question.by)} if question.by else {}),
        **(_without_money(whole) if several else whole),
        "currencies": blocks,
        **_about_calls(trade),
        **_about_events(Sequences.of_span(trade.calls, window.span), question),
    }


def _group(trade: Trade, by: By | None, members: Mapping[str, Truth] | None) -> Grouping | None:
    """By month the months themselves tell figures apart."""
    if by is None or by is By.MONTH:
        return None
    return group_people(trade, by) if members is None else Grouping(by, members)


def find_window(trade: Trade, question: KpiQuestion) -> Window:
    """The time that is asked about; empty where nothing says when."""
    start, end = question.start, question.end
    if len(trade.calls):
        first, last = int(trade.calls.at[0]), int(trade.calls.at[-1])
        of_all = span_of_calls(first, last, question.zone)
        start, end = start or of_all.start, end or of_all.end
    start = start or end or datetime(1970, 1, 1, tzinfo=question.zone)
    return Window(start, max(start, end or start), question.zone)


def _without_money(data: Data) -> Data:
    """The same with null for every amount."""
    return {
        key: (
            None
            if key in _MONEY_KEYS
            else _without_money(value)
            if isinstance(value, dict)
            else [_without_money(one) if isinstance(one, dict) else one for one in value]
            if isinstance(value, list)
            else value
        )
        for key, value in data.items()
    }


def _about_calls(trade: Trade) -> Data:
    return {
        "orders_and_refunds_without_total": trade.unpriced,
        "repeated_calls": trade.duplicates,
        "rejected_calls": dict(trade.rejected),
    }


def _about_events(sequences: Sequences, question: KpiQuestion) -> Data:
    calls = sequences.calls
    counts = np.bincount(calls.name, minlength=len(calls.names)).tolist()
    told = sorted((name, number) for name, number in zip(calls.names, counts, strict=True))
    found: Data = {
        "event_counts": {name: number for name, number in told if name and number},
        "users_with_track": len(np.unique(calls.who[calls.name != 0])),
    }
    if question.funnels:
        found["funnels"] = [
            make_funnel(sequences, steps, question.windows) for steps in question.funnels
        ]
    return found | ({"carts": count_carts(sequences, question.cart)} if question.cart else {})
