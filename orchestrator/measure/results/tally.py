"""What is counted of some passages, and the figures that it makes."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from orchestrator.domain.message import ARRIVED, TAKEN, MessageState
from orchestrator.measure.experiments.samples import Amounts, Share
from orchestrator.measure.figures.figure import Value
from orchestrator.measure.figures.result_figures import (
    conversion_after_message,
    revenue_per_recipient,
)
from orchestrator.measure.results.comparison import Uplift, compare_amounts, compare_shares

_DELIVERED = (*ARRIVED[1:], MessageState.COMPLAINED)
_COUNTS = (
    "entered", "held_out", "reached", "left_before", "waiting", "converted", "unsubscribers",
)  # fmt: skip
_OPENED = (MessageState.OPENED, MessageState.CLICKED)


@dataclass(slots=True)
class SpentAfter:
    """What passages brought after their first message, in one currency."""

    orders: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, orders: int, amount: float) -> None:
        """Adds one passage."""
        self.join(SpentAfter(orders, amount, amount * amount))

    def join(self, other: SpentAfter) -> None:
        """Adds others' passages."""
        self.orders += other.orders
        self.total += other.total
        self.squares += other.squares


@dataclass(slots=True)
class Side:
    """The treated, or the control group, as far as it was drawn who belongs to it: who `entered`
    and reached the goal at all, who had a first message (or would have had one) and reached it
    after that.
    """

    entered: int = 0
    goals: int = 0
    reached: int = 0
    converted: int = 0
    spent: dict[str, SpentAfter] = field(default_factory=lambda: defaultdict(SpentAfter))

    def join(self, other: Side) -> None:
        """Adds other passages."""
        for name in ("entered", "goals", "reached", "converted"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for currency, spent in other.spent.items():
            self.spent[currency].join(spent)

    @property
    def share(self) -> Share:
        """Of those who had a first message, who reached the goal after it."""
        return Share(self.reached, self.converted)

    @property
    def intended(self) -> Share:
        """Of everybody who entered, who reached the goal."""
        return Share(self.entered, self.goals)

    def amounts(self, currency: str) -> Amounts:
        """What those who had a first message brought after it."""
        spent = self.spent.get(currency, SpentAfter())
        return Amounts(self.reached, spent.total, spent.squares)


@dataclass(slots=True)
class Credit:
    """The orders that are credited to messages, in one currency; parts of orders where a model
    shares them.
    """

    orders: Decimal = Decimal(0)
    revenue: Decimal = Decimal(0)


@dataclass(slots=True)
class Tally:
    """`entered` is everybody, the `held_out` among them; of the others some were `reached` by a
    message, some `left_before` one, some wait for one (`waiting`). `converted` are of the reached,
    and so is what is credited.
    """

    entered: int = 0
    held_out: int = 0
    reached: int = 0
    left_before: int = 0
    waiting: int = 0
    converted: int = 0
    worth: float | None = None  # what the goal is worth by the journey, of the converted
    treated: Side = field(default_factory=Side)
    control: Side = field(default_factory=Side)
    messages: Counter[tuple[str, str]] = field(default_factory=Counter)  # (channel, state)
    unsubscribers: int = 0
    credits: dict[str, Credit] = field(default_factory=lambda: defaultdict(Credit))
    has_goal: bool = True

    def join(self, other: Tally) -> None:
        """Adds other passages, none of which is among these."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        if other.worth is not None:
            self.worth = (self.worth or 0.0) + other.worth
        self.treated.join(other.treated)
        self.control.join(other.control)
        self.messages.update(other.messages)
        for currency, credit in other.credits.items():
            self.credits[currency].orders += credit.orders
            self.credits[currency].revenue += credit.revenue

    # ------------------------------------------------------------ messages

    def _count(self, *states: MessageState) -> int:
        return sum(number for (_, state), number in self.messages.items() if state in states)

    @property
    def sent(self) -> int:
        """Messages that a provider took."""
        return self._count(*TAKEN)

    def told(self, tellers: frozenset[str]) -> dict[str, int | None]:
        """What only receipts tell, by name; None where no channel of these messages is among the
        `tellers`, those with receipts.
        """
        has = any(channel in tellers for channel, _ in self.messages)
        return {
            "delivered": self._count(*_DELIVERED) if has else None,
            "opened": self._count(*_OPENED) if has else None,
            "clicked": self._count(MessageState.CLICKED) if has else None,
            "unsubscribed": self.unsubscribers if has or self.unsubscribers else None,
            "complained": self._count(MessageState.COMPLAINED) if has else None,
        }

    # ------------------------------------------------------------ figures

    @property
    def conversions(self) -> int | None:
        """How many reached the goal after a message; None where there is no goal."""
        return self.converted if self.has_goal else None

    @property
    def conversion(self) -> Value:
        """Their share of the reached."""
        return conversion_after_message(self.converted, self.reached) if self.has_goal else None

    @property
    def uplift(self) -> Uplift | None:
        """From the first message on, of those who came so far; None without goal or control."""
        return self._compared(self.treated.share, self.control.share)

    @property
    def intended(self) -> Uplift | None:
        """Of everybody who entered."""
        return self._compared(self.treated.intended, self.control.intended)

    def _compared(self, treated: Share, control: Share) -> Uplift | None:
        has_both = self.has_goal and self.control.entered
        return compare_shares(treated, control) if has_both else None

    def uplift_in(self, currency: str) -> Uplift | None:
        """Of what those who had a first message brought after it."""
        if not self.control.entered:
            return None
        treated, control = self.treated.amounts(currency), self.control.amounts(currency)
        return compare_amounts(treated, control)

    def per_recipient(self, currency: str) -> Value:
        """What one of the reached brought, as far as it is credited."""
        return revenue_per_recipient(self.credits[currency].revenue, self.reached)

    @property
    def currencies(self) -> list[str]:
        """Those in which anything was bought after a message, or would have been."""
        return sorted({*self.credits, *self.treated.spent, *self.control.spent})
