"""Carts that are left: by event, by customer, and by the episodes that people remember."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from orchestrator.measure.figures.order_figures import cart_abandonment_rate
from orchestrator.measure.kpis.numbers import as_ratio
from orchestrator.measure.kpis.sequences import NOWHERE, Sequences
from orchestrator.measure.trade.trade import ORDER, Truth, Whole, as_instant

Data = dict[str, object]

#: After so long without an order a cart counts as left.
TIMES = {"1h": timedelta(hours=1), "24h": timedelta(hours=24), "7d": timedelta(days=7)}
SEMANTICS = (
    "by event: a cart event is abandoned when its customer places no order later and within the "
    "time; it is still open, and counted as abandoned, when the log ends before that time. By "
    "customer: who has an abandoned cart event. By episode: cart events of a customer are one "
    "episode while each comes within the time after the one before, and no order comes later than "
    "the one and no later than the other; it is converted by an order later than its last cart "
    "event and within the time"
)


def count_carts(sequences: Sequences, event: str) -> Data:
    """What became of carts; `event` is that by which somebody fills one."""
    calls, carts = sequences.calls, sequences.places_of(event)
    users, orders = np.unique(calls.who[carts]), sequences.places_of(ORDER)
    ordered_after = sequences.next_places(ORDER, calls.who[carts], sequences.places_later(carts))
    with_order = len(np.unique(calls.who[carts][ordered_after != NOWHERE]))
    return {
        "cart_event": event,
        "data_end": str(as_instant(calls.at[-1])) if len(calls) else None,
        "semantics": SEMANTICS,
        "cart_events": len(carts),
        "cart_users": len(users),
        "order_users": len(np.unique(calls.who[orders])),
        "cart_users_with_any_later_order": with_order,
        "user_cart_abandonment_rate_ever": as_ratio(
            cart_abandonment_rate(len(users) - with_order, len(users))
        ),
        **{word: _within(sequences, carts, time) for word, time in TIMES.items()},
    }


def _within(sequences: Sequences, carts: Whole, time: timedelta) -> Data:
    calls, span = sequences.calls, time // timedelta(microseconds=1)
    who, at = calls.who[carts], calls.at[carts]
    is_left = ~_is_ordered(sequences, carts, span)
    is_open = is_left & (at + span > calls.at[-1]) if len(calls) else is_left
    episodes, left = _count_episodes(sequences, carts, span, is_left)
    abandoned = int(is_left.sum())
    return {
        "abandoned_events": abandoned,
        "abandoned_rate": as_ratio(cart_abandonment_rate(abandoned, len(carts))),
        "open_events": int(is_open.sum()),
        "abandoning_users": len(np.unique(who[is_left])),
        "episodes": episodes,
        "abandoned_episodes": left,
        "episode_abandonment_rate": as_ratio(cart_abandonment_rate(left, episodes)),
    }


def _is_ordered(sequences: Sequences, carts: Whole, span: int) -> Truth:
    """Whether an order follows each cart event, later and in time."""
    calls = sequences.calls
    order = sequences.next_places(ORDER, calls.who[carts], sequences.places_later(carts))
    found: Truth = (order != NOWHERE) & (calls.at[order] - calls.at[carts] <= span)
    return found


def _count_episodes(
    sequences: Sequences, carts: Whole, span: int, is_left: Truth
) -> tuple[int, int]:
    """How many there are, and how many were left: an episode is its last cart event."""
    calls = sequences.calls
    by_customer = np.lexsort((carts, calls.who[carts]))
    places, left = carts[by_customer], is_left[by_customer]
    who, at = calls.who[places], calls.at[places]
    order = sequences.next_places(ORDER, who, sequences.places_later(places))
    goes_on = np.zeros(len(places), dtype=np.bool_)
    goes_on[:-1] = (
        (who[1:] == who[:-1])
        & (at[1:] - at[:-1] <= span)
        & ((order[:-1] == NOWHERE) | (calls.at[order[:-1]] > at[1:]))
    )
    return int((~goes_on).sum()), int((~goes_on & left).sum())
