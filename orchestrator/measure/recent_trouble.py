"""What went wrong of late, for Prefect's pages and alerts: messages of the last day that did not
get through, and work that is late.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from orchestrator.domain.message import MessageState
from orchestrator.engine.report import Failure
from orchestrator.measure.health_cards import RECENTLY
from orchestrator.measure.status import held_channels
from orchestrator.store import last_day, settings
from orchestrator.store.database import Database
from orchestrator.store.last_day import NotArrived

FAILURES_MAX = 1000  # rows of one table: 170 kB in Prefect's database, and still shown at once


def read_failures(database: Database, channel: str, now: datetime) -> list[Failure]:
    """The messages of a channel that did not get through in the last day, newest first."""
    with database.read() as transaction:
        found = last_day.not_arrived(transaction, channel, now - RECENTLY, FAILURES_MAX)
    return [_failure(one) for one in found]


def late_steps(database: Database, journey: str, now: datetime) -> timedelta:
    """For how long the oldest step of a journey has been due; of one that is held, no time."""
    with database.read() as transaction:
        if journey in settings.read_gates(transaction)[settings.JOURNEY]:
            return timedelta(0)
        oldest = last_day.due_of_journey(transaction, journey, now).oldest
    return now - oldest if oldest else timedelta(0)


def late_messages(database: Database, channel: str, now: datetime) -> timedelta:
    """For how long the oldest message of a channel could have left; of one that is held, no
    time.
    """
    with database.read() as transaction:
        if channel in held_channels(settings.read_gates(transaction)):
            return timedelta(0)
        oldest = last_day.due_of_channel(transaction, channel, now).oldest
    return now - oldest if oldest else timedelta(0)


def _failure(one: NotArrived) -> Failure:
    told = one.public_id, one.journey, one.step
    if one.state == MessageState.QUEUED:
        return Failure(*told, "to be tried again", one.code, one.reason, _BY_ITSELF, one.at)
    return Failure(*told, one.state, one.code, one.reason, _help(one), one.at)


_BY_ITSELF = "nothing to do: tried again by itself"


def _help(one: NotArrived) -> str:
    if one.state == MessageState.UNKNOWN:
        return f"look at the provider, then parcours messages settle {one.public_id}"
    return f"parcours messages list --journey {one.journey} --state {one.state}"
