"""To which of the messages before it an order is credited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, TypeVar

#: How long after a message an order may still be credited to it. Klaviyo's default for mails.
WINDOW = timedelta(days=5)
ENDS = Decimal("0.4")  # of an order, to the first message and to the last, by position


class Model(StrEnum):
    """Which messages share an order, of those that left in the window before it."""

    LAST = "last"  # the last alone
    FIRST = "first"  # the first alone
    LINEAR = "linear"  # all alike
    POSITION = "position"  # the first and the last 40 % each, the rest to those between


class Touch(Protocol):
    """A message that left."""

    @property
    def timestamp(self) -> datetime: ...


T = TypeVar("T", bound=Touch)


@dataclass(frozen=True, slots=True)
class CreditRule:
    """A model and its window."""

    model: Model = Model.LAST
    window: timedelta = WINDOW

    def choose(self, touches: Sequence[T], at: datetime) -> list[tuple[T, Decimal]]:
        """The messages to which an order of that instant is credited, each with its share; the
        shares are 1 together. `touches` are the customer's, sorted by time. A message in the very
        instant of the order came after it.
        """
        since = at - self.window
        before = [touch for touch in touches if since <= touch.timestamp < at]
        shares = _shares(self.model, len(before))
        return [(touch, share) for touch, share in zip(before, shares, strict=True) if share]


def _shares(model: Model, count: int) -> list[Decimal]:
    """The share of each of so many messages."""
    if count == 0:
        return []
    one, none = Decimal(1), Decimal(0)
    match model:
        case Model.LAST:
            return [none] * (count - 1) + [one]
        case Model.FIRST:
            return [one] + [none] * (count - 1)
        case Model.POSITION if count > 2:
            return [ENDS, *[(1 - 2 * ENDS) / (count - 2)] * (count - 2), ENDS]
    return [one / count] * count  # alike; by position, too, where there is nothing between
