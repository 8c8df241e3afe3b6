"""The values that a page shows, each of its own kind; how they are written says `page_writing`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in one currency: amounts of two are never added."""

    amount: Decimal | float
    currency: str


@dataclass(frozen=True, slots=True)
class Portion:
    """A part of a whole, 0.25 for a quarter."""

    part: float
    is_change: bool = False  # a difference of two shares, in percentage points


@dataclass(frozen=True, slots=True)
class Number:
    """A number that is not whole."""

    number: float
    decimals: int = 2


@dataclass(frozen=True, slots=True)
class Between:
    """An estimate's interval, from `low` to `high`."""

    low: Value
    high: Value


@dataclass(frozen=True, slots=True)
class When:
    """An instant on the project's clock; `to_the_day` without the time."""

    at: datetime
    to_the_day: bool = False


@dataclass(frozen=True, slots=True)
class PageLink:
    """Text that leads to another page; `to` is its path below the first page."""

    text: str
    to: str


@dataclass(frozen=True, slots=True)
class Badge:
    """A word for a state; `tone` is good, bad, wait or plain."""

    text: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Code:
    """What somebody types, or a program reads."""

    text: str


#: None is what is not known, or has no denominator: never nought.
Value = str | int | Money | Portion | Number | Between | When | PageLink | Badge | Code | None

#: Kinds that stand to the right in a table.
NUMERIC = (int, Money, Portion, Number, Between)
