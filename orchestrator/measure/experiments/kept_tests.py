"""Experiments that the database tells of: the splits and control groups of journeys, and the one of
the whole project.

A customer belongs to the variation of their first exposure. Of a journey they count as converted
when they reach its goal after it, of the whole project when they order; their orders, each less
what was given back, count for as long after the exposure as the goal does, else for thirty days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter

from orchestrator.domain.assignment import HELD_OUT, HOLDOUT, TREATED
from orchestrator.domain.journey import Journey
from orchestrator.domain.steps.ways import Split
from orchestrator.measure.experiments.exposed import ExposedCustomers, Seen
from orchestrator.measure.experiments.judging import JudgedBy, judge, plan_ahead
from orchestrator.measure.experiments.verdict import Judged
from orchestrator.measure.results.net_orders import Purchase, settle
from orchestrator.measure.trade.trade import MICROS
from orchestrator.store.experiments import (
    count_entries,
    last_edits,
    walk_conversions,
    walk_exposures,
)
from orchestrator.store.results import walk_orders
from orchestrator.store.transaction import Transaction
from orchestrator.store.views import GLOBAL_HOLDOUT

#: How long after an exposure something counts where the journey's goal does not say.
WINDOW = timedelta(days=30)
#: From so many days the traffic of a test that has not begun is known.
TRAFFIC_DAYS = 28


@dataclass(frozen=True, slots=True)
class KeptQuestion:
    """What to judge: `which` is an experiment or a journey (None: all). `within` says how long
    after an exposure something counts, `currency` whose money (None: that of most orders).
    """

    journeys: Mapping[str, Journey]
    holdout_global: float
    project_currency: str
    now: datetime
    judged_by: JudgedBy
    which: str | None = None
    within: timedelta | None = None
    currency: str | None = None

    def wants(self, experiment: str) -> bool:
        """Whether it is asked about."""
        return self.which in (None, experiment, experiment.partition("/")[0])

    def window(self, journey: str) -> timedelta | None:
        """How long after an exposure something counts; None: for ever."""
        if self.within is not None or not journey:
            return self.within
        goal = self.journeys[journey].goal if journey in self.journeys else None
        return (goal.within if goal else None) or WINDOW


@dataclass(slots=True)
class KeptExperiment:
    """One experiment, the journey that it is of ("": the whole project), and its shares today."""

    journey: str
    shares: dict[str, float]
    people: ExposedCustomers[int]


@dataclass(slots=True)
class KeptTests:
    """What the database tells."""

    currency: str
    judged: list[Judged] = field(default_factory=list)
    in_several: dict[str, int] = field(default_factory=dict)


def read_kept_tests(transaction: Transaction, question: KeptQuestion) -> KeptTests:
    """Judges what is asked about."""
    kept = known_experiments(question)
    _read_exposures(transaction, question, kept)
    wanted = {name: one for name, one in kept.items() if question.wants(name)}
    _read_conversions(transaction, question, wanted)
    currency = _read_orders(transaction, question, wanted)
    edits = last_edits(transaction)
    traffic = count_entries(transaction, question.now - timedelta(days=TRAFFIC_DAYS))
    found = KeptTests(currency)
    for name, one in wanted.items():
        judged = _judge(one, question.judged_by, edits.get(one.journey))
        if not judged.customers:
            entered, goals = traffic.get(one.journey, (0, 0))
            ahead = replace(question.judged_by, per_day=entered / TRAFFIC_DAYS)
            still = plan_ahead(list(one.shares.values()), entered, goals, ahead)
            judged = replace(judged, still=still)
        found.judged.append(judged)
        found.in_several[name] = one.people.in_several
    return found


def known_experiments(question: KeptQuestion) -> dict[str, KeptExperiment]:
    """Those of the files of today, also where nobody has come to them yet."""
    found: dict[str, KeptExperiment] = {}
    if question.holdout_global:
        shares = _shares_of_holdout(question.holdout_global)
        found[GLOBAL_HOLDOUT] = KeptExperiment("", shares, ExposedCustomers(GLOBAL_HOLDOUT))
    for journey in question.journeys.values():
        all_shares = {
            step.id: {one.name: one.share for one in step.variants}
            for step in journey.walk_steps()
            if isinstance(step, Split)
        }
        if journey.holdout:
            all_shares[HOLDOUT] = _shares_of_holdout(journey.holdout)
        for step, shares in all_shares.items():
            name = f"{journey.id}/{step}"
            found[name] = KeptExperiment(journey.id, shares, ExposedCustomers(name))
    return found


def _shares_of_holdout(percent: float) -> dict[str, float]:
    return {HELD_OUT: percent, TREATED: 100 - percent}


def _read_exposures(
    transaction: Transaction, question: KeptQuestion, kept: dict[str, KeptExperiment]
) -> None:
    for row in walk_exposures(transaction):
        if not question.wants(row.experiment_id):
            continue
        one = kept.get(row.experiment_id)
        if one is None:  # of a journey or step that is gone
            people = ExposedCustomers[int](row.experiment_id)
            one = kept[row.experiment_id] = KeptExperiment(row.journey, {}, people)
        seen = one.people.seen.get(row.customer_id)
        if seen is None:
            seen = Seen(row.variation_id, row.timestamp, propensity=row.propensity)
            one.people.seen[row.customer_id] = seen
        seen.in_several |= seen.variation != row.variation_id


def _read_conversions(
    transaction: Transaction, question: KeptQuestion, wanted: Mapping[str, KeptExperiment]
) -> None:
    of_journey = _by_journey(wanted)
    for row in walk_conversions(transaction):
        for one in of_journey.get(row.journey, ()):
            seen = one.people.seen.get(row.customer_id)
            if seen is not None and _counts(row.timestamp, seen, question.window(row.journey)):
                seen.converted = True


def _by_journey(wanted: Mapping[str, KeptExperiment]) -> dict[str, list[KeptExperiment]]:
    found: dict[str, list[KeptExperiment]] = {}
    for one in wanted.values():
        found.setdefault(one.journey, []).append(one)
    return found


def _counts(at: datetime, seen: Seen, window: timedelta | None) -> bool:
    return at > seen.at and (window is None or at - seen.at <= window)


def _read_orders(
    transaction: Transaction, question: KeptQuestion, wanted: Mapping[str, KeptExperiment]
) -> str:
    """Adds up what customers ordered, in one currency, which is returned."""
    people = {who for one in wanted.values() for who in one.people.seen}
    rows = groupby(walk_orders(transaction), attrgetter("customer_id"))
    bought = {
        who: settle(theirs, question.project_currency) for who, theirs in rows if who in people
    }
    named = Counter(one.currency for all_ in bought.values() for one in all_)
    usual = min(named, key=lambda name: (-named[name], name), default=question.project_currency)
    currency = question.currency or usual
    for one in wanted.values():
        window = question.window(one.journey)
        for who, seen in one.people.seen.items():
            _add_up(seen, bought.get(who, ()), currency, window)
            if not one.journey:
                seen.converted = any(_counts(o.at, seen, window) for o in bought.get(who, ()))
    return currency


def _add_up(
    seen: Seen, bought: Sequence[Purchase], currency: str, window: timedelta | None
) -> None:
    for order in bought:
        if order.currency != currency:
            continue
        if order.at <= seen.at:
            seen.before += int(order.net * MICROS)
        elif _counts(order.at, seen, window):
            seen.after += int(order.net * MICROS)


def _judge(one: KeptExperiment, judged_by: JudgedBy, edited_at: datetime | None) -> Judged:
    lately = None
    if edited_at is not None:
        since = [seen for seen in one.people.counted if seen.at >= edited_at]
        numbers = Counter(seen.variation for seen in since)
        lately = {name: numbers[name] for name in one.shares}
    counted = one.people.count(one.shares, has_money=True)
    setting = replace(judged_by, per_day=one.people.per_day, lately=lately)
    return judge(one.people.id, counted, setting)
