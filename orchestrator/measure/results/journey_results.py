"""What each journey brought: read from the database, in the order in which it is told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from orchestrator.domain.journey import Journey
from orchestrator.measure.results.attribution import CreditRule
from orchestrator.measure.results.counting import count_results, usual_currency
from orchestrator.measure.results.tally import Tally
from orchestrator.store import results
from orchestrator.store.database import Database
from orchestrator.store.results import EntryCohort, GroupedBy
from orchestrator.store.transaction import Transaction

WEEKS_MAX = 520  # ten years
#: A passage may be in several groups, or in none.
_OVERLAP = (GroupedBy.STEP, GroupedBy.VARIANT)


@dataclass(frozen=True, slots=True)
class Shop:
    """What is asked of the project: today's journeys, and what holds where nothing is said."""

    journeys: Mapping[str, Journey]
    zone: ZoneInfo
    currency: str
    language: str


@dataclass(frozen=True, slots=True)
class ResultsAsked:
    """Of whom: those who entered in [since, until). `rule` credits their orders to messages."""

    journey: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    by: GroupedBy | None = None
    rule: CreditRule = field(default_factory=CreditRule)


@dataclass(frozen=True, slots=True)
class JourneyResults:
    """A journey's results, and those of each group by its label. `title` is "" where no file tells
    of the journey.
    """

    journey: str
    title: str
    goal: str  # as written, "" without one
    within: timedelta | None
    tally: Tally
    groups: Sequence[tuple[str, Tally]] = ()
    cost: Mapping[str, Decimal] = field(default_factory=dict)  # by currency, where any is known


@dataclass(frozen=True, slots=True)
class Results:
    """The answer to a question; `tellers` are the channels whose providers send receipts."""

    question: ResultsAsked
    journeys: Sequence[JourneyResults]
    tellers: frozenset[str]


def read_results(database: Database, shop: Shop, question: ResultsAsked) -> Results:
    """Reads what journeys brought. Those without a file are told of where anybody entered."""
    cohort = EntryCohort(
        question.journey, question.since, question.until, language=shop.language.split("-")[0]
    )
    with database.read() as transaction:
        currency = usual_currency(transaction, shop.currency)
        parted = _parted(transaction, cohort, question.by, shop.zone)
        groups = count_results(transaction, parted, question.rule, currency)
        whole = groups
        if question.by in _OVERLAP:
            whole = count_results(transaction, cohort, question.rule, currency)
        spent = _read_costs(transaction, question, shop.zone)
        tellers = results.channels_with_receipts(transaction)
    totals = _totals(whole)
    labelled = {} if question.by is None else _with_labels(groups, parted, shop)
    told = [
        replace(
            _results_of(name, shop.journeys.get(name), totals, labelled), cost=spent.get(name, {})
        )
        for name in _names(totals, question, shop)
    ]
    return Results(question, told, tellers)


def _read_costs(
    transaction: Transaction, question: ResultsAsked, zone: ZoneInfo
) -> dict[str, dict[str, Decimal]]:
    """What was spent on campaigns of a journey's name, on the days that are asked about."""
    since, until = (
        None if at is None else at.astimezone(zone).date()
        for at in (question.since, question.until)
    )
    costs: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for (campaign, currency), micros in results.spent_on_campaigns(
        transaction, since, until
    ).items():
        costs[campaign][currency] = Decimal(micros).scaleb(-6)
    return costs


def _totals(groups: Mapping[tuple[str, str], Tally]) -> Mapping[str, Tally]:
    totals: dict[str, Tally] = defaultdict(Tally)
    for (journey, _), tally in groups.items():
        totals[journey].join(tally)
    return totals


def _names(totals: Mapping[str, Tally], question: ResultsAsked, shop: Shop) -> Sequence[str]:
    """Those that run, and those that anybody entered."""
    if question.journey is not None:
        return [question.journey]
    running = {name for name, journey in shop.journeys.items() if not journey.draft}
    return sorted(running | totals.keys())


def _results_of(
    name: str,
    journey: Journey | None,
    totals: Mapping[str, Tally],
    groups: Mapping[tuple[str, str], Tally],
) -> JourneyResults:
    goal = journey.goal if journey else None
    own = totals.get(name, Tally())
    parts = [(label, tally) for (owner, label), tally in groups.items() if owner == name]
    for tally in (own, *(tally for _, tally in parts)):
        tally.has_goal = goal is not None or own.converted > 0
    return JourneyResults(
        name,
        journey.title if journey else "",
        goal.reason if goal else "",
        goal.within if goal else None,
        own,
        parts,
    )


# ---------------------------------------------------------------- groups


def _parted(
    transaction: Transaction, cohort: EntryCohort, by: GroupedBy | None, zone: ZoneInfo
) -> EntryCohort:
    weeks: tuple[datetime, ...] = ()
    if by is GroupedBy.WEEK:
        first, last = results.span_of_entries(transaction, cohort)
        if first is not None and last is not None:
            weeks = weeks_between(first, last, zone)
    return replace(cohort, by=by, weeks=weeks)


def weeks_between(first: datetime, last: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """The Mondays, 00:00 by the zone's clock, of the weeks from one instant to another; at most the
    newest ten years.
    """
    local = last.astimezone(zone)
    monday = local.date() - timedelta(days=local.weekday())
    weeks: list[datetime] = []
    while len(weeks) < WEEKS_MAX:
        weeks.append(datetime(monday.year, monday.month, monday.day, tzinfo=zone))
        if weeks[-1] <= first:
            break
        monday -= timedelta(days=7)
    return tuple(reversed(weeks))


def _with_labels(
    groups: Mapping[tuple[str, str], Tally], cohort: EntryCohort, shop: Shop
) -> dict[tuple[str, str], Tally]:
    """The groups in their order, weeks by the day on which they begin."""

    def place(key: tuple[str, str]) -> tuple[str, int, str]:
        journey, group = key
        if cohort.by is GroupedBy.WEEK:
            return journey, int(group or -1), ""
        known = shop.journeys.get(journey)
        steps = list(known.by_id) if known and cohort.by is GroupedBy.STEP else []
        return journey, steps.index(group) if group in steps else len(steps), group

    return {
        (journey, _label(group, cohort)): groups[journey, group]
        for journey, group in sorted(groups, key=place)
    }


def _label(group: str, cohort: EntryCohort) -> str:
    if cohort.by is GroupedBy.WEEK and group:
        return f"{cohort.weeks[int(group)]:%Y-%m-%d}"
    return group
