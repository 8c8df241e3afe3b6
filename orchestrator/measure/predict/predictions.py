"""All predictions of a shop, from its database or from a log alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from orchestrator.domain.schedule import find_zone
from orchestrator.domain.state import CustomerState
from orchestrator.language.project import Project
from orchestrator.measure.predict.best_hour import (
    BestHours,
    HourHits,
    Visits,
    find_best_hours,
    hold_against,
)
from orchestrator.measure.predict.calibration import Calibration, calibrate
from orchestrator.measure.predict.fitting import Ints, Truths
from orchestrator.measure.predict.foretelling import Foretold, foretell
from orchestrator.measure.predict.shop_model import ShopModel, ShopOrders, fit_shop
from orchestrator.measure.predict.shop_orders import local_days_and_hours, read_shop_orders
from orchestrator.measure.trade.kept_trade import read_kept_trade
from orchestrator.measure.trade.logged_trade import read_logged_trade
from orchestrator.measure.trade.trade import MICROS, Trade, as_instant, as_micros
from orchestrator.store.database import Database
from orchestrator.store.presence import Profile, walk_profiles, walk_visits

HABITS = timedelta(days=365)  # what was done before tells nothing of today
#: Events of Segment's specifications that a customer sends by being there.
PRESENT = frozenset({
    "Products Searched", "Product List Viewed", "Product List Filtered", "Promotion Viewed",
    "Promotion Clicked", "Product Clicked", "Product Viewed", "Product Added", "Product Removed",
    "Cart Viewed", "Checkout Started", "Checkout Step Viewed", "Checkout Step Completed",
    "Payment Info Entered", "Order Completed", "Coupon Entered", "Product Added to Wishlist",
    "Product Removed from Wishlist", "Wishlist Product Added to Cart", "Product Shared",
    "Cart Shared", "Product Reviewed", "Signed Up", "Signed In", "Application Opened",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Predictions:
    """What a shop's customers will probably do, as of a day. `foretold` is by a place in `ids`;
    `profiles` are the customers behind it, where it comes from a database.
    """

    today: int  # an ordinal of the calendar
    ids: Sequence[str]
    orders: ShopOrders
    visits: Visits
    model: ShopModel
    hours: BestHours | None
    foretold: Mapping[int, Foretold]
    profiles: Mapping[int, Profile] = field(default_factory=dict)

    def calibrate(self) -> Calibration | None:
        """Predictions of the first half of the time beside what came in the second."""
        return calibrate(self.orders, self.today)

    def hold_hours_against(self, tried: Calibration | None) -> HourHits | None:
        """The best hours of the first part of the time beside the visits of the second."""
        if tried is None:
            return None
        told = find_best_hours(self.visits.up_to(tried.fitted_up_to))
        return hold_against(told, self.visits.since(tried.fitted_up_to)) if told else None


def predict_from_log(paths: Iterable[Path], project: Project) -> Predictions:
    """Predicts as of the last call of a log, by the project's clock. Raises FileDamaged."""
    zone, trade = _zone(project), read_logged_trade(paths, project.config.project.currency)
    last = as_instant(trade.calls.at.max()) if len(trade.calls) else as_instant(0)
    since = as_micros(last - HABITS)
    wanted = np.isin(trade.calls.name, _places(trade)) & (trade.calls.at > since)
    wanted &= ~_are_on_the_hour(trade.calls.at)
    who, at = trade.calls.who[wanted], trade.calls.at[wanted]
    visits = Visits.gather(who, *local_days_and_hours(at, zone))
    return _predict(trade, visits, last.astimezone(zone).date().toordinal(), zone)


def _places(trade: Trade) -> list[int]:
    return [place for place, name in enumerate(trade.calls.names) if name in PRESENT]


def predict_from_database(database: Database, project: Project, now: datetime) -> Predictions:
    """Predicts as of an instant."""
    trade = read_kept_trade(database, project.config.project.currency)
    with database.read() as transaction:
        profiles = _in_order(trade, walk_profiles(transaction))
        seen = walk_visits(transaction, PRESENT, now - HABITS)
        moments = [(one.customer_id, as_micros(one.at)) for one in seen if one.at <= now]
    visits = _by_own_clocks(moments, profiles, project)
    zone = _zone(project)
    return _predict(trade, visits, now.astimezone(zone).date().toordinal(), zone, profiles)


def _in_order(trade: Trade, profiles: Iterable[Profile]) -> dict[int, Profile]:
    """The profiles by their place in the trade; who came meanwhile waits for the next time."""
    names = zip(trade.ids, (~trade.known).tolist(), strict=True)
    places = {name: place for place, name in enumerate(names)}
    found = {places.get((one.external_id, one.anonymous), -1): one for one in profiles}
    found.pop(-1, None)
    return found


def _by_own_clocks(
    moments: Sequence[tuple[int, int]], profiles: Mapping[int, Profile], project: Project
) -> Visits:
    """Visits by the hours of each customer's own clock."""
    places = {one.id: place for place, one in profiles.items()}
    ours = [(places[who], at) for who, at in moments if who in places]
    columns = np.array(ours, np.int64).reshape(-1, 2)
    who, at = columns[~_are_on_the_hour(columns[:, 1])].T
    there = np.unique(who).tolist()
    zones = {place: _zone_of(profiles[place], project) for place in there}
    names = np.array([zones[place].key for place in there], np.str_)
    zone_of = names[np.searchsorted(there, who)] if there else names
    days, hours = np.zeros_like(at), np.zeros_like(at)
    for zone in set(zones.values()):
        inside = zone_of == zone.key
        days[inside], hours[inside] = local_days_and_hours(at[inside], zone)
    return Visits.gather(who, days, hours)


def _are_on_the_hour(at: Ints) -> Truths:
    """Which instants are those of a full hour, to the microsecond: shops that know the day only
    write midnight or noon, which is nobody's habit."""
    exact: Truths = at % (3600 * MICROS) == 0
    return exact


def _zone_of(profile: Profile, project: Project) -> ZoneInfo:
    locale = project.config.project.locale
    return CustomerState("", project.lifecycle, _zone(project), locale, traits=profile.traits).zone


def _zone(project: Project) -> ZoneInfo:
    zone = find_zone(project.config.project.timezone)
    assert zone is not None  # config refuses unknown zones
    return zone


def _predict(
    trade: Trade,
    visits: Visits,
    today: int,
    zone: ZoneInfo,
    profiles: Mapping[int, Profile] | None = None,
) -> Predictions:
    orders = read_shop_orders(trade, zone).up_to(today)
    model, hours = fit_shop(orders, today), find_best_hours(visits)
    foretold = foretell(model, orders, hours)
    return Predictions(today, trade.ids, orders, visits, model, hours, foretold, profiles or {})
