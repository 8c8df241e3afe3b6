"""A shop's trade as columns: who called when, and what they ordered and gave back.

All columns are sorted by time, ties in the order of arrival. Instants are microseconds since 1970
in UTC; money is whole millionths of the currency's unit, so that sums are exact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orchestrator.domain.values import read_amount

Whole = NDArray[np.int64]
Truth = NDArray[np.bool_]

ORDER = "Order Completed"
REFUND = "Order Refunded"
SURVEY_ANSWERED, REFERRAL_ACCEPTED = "Survey Answered", "Referral Accepted"
UNSUBSCRIBED = "Unsubscribed"
SUBSCRIBED = frozenset({"Subscription Started", "Subscription Updated"})
CANCELLED = "Subscription Cancelled"
#: Of which figures read what they tell.
NAMES_TOLD = SUBSCRIBED | {SURVEY_ANSWERED, REFERRAL_ACCEPTED, UNSUBSCRIBED, CANCELLED}
MICROS = 1_000_000
#: No order is worth a hundred billions; and a sum of such would soon leave 64 bits.
AMOUNT_MAX = 1e11
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class CallColumns:
    """Calls as columns: `who` is a place in `Trade.ids`, `name` one in `names` ("" of what is no
    track call).
    """

    who: Whole
    at: Whole
    name: Whole
    names: tuple[str, ...] = ("",)

    def __len__(self) -> int:
        return len(self.at)

    def of(self, event: str) -> Truth:
        """Which calls are this event."""
        number = self.names.index(event) if event in self.names else -1
        return np.equal(self.name, number)


@dataclass(frozen=True, slots=True)
class Deals:
    """Orders, or refunds, as columns. `micros` is 0 where a call names no amount; `goods` are the
    categories, else the ids, of the products that each names.
    """

    who: Whole
    at: Whole
    micros: Whole
    currency: NDArray[np.str_]
    order_ids: NDArray[np.object_]
    goods: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.at)

    def where(self, chosen: Truth) -> Deals:
        """Those of them that are chosen."""
        return Deals(
            self.who[chosen],
            self.at[chosen],
            self.micros[chosen],
            self.currency[chosen],
            self.order_ids[chosen],
            self.goods[chosen],
        )

    @property
    def amount(self) -> Decimal:
        """What all of them are worth together."""
        return as_money(self.micros.sum())


class ToldEvent(NamedTuple):
    """An event of another kind with what it tells."""

    who: int
    at: int
    name: str
    properties: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class People:
    """Everybody as columns: their id, whether the shop gave it to them, the channel that brought
    them and the stage that they are in ("" where that is not known). `keys` count up: by them the
    database knows people.
    """

    keys: Whole
    ids: tuple[str, ...]
    known: Truth
    channels: NDArray[np.object_]
    stages: NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Trade:
    """What a shop's customers did. `deeds` are events of NAMES_TOLD; `unpriced` counts orders and
    refunds without a readable total, `rejected` calls by the reason for which they were refused.
    """

    people: People
    calls: CallColumns
    orders: Deals
    refunds: Deals
    deeds: tuple[ToldEvent, ...] = ()
    unpriced: int = 0
    duplicates: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    @property
    def ids(self) -> tuple[str, ...]:
        """The id of everybody, by their place in the columns."""
        return self.people.ids

    @property
    def known(self) -> Truth:
        """Who is known by an id of the shop's."""
        return self.people.known

    @property
    def currencies(self) -> list[str]:
        """Those of orders and refunds: first the one with most orders."""
        counted = Counter(self.orders.currency.tolist())
        counted.update(dict.fromkeys(self.refunds.currency.tolist(), 0))
        return sorted(counted, key=lambda name: (-counted[name], name))

    def in_currency(self, currency: str) -> Trade:
        """The same with the orders and refunds of one currency only."""
        return replace(
            self,
            orders=self.orders.where(self.orders.currency == currency),
            refunds=self.refunds.where(self.refunds.currency == currency),
        )

    def of_people(self, chosen: Truth) -> Trade:
        """The same with what some people did only. Who brought whom is left out: a friend and who
        brought them may be of two groups.
        """
        calls, inside = self.calls, chosen[self.calls.who]
        return replace(
            self,
            calls=CallColumns(calls.who[inside], calls.at[inside], calls.name[inside], calls.names),
            orders=self.orders.where(chosen[self.orders.who]),
            refunds=self.refunds.where(chosen[self.refunds.who]),
            deeds=tuple(
                deed for deed in self.deeds if chosen[deed.who] and deed.name != REFERRAL_ACCEPTED
            ),
        )


def as_micros(at: datetime) -> int:
    """An instant as the columns hold it."""
    return (at - _EPOCH) // _MICROSECOND


def as_instant(micros: int) -> datetime:
    """An instant of the columns, in UTC."""
    return _EPOCH + timedelta(microseconds=int(micros))


def as_money(micros: int | np.int64) -> Decimal:
    """A sum of money of the columns."""
    return Decimal(int(micros)).scaleb(-6)


def read_money(value: object) -> int | None:
    """An amount that a call tells, in millionths; None for what is none. A number written as text
    counts.
    """
    amount = read_amount(value)
    if amount is None or abs(amount) >= AMOUNT_MAX:
        return None
    return int((Decimal(str(amount)) * MICROS).to_integral_value())


def whole(values: Sequence[int]) -> Whole:
    """A column of integers."""
    return np.asarray(values, dtype=np.int64)
