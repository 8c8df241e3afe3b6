"""Results against plain Python over the same rows: every figure, on shops made by chance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orchestrator.measure.results.attribution import CreditRule, Model
from orchestrator.measure.results.counting import count_results
from orchestrator.measure.results.journey_results import weeks_between
from orchestrator.measure.results.tally import Side, Tally
from orchestrator.store.database import Database
from orchestrator.store.results import EntryCohort, GroupedBy
from tests.support.random_shop import BEGIN, RandomShop, Row

TAKEN = {"accepted", "delivered", "opened", "clicked", "bounced", "complained"}
ZONE = ZoneInfo("Europe/Paris")
WINDOW = timedelta(days=4)
WEEKS = weeks_between(BEGIN, BEGIN + timedelta(days=30), ZONE)


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    opened = Database(migrated_url)
    yield opened
    opened.close()


def left_at(message: Row) -> datetime:
    at: datetime = message["leased_at"] or message["decided_at"]
    return at


class Oracle:
    """Counts one passage after the other, in whatever way is the plainest."""

    def __init__(self, shop: RandomShop, cohort: EntryCohort, model: Model) -> None:
        self.shop, self.cohort, self.model = shop, cohort, model
        self.found: dict[tuple[str, str], Counter[Any]] = {}
        self.passages = [
            one
            for one in shop.enrollments
            if one["status"] != "merged"
            and cohort.journey in (None, one["journey"])
            and (cohort.since is None or one["entered_at"] >= cohort.since)
            and (cohort.until is None or one["entered_at"] < cohort.until)
        ]
        self.orders = {one["id"]: self.orders_of(one["id"]) for one in shop.customers}
        for passage in self.passages:
            self.count(passage)
        self.credit()

    def into(self, journey: str, group: str, what: Any, number: Any = 1) -> None:
        self.found.setdefault((journey, group), Counter())[what] += number

    def messages_of(self, passage: Row) -> list[Row]:
        return [one for one in self.shop.messages if one["enrollment_id"] == passage["id"]]

    def first_at(self, passage: Row) -> datetime | None:
        if passage["held_out"]:
            times = [
                one["at"]
                for one in self.shop.decisions
                if one["enrollment_id"] == passage["id"] and "template" in one["detail"]
            ]
        else:
            times = [left_at(m) for m in self.messages_of(passage) if m["state"] in TAKEN]
        return min(times, default=None)

    def is_drawn(self, passage: Row) -> bool:
        drawn = [
            one["variant"]
            for one in self.shop.assignments
            if one["customer_id"] == passage["customer_id"]
            and one["journey"] == passage["journey"]
            and one["at"] <= passage["entered_at"]
        ]
        return bool(passage["held_out"]) or drawn == ["treated"]

    def groups_of(self, passage: Row) -> list[str]:
        customer = self.shop.customers[passage["customer_id"] - 1]
        match self.cohort.by:
            case GroupedBy.STAGE:
                changes = [
                    (one["at"], one["id"], one["to"])
                    for one in self.shop.stages
                    if one["customer_id"] == customer["id"]
                    and one["segment"] is None
                    and one["at"] <= passage["entered_at"]
                ]
                return [max(changes)[2] if changes else ""]
            case GroupedBy.LOCALE:
                return [customer["traits"].get("locale", "en")[:2]]
            case GroupedBy.WEEK:
                local = passage["entered_at"].astimezone(ZONE)
                monday = local.date() - timedelta(days=local.weekday())
                return [str([week.date() for week in WEEKS].index(monday))]
            case GroupedBy.VARIANT:
                return [
                    f"fork: {one['detail']['variant']}"
                    for one in self.shop.decisions
                    if one["enrollment_id"] == passage["id"] and one["reason"] == "variant"
                ]
        return [""]

    def count(self, passage: Row) -> None:
        journey, first, converted = (
            passage["journey"],
            self.first_at(passage),
            passage["converted_at"],
        )
        after = first is not None and converted is not None and converted > first
        steps = self.cohort.by is GroupedBy.STEP
        for message in self.messages_of(passage):
            groups = [message["step"]] if steps else self.groups_of(passage)
            for group in groups:
                self.into(journey, group, ("messages", message["channel"], message["state"]))
                told = {
                    1 for one in self.shop.events
                    if one["properties"].get("email_id") == message["public_id"]
                }  # fmt: skip
                self.into(journey, group, "unsubscribers", len(told))
        if steps:
            self.count_steps(passage)
            return
        for group in self.groups_of(passage):
            self.into(journey, group, "entered")
            if passage["held_out"]:
                self.into(journey, group, "held_out")
            else:
                self.into(journey, group, "reached", int(first is not None))
                ended = passage["status"] != "active"
                self.into(journey, group, "left_before", int(first is None and ended))
                self.into(journey, group, "waiting", int(first is None and not ended))
                self.into(journey, group, "converted", int(after))
                self.into(journey, group, "worth", (passage["goal_value"] or 0) if after else 0)
            if self.is_drawn(passage):
                side = "control" if passage["held_out"] else "treated"
                self.into(journey, group, (side, "entered"))
                self.into(journey, group, (side, "goals"), int(converted is not None))
                self.into(journey, group, (side, "reached"), int(first is not None))
                self.into(journey, group, (side, "converted"), int(after))
                self.spend(passage, group, side, first)

    def count_steps(self, passage: Row) -> None:
        sent = [m for m in self.messages_of(passage) if m["state"] in TAKEN]
        for message in sent:
            self.into(passage["journey"], message["step"], "reached")
        if passage["converted_at"] is not None:
            before = [m for m in sent if left_at(m) < passage["converted_at"]]
            if before:
                last = max(before, key=lambda m: (left_at(m), m["id"]))
                self.into(passage["journey"], last["step"], "converted")

    # ------------------------------------------------------------ orders

    def orders_of(self, customer: int) -> list[Row]:
        rows = sorted(
            (one for one in self.shop.events if one["customer_id"] == customer),
            key=lambda one: (one["at"], one["id"]),
        )
        orders = [
            {
                "at": one["at"],
                "id": one["properties"]["order_id"],
                "net": Decimal(str(one["properties"]["total"] or 0)),
                "currency": one["properties"].get("currency", "gbp").upper(),
            }
            for one in rows
            if one["name"] == "Order Completed"
        ]
        for refund in (one for one in rows if one["name"] == "Order Refunded"):
            same = [one for one in orders if one["id"] == refund["properties"].get("order_id")]
            before = [one for one in orders if one["at"] <= refund["at"]]
            if same or before:
                chosen = same[0] if same else before[-1]
                chosen["net"] -= Decimal(str(refund["properties"]["total"]))
        return orders

    def spend(self, passage: Row, group: str, side: str, first: datetime | None) -> None:
        if first is None:
            return
        until = passage["goal_until"] or first + WINDOW
        by_currency: dict[str, list[Decimal]] = {}
        for order in self.orders[passage["customer_id"]]:
            if first < order["at"] <= until:
                by_currency.setdefault(order["currency"], []).append(order["net"])
        for currency, nets in by_currency.items():
            key = passage["journey"], group
            self.into(*key, (side, currency, "orders"), len(nets))
            self.into(*key, (side, currency, "total"), float(sum(nets)))
            self.into(*key, (side, currency, "squares"), float(sum(nets)) ** 2)

    def credit(self) -> None:
        for customer, orders in self.orders.items():
            touches = sorted(
                (
                    one for one in self.shop.messages
                    if one["customer_id"] == customer and one["state"] in TAKEN
                    and one["purpose"] == "marketing"
                ),
                key=lambda one: (left_at(one), one["public_id"]),
            )  # fmt: skip
            for order in orders:
                near = [m for m in touches if order["at"] - WINDOW <= left_at(m) < order["at"]]
                for place, message in enumerate(near):
                    self.give(message, self.share(place, len(near)), order)

    def share(self, place: int, count: int) -> Decimal:
        match self.model:
            case Model.LAST:
                return Decimal(place == count - 1)
            case Model.FIRST:
                return Decimal(place == 0)
            case Model.POSITION if count > 2:
                ends = place in (0, count - 1)
                return Decimal("0.4") if ends else Decimal("0.2") / (count - 2)
        return Decimal(1) / count

    def give(self, message: Row, share: Decimal, order: Row) -> None:
        if not share:
            return
        for passage in self.passages:
            if passage["id"] == message["enrollment_id"]:
                steps = self.cohort.by is GroupedBy.STEP
                for group in [message["step"]] if steps else self.groups_of(passage):
                    key = passage["journey"], group
                    self.into(*key, ("credit", order["currency"], "orders"), float(share))
                    money = float(share * order["net"])
                    self.into(*key, ("credit", order["currency"], "revenue"), money)


def flat(tally: Tally) -> dict[Any, Any]:
    """A tally in the words of the oracle."""
    found: dict[Any, Any] = {
        name: getattr(tally, name)
        for name in (
            "entered", "held_out", "reached", "left_before", "waiting", "converted", "worth",
            "unsubscribers",
        )
    }  # fmt: skip
    found |= {("messages", *key): number for key, number in tally.messages.items()}
    for word, side in (("treated", tally.treated), ("control", tally.control)):
        found |= _flat_side(word, side)
    for currency, credit in tally.credits.items():
        found["credit", currency, "orders"] = float(credit.orders)
        found["credit", currency, "revenue"] = float(credit.revenue)
    return found


def _flat_side(word: str, side: Side) -> dict[Any, Any]:
    names = ("entered", "goals", "reached", "converted")
    found: dict[Any, Any] = {(word, name): getattr(side, name) for name in names}
    for currency, spent in side.spent.items():
        found[word, currency, "orders"] = spent.orders
        found[word, currency, "total"] = spent.total
        found[word, currency, "squares"] = spent.squares
    return found


def without_nothing(numbers: dict[Any, Any]) -> dict[Any, Any]:
    return {key: pytest.approx(number) for key, number in numbers.items() if number}


COHORTS = [
    *(
        EntryCohort(by=by, weeks=WEEKS if by is GroupedBy.WEEK else (), language="en")
        for by in (None, *GroupedBy)
    ),
    EntryCohort("cart", BEGIN + timedelta(days=4), BEGIN + timedelta(days=12)),
]


@pytest.mark.parametrize("seed", [1, 2])
def test_every_number_is_that_of_plain_python_over_the_same_rows(
    database: Database, seed: int
) -> None:
    shop = RandomShop(seed)
    shop.write(database)
    models = [*Model, *Model]
    for cohort, model in zip(COHORTS, models, strict=False):
        with database.read() as transaction:
            counted = count_results(transaction, cohort, CreditRule(model, WINDOW), "GBP")
        expected = Oracle(shop, cohort, model).found
        assert {
            key: flat(tally) for key, tally in counted.items() if without_nothing(flat(tally))
        }.keys() == {key for key, numbers in expected.items() if without_nothing(dict(numbers))}
        for key, tally in counted.items():
            numbers = {name: value for name, value in flat(tally).items() if value}
            assert numbers == without_nothing(dict(expected.get(key, {}))), (cohort.by, key)
