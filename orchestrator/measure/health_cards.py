"""How a journey or a channel does, in markdown: the cards that Prefect's pages show."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from orchestrator.domain.journey import Journey
from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.message import MessageState
from orchestrator.domain.route import PLAIN
from orchestrator.measure.status import count_not_sent, held_channels
from orchestrator.store import figures, messages, settings
from orchestrator.store.database import Database

RECENTLY = timedelta(days=1)


def journey_card(database: Database, journey: Journey, now: datetime) -> str:
    """A journey's health in markdown: where its people stand, and what became of its messages in
    the last day.
    """
    with database.read() as transaction:
        people = settings.people_by_step(transaction, [journey.id])
        states = figures.count_messages_of(transaction, journey.id, now - RECENTLY)
        held = settings.read_gates(transaction)[settings.JOURNEY].get(journey.id)
    by_step: dict[str, int] = {}
    for (_, _, step), number in people.items():
        by_step[step] = by_step.get(step, 0) + number
    order = {step: position for position, step in enumerate(journey.by_id)}
    stands = sorted(by_step.items(), key=lambda item: order.get(item[0], len(order)))
    lines = [f"# {journey.title}", "", f"{sum(by_step.values()):,} inside{_held(held)}", ""]
    lines += [
        *_table("stands at", stands),
        "",
        *_table("messages of the last 24 h", sorted(states.items())),
        "",
        f"What it brought: `parcours results {journey.id}`.",
    ]
    return "\n".join(lines)


def channel_card(
    database: Database,
    name: str,
    journeys: Mapping[str, Journey],
    channels: Mapping[ChannelName, Medium] = PLAIN,
) -> str:
    """A channel's health in markdown: its messages by state, and the command for those that hang
    in the air.
    """
    with database.read() as transaction:
        states = dict(messages.count_by_state(transaction).get(name, {}))
        refused = count_not_sent(transaction, journeys, channels).get(name, {})
        held = held_channels(settings.read_gates(transaction)).get(name)
    if refused:
        states[MessageState.NOT_SENT] = sum(refused.values())
    lines = [
        f"# Deliveries by {name}",
        "",
        f"{states.get('queued', 0):,} waiting{_held(held)}",
        "",
    ]
    lines += _table("messages", sorted(states.items()))
    if states.get(MessageState.UNKNOWN):
        lines += [
            "",
            (
                "Nobody knows whether the `unknown` ones arrived: `parcours messages list "
                "--state unknown`."
            ),
        ]
    return "\n".join(lines)


def _held(reason: str | None) -> str:
    return "" if reason is None else f", held: {reason}"


def _table(title: str, counts: list[tuple[str, int]]) -> list[str]:
    rows = [f"| {name} | {number:,} |" for name, number in counts] or ["| – | 0 |"]
    return [f"| {title} | |", "| --- | ---: |", *rows]
