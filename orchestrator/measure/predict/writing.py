"""Writes predictions down as traits of their customers, by calls that Parcours makes itself: what
reads traits reads them, with the time from when they are known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice

import orjson

from orchestrator.clock import Clock
from orchestrator.domain.predicted_traits import (
    BEST_HOUR,
    CHURN_RISK,
    NEXT_ORDER_AT,
    PREDICTED_IDS,
    PREDICTED_VALUE,
)
from orchestrator.domain.values import is_number, read_date
from orchestrator.measure.predict.foretelling import Foretold
from orchestrator.measure.predict.predictions import Predictions
from orchestrator.store.database import Database
from orchestrator.store.inbox import InboxEntry, write_inbox
from orchestrator.store.presence import Profile
from orchestrator.store.settings import LastNight, write_last_night
from orchestrator.store.writers import ENGINE

_BATCH = 1000  # calls in one transaction
#: What a prediction must have moved by to be written anew: a nightly event for everybody would say
#: nothing, and cost each of them a look at their line.
RISK_MOVED, DAYS_MOVED, VALUE_MOVED = 0.02, 2, 0.05


def write_predictions(database: Database, predictions: Predictions, clock: Clock) -> LastNight:
    """Writes what has changed of everybody, and notes that it was done."""
    night, written, changes = clock.now(), 0, _changes(predictions)
    while batch := list(islice(changes, _BATCH)):
        now = clock.now()
        calls = [_call(profile, traits, night, now) for profile, traits in batch]
        written += write_inbox(database, calls)
    told = sum(1 for one in predictions.foretold.values() if one.churn_risk is not None)
    done = LastNight(night, predictions.model.repeaters, told, written)
    with database.write() as transaction:
        write_last_night(transaction, done)
    return done


def _changes(predictions: Predictions) -> Iterator[tuple[Profile, dict[str, object]]]:
    nothing = Foretold()
    for place, profile in predictions.profiles.items():
        told = predictions.foretold.get(place, nothing).as_traits()
        if has_moved(profile.traits, told):
            known = {name: value for name, value in told.items() if value is not None}
            gone = {name: None for name in told.keys() - known.keys() if name in profile.traits}
            yield profile, {**known, **gone}


def has_moved(traits: Mapping[str, object], told: Mapping[str, object]) -> bool:
    """Whether predictions differ noticeably from what is written."""
    return (
        _far(traits.get(CHURN_RISK), told[CHURN_RISK], RISK_MOVED)
        or _far(traits.get(PREDICTED_VALUE), told[PREDICTED_VALUE], VALUE_MOVED, of_it=True)
        or _days_far(traits.get(NEXT_ORDER_AT), told[NEXT_ORDER_AT])
        or traits.get(BEST_HOUR) != told[BEST_HOUR]
    )


def _far(old: object, new: object, by: float, *, of_it: bool = False) -> bool:
    """Whether a number moved by so much, or by such a share of it."""
    if not is_number(old) or not is_number(new):
        return old is not new
    return abs(new - old) >= by * (abs(old) if of_it else 1) - 1e-9 and new != old


def _days_far(old: object, new: object) -> bool:
    before, after = read_date(old), read_date(new)
    if before is None or after is None:
        return old is not new
    return abs(after.toordinal() - before.toordinal()) >= DAYS_MOVED


def _call(
    profile: Profile, traits: Mapping[str, object], night: datetime, now: datetime
) -> InboxEntry:
    message_id = f"{PREDICTED_IDS}{night.isoformat()}:{profile.id}"
    call = {
        "type": "identify",
        "anonymousId" if profile.anonymous else "userId": profile.external_id,
        "messageId": message_id,
        "timestamp": now.isoformat(),
        "traits": traits,
    }
    return InboxEntry(message_id, now, ENGINE, True, orjson.dumps(call))
