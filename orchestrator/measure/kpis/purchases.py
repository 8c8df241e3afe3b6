"""Who bought when, up to an instant: what figures of customers are counted from."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from orchestrator.measure.kpis.window import Span
from orchestrator.measure.trade.trade import Deals, Trade, Truth, Whole

#: A customer is held for so long after an order.
HELD = timedelta(days=90)
_HELD_MICROS = HELD // timedelta(microseconds=1)
NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class BoughtSoFar:
    """Orders and refunds of one currency before `until`, by `people` customers or fewer."""

    people: int
    orders: Deals
    refunds: Deals

    @classmethod
    def before(cls, trade: Trade, until: int) -> BoughtSoFar:
        """Those of a trade."""
        orders, refunds = trade.orders, trade.refunds
        return cls(
            len(trade.ids), orders.where(orders.at < until), refunds.where(refunds.at < until)
        )

    @cached_property
    def numbers(self) -> Whole:
        """The how-manieth order of its customer each order is, from 1 on."""
        by_customer = np.argsort(self.orders.who, kind="stable")
        who = self.orders.who[by_customer]
        begins = np.flatnonzero(np.r_[True, who[1:] != who[:-1]]) if len(who) else who
        counted = np.empty(len(who), dtype=np.int64)
        lengths = np.diff(np.r_[begins, len(who)])
        counted[by_customer] = np.arange(len(who)) - np.repeat(begins, lengths) + 1
        return counted

    @cached_property
    def first(self) -> Whole:
        """When each person first ordered; NEVER."""
        return self._when(1)

    @cached_property
    def second(self) -> Whole:
        """When each person ordered for the second time; NEVER."""
        return self._when(2)

    def _when(self, number: int) -> Whole:
        found = np.full(self.people, NEVER, dtype=np.int64)
        chosen = self.numbers == number
        found[self.orders.who[chosen]] = self.orders.at[chosen]
        return found

    @cached_property
    def gross(self) -> Whole:
        """What each person's orders are worth, in millionths."""
        return sum_by(self.orders.who, self.orders.micros, self.people)

    @cached_property
    def returned(self) -> Whole:
        """What each person was given back, in millionths."""
        return sum_by(self.refunds.who, self.refunds.micros, self.people)

    @cached_property
    def larger(self) -> Truth:
        """Which orders are worth more than the one before of their customer."""
        by_customer = np.argsort(self.orders.who, kind="stable")
        micros = self.orders.micros[by_customer]
        found: Truth = np.zeros(len(micros), dtype=np.bool_)
        found[by_customer[1:]] = micros[1:] > micros[:-1]
        return found & (self.numbers > 1)

    @cached_property
    def with_goods(self) -> Truth:
        """Which orders name their products."""
        return np.asarray([bool(goods) for goods in self.orders.goods], dtype=np.bool_)

    @cached_property
    def with_new_goods(self) -> Truth:
        """Which orders hold something that their customer had not bought before."""
        had: defaultdict[int, set[str]] = defaultdict(set)
        found: Truth = np.zeros(len(self.orders), dtype=np.bool_)
        for place in np.flatnonzero(self.with_goods).tolist():
            known, goods = had[int(self.orders.who[place])], self.orders.goods[place]
            found[place] = not known.issuperset(goods)
            known.update(goods)
        return found

    def in_span(self, span: Span) -> slice:
        """Where the orders of a time stand."""
        return between(self.orders.at, span)

    def refunds_in(self, span: Span) -> slice:
        """Where its refunds stand."""
        return between(self.refunds.at, span)

    def active(self, span: Span) -> Truth:
        """Who ordered in it."""
        found: Truth = np.zeros(self.people, dtype=np.bool_)
        found[self.orders.who[self.in_span(span)]] = True
        return found

    def held_at(self, instant: int) -> Truth:
        """Whose last order before an instant is less than 90 days old then."""
        return self.active(Span(instant - _HELD_MICROS + 1, instant))

    def customers_before(self, instant: int) -> int:
        """How many had ordered before an instant."""
        return count_of(self.first < instant)

    def repeaters_before(self, instant: int) -> int:
        """How many had ordered twice before an instant."""
        return count_of(self.second < instant)


def between(at: Whole, span: Span) -> slice:
    """Where the instants of a time stand in a sorted column."""
    first, last = np.searchsorted(at, [span.start, span.end])
    return slice(int(first), int(last))


def sum_by(places: Whole, amounts: Whole, length: int) -> Whole:
    """The exact sums of amounts by place."""
    sums: Whole = np.zeros(length, dtype=np.int64)
    np.add.at(sums, places, amounts)
    return sums


def count_of(chosen: NDArray[np.bool_]) -> int:
    """How many are chosen."""
    return int(np.count_nonzero(chosen))
