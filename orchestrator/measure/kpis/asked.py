"""What is asked of key figures, as it is typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from zoneinfo import ZoneInfo

from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.phrase import Phrase, said_by, say, strung, verbatim
from orchestrator.domain.schedule import parse_duration
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.measure.figures import FIGURES
from orchestrator.measure.figures.figure import Figure, Value
from orchestrator.measure.kpis.funnels import WINDOWS, Windows
from orchestrator.measure.kpis.numbers import RATIO_DIGITS, By

_ENDINGS = (".gz", ".jsonl", ".ndjson", ".json")


class InvalidQuestion(ParcoursError):
    """A question that cannot be understood."""


def read_day(text: str, zone: ZoneInfo) -> datetime:
    """An instant; one without a zone is by the project's clock, a day alone is its midnight."""
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)
    except (ValueError, OverflowError):
        raise InvalidQuestion(
            say("'{text}' is no day: write 2026-11-27 or 2026-11-27T10:00", text=text)
        ) from None


def read_window(
    since: str | None, until: str | None, zone: ZoneInfo
) -> tuple[datetime | None, datetime | None]:
    """Beginning and end as far as they are given; the end is no part of it."""
    start = None if since is None else read_day(since, zone)
    end = None if until is None else read_day(until, zone)
    if start is not None and end is not None and start >= end:
        raise InvalidQuestion(say("it ends before it begins: give a later day with --to"))
    return start, end


def read_steps(text: str) -> list[str]:
    """The events of a funnel, written `A > B > C`."""
    steps = [step.strip() for step in text.split(">")]
    if len(steps) < 2 or not all(steps):
        raise InvalidQuestion(
            say("'{text}' is no funnel: write \"Product Viewed > Order Completed\"", text=text)
        )
    return steps


def read_windows(spans: Sequence[str]) -> Windows:
    """The times within which the steps of a funnel are to be done."""
    try:
        found = {text: parse_duration(text) for text in spans}
    except ValueError as error:
        raise InvalidQuestion(said_by(error)) from None
    return found or WINDOWS


def compute_figure(name: str, numbers: Sequence[str]) -> tuple[Figure, Value]:
    """A figure of numbers that are typed: `spend=1000.00`, `new_customers=50`."""
    if name not in FIGURES:
        told = say("there is no figure '{name}'{hint}", name=name, hint=_hint(name, FIGURES))
        raise InvalidQuestion(told)
    figure, given = FIGURES[name], dict[str, Value]()
    for text in numbers:
        key, is_there, value = (part.strip() for part in text.partition("="))
        if not is_there or key not in figure.needs:
            needs = strung(f"{need}=…" for need in figure.needs)
            raise InvalidQuestion(
                say("'{text}' is not asked for: write {needs}", text=text, needs=needs)
            )
        given[key] = _read_number(value)
    return figure, figure.of(given)


def as_exact(value: Value) -> str | None:
    """A figure as it is: `0.10`, `4800.00`; ratios to six digits."""
    if value is None:
        return None
    number = Decimal(value)
    exponent = number.as_tuple().exponent
    is_short = isinstance(exponent, int) and exponent >= -RATIO_DIGITS
    return f"{number if is_short else round(number, RATIO_DIGITS):f}"


def _read_number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise InvalidQuestion(say("'{text}' is no number: write 1234.50", text=text))
    return number


def _hint(name: str, known: Iterable[str]) -> Phrase:
    return verbatim(did_you_mean(name, known) or "")


def read_by(text: str) -> By:
    """By what figures are to be told apart."""
    try:
        return By(text)
    except ValueError:
        raise InvalidQuestion(
            say(
                "figures are not told by '{text}': there are {known}",
                text=text,
                known=strung(by.value for by in By),
            )
        ) from None


def name_of(file: Path) -> str:
    """The stem of a log: `shop` of `shop.jsonl.gz`."""
    name = file.name
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return name or file.name
