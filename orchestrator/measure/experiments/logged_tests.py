"""Experiments that a log tells of: who saw which variation, and what they did afterwards.

A customer belongs to the variation that they saw first, and counts from then on; who saw two of one
experiment is left out, and counted. What comes after an exposure in the log counts, at the same
instant in the order of the file. Money is in one currency, after money given back; a refund of an
order that was made before the exposure changes what was before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from orchestrator.domain.call import Call
from orchestrator.domain.event import Kind
from orchestrator.domain.identity import Person
from orchestrator.domain.values import as_text
from orchestrator.measure.experiments.exposed import ExposedCustomers, Seen
from orchestrator.measure.trade.logged_trade import find_people_behind
from orchestrator.measure.trade.trade import ORDER, REFUND, read_money

#: What Segment's specification and its kin call them.
EXPERIMENT_KEYS = ("experiment_id", "experimentId", "experiment_name", "experimentName")
VARIATION_KEYS = ("variation_id", "variationId", "variation_name", "variationName")
VALUE_KEYS = ("total", "revenue", "value")


@dataclass(frozen=True, slots=True)
class LogQuestion:
    """What to look for in a log. `value` names the property that is the money (None: `total`, else
    `revenue`, else `value`), `within` how long after the exposure something counts.
    """

    exposure: str
    outcome: str
    value: str | None = None
    currency: str | None = None
    within: timedelta | None = None

    def amount(self, properties: Mapping[str, object]) -> int | None:
        """The money of an event, in millionths."""
        keys = VALUE_KEYS if self.value is None else (self.value,)
        found = (read_money(properties.get(key)) for key in keys)
        return next((one for one in found if one is not None), None)


@dataclass(slots=True)
class LoggedTests:
    """What a log tells: its experiments by id, the currency of the money, how many outcomes were in
    another, and how many exposures name no experiment or no variation.
    """

    experiments: dict[str, ExposedCustomers[Person]] = field(default_factory=dict)
    currency: str | None = None
    has_money: bool = False
    other_currencies: Counter[str] = field(default_factory=Counter)
    unnamed: int = 0


def read_tests(calls: Sequence[Call], question: LogQuestion) -> LoggedTests:
    """Reads a log whose calls are in the order of time, each once."""
    tracked = [
        (person, call)
        for person, call in zip(find_people_behind(calls), calls, strict=True)
        if call.kind is Kind.TRACK and call.name in (question.exposure, question.outcome, REFUND)
    ]
    found = LoggedTests()
    _choose_currency((call for _, call in tracked), question, found)
    reading = _LogReading(question, found)
    for person, call in tracked:
        reading.take(person, call)
    return found


def _choose_currency(calls: Iterable[Call], question: LogQuestion, found: LoggedTests) -> None:
    """That of most outcomes; what names none is in it."""
    outcomes = [call.properties for call in calls if call.name == question.outcome]
    found.has_money = any(question.amount(one) is not None for one in outcomes)
    named = Counter(name for one in outcomes if (name := currency_of(one)))
    chosen = question.currency
    if chosen is None and named:
        chosen = min(named, key=lambda name: (-named[name], name))
    found.currency = chosen
    found.other_currencies = Counter({name: n for name, n in named.items() if name != chosen})


def currency_of(properties: Mapping[str, object]) -> str:
    """The currency that an event names, "" where it names none."""
    told = properties.get("currency")
    return told.strip().upper() if isinstance(told, str) else ""


@dataclass(slots=True)
class _LogReading:
    """A log that is read once, from its beginning to its end."""

    question: LogQuestion
    found: LoggedTests
    spent: Counter[Person] = field(default_factory=Counter)
    of: dict[Person, list[Seen]] = field(default_factory=dict)
    ordered_at: dict[tuple[Person, str], datetime] = field(default_factory=dict)

    def take(self, person: Person, call: Call) -> None:
        at = call.at
        assert at is not None  # read_history refuses calls without a time
        if call.name == self.question.exposure:
            self._expose(person, at, call.properties)
        if call.name == self.question.outcome:
            self._bring(person, at, call.properties)
        elif call.name == REFUND and self.question.outcome == ORDER:
            self._give_back(person, at, call.properties)

    def _expose(self, person: Person, at: datetime, properties: Mapping[str, object]) -> None:
        experiment, variation = first_of(properties, EXPERIMENT_KEYS, VARIATION_KEYS)
        if not experiment or not variation:
            self.found.unnamed += 1
            return
        known = self.found.experiments.setdefault(experiment, ExposedCustomers(experiment)).seen
        if (seen := known.get(person)) is None:
            seen = known[person] = Seen(variation, at, self.spent[person])
            self.of.setdefault(person, []).append(seen)
        seen.in_several |= seen.variation != variation

    def _bring(self, person: Person, at: datetime, properties: Mapping[str, object]) -> None:
        amount = self._amount(properties)
        self.spent[person] += amount
        self.ordered_at.setdefault((person, as_text(properties.get("order_id"))), at)
        for seen in self._open(person, at):
            seen.converted = True
            seen.after += amount

    def _give_back(self, person: Person, at: datetime, properties: Mapping[str, object]) -> None:
        amount, order = self._amount(properties), as_text(properties.get("order_id"))
        ordered_at = self.ordered_at.get((person, order), at) if order else at
        self.spent[person] -= amount
        for seen in self._open(person, at):
            if ordered_at >= seen.at:
                seen.after -= amount

    def _amount(self, properties: Mapping[str, object]) -> int:
        is_ours = currency_of(properties) in ("", self.found.currency)
        return (self.question.amount(properties) or 0) if is_ours else 0

    def _open(self, person: Person, at: datetime) -> Iterator[Seen]:
        within = self.question.within
        return (one for one in self.of.get(person, ()) if within is None or at - one.at <= within)


def first_of(properties: Mapping[str, object], *all_keys: tuple[str, ...]) -> tuple[str, ...]:
    """For each list of keys the first that says something, as text."""
    return tuple(
        next((text for key in keys if (text := as_text(properties.get(key)).strip())), "")
        for keys in all_keys
    )
