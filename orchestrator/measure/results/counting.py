"""Counts passages, messages and orders of a cohort into tallies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter

from orchestrator.measure.results.attribution import CreditRule
from orchestrator.measure.results.net_orders import Purchase, settle
from orchestrator.measure.results.tally import Side, Tally
from orchestrator.store import results
from orchestrator.store.results import EntryCohort, FoundRow, GroupedBy
from orchestrator.store.transaction import Transaction

#: By journey and group.
Tallies = Mapping[tuple[str, str], Tally]
_by_customer = attrgetter("customer_id")


def count_results(
    transaction: Transaction, cohort: EntryCohort, rule: CreditRule, currency: str
) -> dict[tuple[str, str], Tally]:
    """Counts everything of a cohort; `currency` is that of orders that name none."""
    tallies: dict[tuple[str, str], Tally] = defaultdict(Tally)
    if cohort.by is GroupedBy.STEP:
        _count_steps(transaction, cohort, tallies)
    else:
        _count_passages(transaction, cohort, tallies)
    for row in results.count_sends(transaction, cohort):
        tallies[row.journey, row.group].messages[row.channel, row.state] += row.number
    for row in results.count_unsubscribed(transaction, cohort):
        tallies[row.journey, row.group].unsubscribers += row.number
    count = _Orders(tallies, cohort, rule)
    for life in _walk_buyers(transaction, cohort, currency):
        count.credit(life)
        count.compare(life)
    return dict(tallies)


def usual_currency(transaction: Transaction, otherwise: str) -> str:
    """The currency of an order that names none: that of the others where they have only one, else
    the project's.
    """
    named = results.currencies_of_orders(transaction)
    return named[0] if len(named) == 1 else otherwise


def _count_passages(
    transaction: Transaction, cohort: EntryCohort, tallies: dict[tuple[str, str], Tally]
) -> None:
    for row in results.count_passages(transaction, cohort):
        tally = tallies[row.journey, row.group]
        tally.entered += row.entered
        if row.held_out:
            tally.held_out += row.entered
        else:
            _add_treated(tally, row)
        if row.drawn:
            _add_drawn(tally.control if row.held_out else tally.treated, row)


def _add_treated(tally: Tally, row: FoundRow) -> None:
    tally.reached += row.reached
    tally.left_before += row.left_before
    tally.waiting += row.waiting
    tally.converted += row.converted
    if row.worth is not None:
        tally.worth = (tally.worth or 0.0) + row.worth


def _add_drawn(side: Side, row: FoundRow) -> None:
    side.entered += row.entered
    side.goals += row.goals
    side.reached += row.reached
    side.converted += row.converted


def _count_steps(
    transaction: Transaction, cohort: EntryCohort, tallies: dict[tuple[str, str], Tally]
) -> None:
    for row in results.count_steps(transaction, cohort):
        tally = tallies[row.journey, row.group]
        tally.reached += row.reached
        tally.converted += row.converted


# ---------------------------------------------------------------- orders


@dataclass(frozen=True, slots=True)
class Buyer:
    """A customer who ordered: their orders, the messages that they had, and their passages of the
    cohort that had a first one.
    """

    purchases: Sequence[Purchase]
    touches: Sequence[FoundRow]
    passages: Sequence[FoundRow]


def _walk_buyers(transaction: Transaction, cohort: EntryCohort, currency: str) -> Iterator[Buyer]:
    with (
        closing(results.walk_touches(transaction)) as all_touches,
        closing(results.walk_reached(transaction, cohort)) as all_passages,
        closing(results.walk_orders(transaction)) as orders,
    ):
        touches, passages = _InTurn(all_touches), _InTurn(all_passages)
        for customer, rows in groupby(orders, key=_by_customer):
            if theirs := passages.of(customer):
                yield Buyer(settle(rows, currency), touches.of(customer), theirs)


class _InTurn:
    """Rows that come customer by customer, asked for in the same order."""

    def __init__(self, rows: Iterable[FoundRow]) -> None:
        self._groups = groupby(rows, key=_by_customer)
        self._next = self._advance()

    def _advance(self) -> tuple[int, list[FoundRow]] | None:
        for customer, rows in self._groups:
            return customer, list(rows)
        return None

    def of(self, customer: int) -> list[FoundRow]:
        """Those of one customer; those before are left out."""
        while self._next is not None and self._next[0] < customer:
            self._next = self._advance()
        return self._next[1] if self._next is not None and self._next[0] == customer else []


@dataclass(frozen=True, slots=True)
class _Orders:
    """Counts the orders of one customer after the other."""

    tallies: dict[tuple[str, str], Tally]
    cohort: EntryCohort
    rule: CreditRule
    groups: dict[int, list[FoundRow]] = field(default_factory=dict)

    def credit(self, buyer: Buyer) -> None:
        """Credits each order once, to messages of whatever journey; those of other cohorts take
        theirs, and are not told.
        """
        marketing = [touch for touch in buyer.touches if touch.is_marketing]
        for purchase in buyer.purchases:
            for touch, share in self.rule.choose(marketing, purchase.at):
                for passage in buyer.passages:
                    if passage.enrollment_id == touch.enrollment_id:
                        group = touch.step if self.cohort.by is GroupedBy.STEP else passage.group
                        credit = self.tallies[passage.journey, group].credits[purchase.currency]
                        credit.orders += share
                        credit.revenue += share * purchase.net

    def compare(self, buyer: Buyer) -> None:
        """Adds up what each passage brought after its first message, treated or held out: an order
        after messages of two journeys is one of both.
        """
        drawn = () if self.cohort.by is GroupedBy.STEP else buyer.passages
        for passage in (one for one in drawn if one.drawn):
            tally = self.tallies[passage.journey, passage.group]
            side = tally.control if passage.held_out else tally.treated
            since = passage.first_message_at
            until = passage.goal_until or since + self.rule.window
            bought = [one for one in buyer.purchases if since < one.at <= until]
            for currency in {one.currency for one in bought}:
                nets = [one.net for one in bought if one.currency == currency]
                side.spent[currency].add(len(nets), float(sum(nets)))
