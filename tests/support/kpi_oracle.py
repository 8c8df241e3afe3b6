"""Key figures the slow way: customer by customer, in plain Python, straight from their definitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

HELD = timedelta(days=90)


@dataclass(frozen=True)
class Bought:
    user: str
    at: datetime
    amount: Decimal
    is_refund: bool = False


def ratio(part: Any, whole: Any) -> float | None:
    return None if not whole else float(round(Decimal(part) / Decimal(whole), 6))


def month_starts(first: datetime, until: datetime, zone: ZoneInfo) -> list[datetime]:
    day = first.astimezone(zone).date().replace(day=1)
    found = []
    while (start := datetime(day.year, day.month, 1, tzinfo=zone)) < until:
        found.append(start)
        day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return [*found, datetime(day.year, day.month, 1, tzinfo=zone)]


class SlowShop:
    """A shop that is looked at order by order."""

    def __init__(self, bought: Sequence[Bought], until: datetime) -> None:
        # `a < b` of two instants in one zone would compare what their clocks show
        self.orders = [one for one in bought if not one.is_refund and utc(one.at) < utc(until)]
        self.refunds = [one for one in bought if one.is_refund and utc(one.at) < utc(until)]
        self.users = sorted({one.user for one in self.orders})

    def times(self, user: str) -> list[datetime]:
        return sorted(utc(one.at) for one in self.orders if one.user == user)

    def active(self, start: datetime, end: datetime) -> set[str]:
        return {one.user for one in self.orders if utc(start) <= utc(one.at) < utc(end)}

    def held(self, at: datetime) -> set[str]:
        return {
            user
            for user in self.users
            if any(at_ < utc(at) for at_ in self.times(user))
            and utc(at) - max(at_ for at_ in self.times(user) if at_ < utc(at)) < HELD
        }

    def month(self, start: datetime, end: datetime, before: datetime) -> dict[str, Any]:
        orders = [one for one in self.orders if utc(start) <= utc(one.at) < utc(end)]
        refunds = [one for one in self.refunds if utc(start) <= utc(one.at) < utc(end)]
        active, previous = self.active(start, end), self.active(before, start)
        new = {user for user in self.users if utc(start) <= self.times(user)[0] < utc(end)}
        gross = sum((one.amount for one in orders), Decimal(0))
        back = sum((one.amount for one in refunds), Decimal(0))
        ever = [user for user in self.users if self.times(user)[0] < utc(end)]
        again = [user for user in ever if sum(at < utc(end) for at in self.times(user)) > 1]
        held, kept = self.held(start), self.held(end)
        return {
            "month": f"{start:%Y-%m}",
            "orders": len(orders),
            "active_customers": len(active),
            "new_customers": len(new),
            "returning_customers": len(active - new),
            "gross_revenue": float(round(gross, 2)),
            "refunds": len(refunds),
            "refund_amount": float(round(back, 2)),
            "net_revenue": float(round(gross - back, 2)),
            "aov": ratio(gross, len(orders)),
            "purchase_frequency": ratio(len(orders), len(active)),
            "prev_month": {
                "S": len(previous),
                "retained": len(previous & active),
                "crr": ratio(len(previous & active), len(previous)),
                "churn": ratio(len(previous - active), len(previous)),
            },
            "base90": {
                "S": len(held),
                "E": len(kept),
                "N": len(new),
                "crr_formula": ratio(len(kept) - len(new), len(held)),
                "churn_formula": ratio(len(held) - len(kept) + len(new), len(held)),
                "retained_strict": len(held & kept),
                "crr_strict": ratio(len(held & kept), len(held)),
                "churn_strict": ratio(len(held - kept), len(held)),
            },
            "cumulative_customers": len(ever),
            "cumulative_repeat_customers": len(again),
            "repeat_rate": ratio(len(again), len(ever)),
            "inactive90_at_end": len(set(ever) - kept),
        }

    def cohorts(self, starts: Sequence[datetime]) -> dict[str, Any]:
        found = {}
        for number, start in enumerate(starts[:-1]):
            end = starts[number + 1]
            members = {user for user in self.users if utc(start) <= self.times(user)[0] < utc(end)}
            if not members:
                continue
            later = list(zip(starts[number:], starts[number + 1 :], strict=False))
            found[f"{start:%Y-%m}"] = {
                "size": len(members),
                "active": [len(members & self.active(*span)) for span in later],
                "rate": [ratio(len(members & self.active(*span)), len(members)) for span in later],
                "revenue": [
                    float(
                        round(
                            sum(
                                (
                                    one.amount
                                    for one in self.orders
                                    if one.user in members and utc(a) <= utc(one.at) < utc(b)
                                ),
                                Decimal(0),
                            ),
                            2,
                        )
                    )
                    for a, b in later
                ],
            }
        return found


def utc(at: datetime) -> datetime:
    return at.astimezone(ZoneInfo("UTC"))
