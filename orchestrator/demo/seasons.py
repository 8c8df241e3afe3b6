"""What the shop's people would do if nobody wrote to them: 120 days of history, then three
weeks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from orchestrator.demo.chance import dice
from orchestrator.demo.deeds import (
    Deed,
    Outcome,
    identify,
    is_order,
    look_around,
    refund,
    track,
    visit,
)
from orchestrator.demo.shoppers import Habit, Shopper

HISTORY = timedelta(days=120)
SEASON = timedelta(days=21)
_DAY = timedelta(days=1)

#: How many orders people have behind them, and how many days ago the last one was.
_PAST = {
    Habit.FADING: ((1, 3), (83.6, 90.0)),
    Habit.DORMANT: ((1, 2), (94.0, 112.0)),
    Habit.REGULAR: ((2, 4), (4.0, 60.0)),
    Habit.ONCE: ((1, 1), (5.0, 80.0)),
}


def imagine_history(shoppers: Iterable[Shopper], until: datetime) -> list[Deed]:
    """The 120 days before `until`, in order of time; the last day stays empty, so that all of it is
    history.
    """
    deeds = [deed for shopper in shoppers for deed in _remember(shopper, until)]
    return sorted((deed for deed in deeds if deed.at < until - _DAY), key=lambda deed: deed.at)


def imagine_season(shoppers: Iterable[Shopper], begin: datetime) -> list[Deed]:
    """The three weeks from `begin`, in order of time."""
    deeds = [deed for shopper in shoppers for deed in _plan(shopper, begin)]
    deeds += _strangers(begin)
    return sorted(deeds, key=lambda deed: deed.at)


def waking_hour(day: datetime, zone: str, throw: Random) -> datetime:
    """A moment of a day at which people in a zone are up, most often in the evening."""
    hour = throw.choices(range(7, 24), (1, 2, 3, 3, 3, 4, 5, 4, 3, 3, 4, 5, 6, 8, 9, 6, 2))[0]
    local = day.astimezone(ZoneInfo(zone))
    return local.replace(
        hour=hour, minute=throw.randint(0, 59), second=throw.randint(0, 59)
    ).astimezone(day.tzinfo)


def _remember(shopper: Shopper, until: datetime) -> Iterator[Deed]:
    throw = dice("history", shopper.user_id)
    if shopper.habit is Habit.LEAD:
        came = until - timedelta(days=throw.uniform(2, 100))
        yield from _arrive(shopper, came, throw)
        if throw.random() < 0.5:
            yield from visit(shopper, came + timedelta(hours=1), Outcome.LEAVES_CART, throw)
    elif shopper.habit in _PAST:
        (few, many), (recent, old) = _PAST[shopper.habit]
        # Two in five of the fading turn inactive on the first morning: their win-back is then seen
        # whole.
        ago = (
            throw.uniform(89.6, 90.0)
            if shopper.habit is Habit.FADING and throw.random() < 0.4
            else None
        )
        last = until - timedelta(days=ago or throw.uniform(recent, old))
        times = [
            last - number * timedelta(days=throw.uniform(6, 14))
            for number in range(throw.randint(few, many))
        ]
        times = [at for at in reversed(times) if at > until - HISTORY + 2 * _DAY] or [last]
        yield from _arrive(shopper, times[0] - timedelta(hours=3), throw)
        for at in times:
            yield from filter(is_order, visit(shopper, at, Outcome.BUYS, throw))


def _arrive(shopper: Shopper, at: datetime, throw: Random) -> Iterator[Deed]:
    yield from look_around({"userId": shopper.user_id}, at - timedelta(minutes=9), throw)
    yield identify(shopper, at)
    yield track(shopper, at, "Signed Up")


def _plan(shopper: Shopper, begin: datetime) -> Iterator[Deed]:
    throw = dice("season", shopper.user_id)
    match shopper.habit:
        case Habit.FADING | Habit.DORMANT | Habit.FRIEND:
            return
        case Habit.NEWCOMER:
            yield from _sign_up(shopper, begin, throw)
        case Habit.LEAD:
            yield from _come_back(shopper, begin, throw, likely=0.75, buys=0.3)
        case Habit.ONCE:
            yield from _come_back(shopper, begin, throw, likely=0.6, buys=0.8)
        case Habit.REGULAR:
            yield from _come_back(shopper, begin, throw, likely=0.7, buys=0.7)


def _sign_up(shopper: Shopper, begin: datetime, throw: Random) -> Iterator[Deed]:
    """Looks around unknown, says who they are, and perhaps fills a cart on one of the next days."""
    at = waking_hour(begin + throw.random() * SEASON, shopper.zone, throw)
    yield from look_around({"anonymousId": shopper.anonymous_id}, at - timedelta(minutes=12), throw)
    yield identify(shopper, at, was_anonymous=True)
    yield track(shopper, at, "Signed Up")
    if throw.random() < 0.55:
        later = waking_hour(at + timedelta(days=throw.randint(1, 4)), shopper.zone, throw)
        outcome = Outcome.BUYS if throw.random() < 0.3 else Outcome.LEAVES_CART
        yield from visit(shopper, later, outcome, throw, small=throw.random() < 0.4)


def _come_back(
    shopper: Shopper, begin: datetime, throw: Random, *, likely: float, buys: float
) -> Iterator[Deed]:
    """A visit, more often early than late: what follows an order takes two weeks to be seen."""
    if throw.random() > likely:
        return
    day = begin + SEASON * throw.random() ** 3
    at = waking_hour(day, shopper.zone, throw)
    outcome = Outcome.BUYS if throw.random() < buys else Outcome.LEAVES_CART
    deeds = visit(shopper, max(at, begin), outcome, throw, small=throw.random() < 0.3)
    yield from deeds
    if outcome is Outcome.BUYS and throw.random() < 0.06:
        yield refund(shopper, deeds[-1], deeds[-1].at + timedelta(days=throw.uniform(0.5, 5)))


def _strangers(begin: datetime) -> Iterator[Deed]:
    """Visitors who never say who they are."""
    for number in range(60):
        throw = dice("stranger", number)
        yield from look_around(
            {"anonymousId": f"stranger-{number}"}, begin + throw.random() * SEASON, throw
        )
