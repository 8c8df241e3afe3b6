"""How a journey or a channel does, in markdown: the cards that Prefect's pages show. What is due,
and what came of the last day, in plain words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from orchestrator.domain.formatting import count, format_span
from orchestrator.domain.journey import Journey
from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.route import PLAIN
from orchestrator.measure.reason_words import tell_reason
from orchestrator.measure.status import (
    STANDINGS,
    count_not_sent,
    count_not_sent_of,
    held_channels,
)
from orchestrator.store import figures, last_day, settings
from orchestrator.store.database import Database
from orchestrator.store.last_day import DueNow

RECENTLY = timedelta(days=1)
_OF_LATE = "in the last 24 hours"
_UNKNOWN = (
    "Nobody knows whether the messages of unknown outcome arrived: "
    "`parcours messages list --state unknown` lists them, `parcours messages settle` settles them."
)
_FAILED = "`parcours messages list --state failed` says why, `parcours messages retry` tries again."

Row = tuple[str, int]


def journey_card(database: Database, journey: Journey, now: datetime) -> str:
    """A journey's health: what is due, what came of the last day, and where its people stand."""
    since = now - RECENTLY
    with database.read() as transaction:
        people = settings.people_by_step(transaction, [journey.id])
        due = last_day.due_of_journey(transaction, journey.id, now)
        entered = last_day.count_entered(transaction, journey.id, since)
        reached = last_day.count_reached(transaction, journey.id, since)
        states = figures.count_messages_since(transaction, since, journey=journey.id)
        unsent = count_not_sent_of(transaction, journey.id, since)
        held = settings.read_gates(transaction)[settings.JOURNEY].get(journey.id)
    by_step: dict[str, int] = {}
    for (_, _, step), number in people.items():
        by_step[step] = by_step.get(step, 0) + number
    order = {step: position for position, step in enumerate(journey.by_id)}
    stands = sorted(by_step.items(), key=lambda item: order.get(item[0], len(order)))
    lines = [f"# {journey.title}", "", f"{sum(by_step.values()):,} inside{_held(held)}", ""]
    lines += [_due("step", due, now), ""]
    news = [("entered", entered), ("people reached", reached), *_came_of(states, unsent)]
    lines += [*_table(_OF_LATE, news), "", *_table("stands at", stands), *_advice(states)]
    lines += ["", f"What it brought: `parcours results {journey.id}`."]
    return "\n".join(lines)


def channel_card(
    database: Database,
    name: str,
    journeys: Mapping[str, Journey],
    now: datetime,
    channels: Mapping[ChannelName, Medium] = PLAIN,
) -> str:
    """A channel's health: what waits to leave, and what came of the last day."""
    since = now - RECENTLY
    with database.read() as transaction:
        due = last_day.due_of_channel(transaction, name, now)
        states = figures.count_messages_since(transaction, since, channel=name)
        unsent = count_not_sent(transaction, journeys, channels, since).get(name, {})
        held = held_channels(settings.read_gates(transaction)).get(name)
    lines = [f"# Deliveries by {name}", "", f"{_due('message', due, now)}{_held(held)}", ""]
    lines += [*_table(_OF_LATE, _came_of(states, unsent)), *_advice(states)]
    return "\n".join(lines)


def _came_of(states: Mapping[str, int], unsent: Mapping[str, int]) -> list[Row]:
    """Messages by how they went, and those that were not sent by their reason."""
    words = {"sent": "messages sent", "queued": "waiting to leave", "unknown": "outcome unknown"}
    went = [
        (words.get(word, word), sum(states.get(state, 0) for state in group))
        for word, group in STANDINGS.items()
        if word != "not sent"
    ]
    reasons = sorted(unsent.items(), key=lambda one: (-one[1], one[0]))
    return went + [(f"not sent: {tell_reason(reason)}", number) for reason, number in reasons]


def _due(what: str, due: DueNow, now: datetime) -> str:
    if due.oldest is None or not due.number:
        return f"no {what} due"
    return f"{count(due.number, what)} due, the oldest since {format_span(now - due.oldest)}"


def _advice(states: Mapping[str, int]) -> list[str]:
    def some(word: str) -> bool:
        return any(states.get(state) for state in STANDINGS[word])

    told = [_UNKNOWN] if some("unknown") else []
    return [line for one in [*told, *([_FAILED] if some("failed") else [])] for line in ("", one)]


def _held(reason: str | None) -> str:
    return "" if reason is None else f", held: {reason}"


def _table(title: str, counts: Iterable[Row]) -> list[str]:
    rows = [f"| {name} | {number:,} |" for name, number in counts] or ["| – | 0 |"]
    return [f"| {title} | |", "| --- | ---: |", *rows]
