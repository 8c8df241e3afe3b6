"""How a project stands: what `parcours status` and the health cards in Prefect show. Numbers only, nobody is named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.domain.journey import Journey
from orchestrator.domain.message import MessageState
from orchestrator.engine.tick import CLOCK, LAST_TICK, VIRTUAL
from orchestrator.store import arrivals, customers, figures, messages, settings
from orchestrator.store.database import Connection, Database
from orchestrator.store.due import count_due_people

UNKNOWN_LISTED_MAX = 10
RECENTLY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class JourneyStanding:
    """People inside a journey, and how many of them have a step due (at most 1,000 are counted). `held` says why it
    stands still, "" when it does not."""

    id: str
    title: str
    inside: int
    due: int
    held: str


@dataclass(frozen=True, slots=True)
class Status:
    """A project's standing at `at`. `messages` counts by medium and state, `held_channels` gives reasons by medium,
    `stages` counts customers ("": without a stage), `rejected` calls by code; `unknown` names the newest messages of
    whom nobody knows whether they arrived."""

    at: datetime
    last_tick: datetime | None
    customers: int
    stages: Mapping[str, int]
    journeys: tuple[JourneyStanding, ...]
    messages: Mapping[str, Mapping[str, int]]
    held_channels: Mapping[str, str]
    inbox: int
    rejected: Mapping[str, int]
    unknown: tuple[str, ...]
    home: str  # where `up` answered last; "" when it never ran


def read_status(database: Database, journeys: Mapping[str, Journey], now: datetime) -> Status:
    """Reads how a project stands. Journeys with people inside are told of even where `journeys` lacks them.

    What last ran on a virtual clock (the demo) is told as of its own time.
    """
    with database.read() as connection:
        last_tick = settings.read_time(connection, LAST_TICK)
        if last_tick is not None and settings.read(connection, CLOCK) == VIRTUAL:
            now = last_tick
        inside = figures.count_inside(connection)
        due = count_due_people(connection, journeys.keys() | inside.keys(), now)
        held = settings.read_gates(connection, "journey")
        titles = dict.fromkeys(inside, "") | {name: journey.title for name, journey in journeys.items()}
        unknown = messages.list_messages(connection, MessageState.UNKNOWN, limit=UNKNOWN_LISTED_MAX)
        return Status(
            at=now,
            last_tick=last_tick,
            customers=customers.count_customers(connection),
            stages=figures.count_stages(connection),
            journeys=tuple(
                JourneyStanding(name, title, inside.get(name, 0), due.get(name, 0), held.get(name, ""))
                for name, title in sorted(titles.items())
            ),
            messages=messages.count_by_state(connection),
            held_channels=_held_channels(connection),
            inbox=arrivals.count_calls(connection),
            rejected=figures.count_rejections(connection),
            unknown=tuple(row.public_id for row in unknown),
            home=settings.read(connection, settings.HOME) or "",
        )


def _held_channels(connection: Connection) -> dict[str, str]:
    """The channels that stand still, by themselves or because ops paused them: medium → reason."""
    return settings.read_gates(connection, settings.STOPPED) | settings.read_gates(connection, "channel")


# ---------------------------------------------------------------- health cards


def journey_card(database: Database, journey: Journey, now: datetime) -> str:
    """A journey's health in markdown: where its people stand, and what became of its messages in the last day."""
    with database.read() as connection:
        people = settings.people_by_step(connection, [journey.id])
        states = figures.count_messages_of(connection, journey.id, now - RECENTLY)
        held = settings.read_gates(connection, "journey").get(journey.id)
    by_step: dict[str, int] = {}
    for (_, _, step), number in people.items():
        by_step[step] = by_step.get(step, 0) + number
    order = {step: position for position, step in enumerate(journey.by_id)}
    stands = sorted(by_step.items(), key=lambda item: order.get(item[0], len(order)))
    lines = [f"# {journey.title}", "", f"{sum(by_step.values()):,} inside{_held(held)}", ""]
    lines += [*_table("stands at", stands), "", *_table("messages of the last 24 h", sorted(states.items()))]
    return "\n".join(lines)


def channel_card(database: Database, medium: str) -> str:
    """A channel's health in markdown: its messages by state, and the command for those that hang in the air."""
    with database.read() as connection:
        states = messages.count_by_state(connection).get(medium, {})
        held = _held_channels(connection).get(medium)
    lines = [f"# Deliveries by {medium}", "", f"{states.get('queued', 0):,} waiting{_held(held)}", ""]
    lines += _table("messages", sorted(states.items()))
    if states.get(MessageState.UNKNOWN):
        lines += ["", "Nobody knows whether the `unknown` ones arrived: `parcours messages list --state unknown`."]
    return "\n".join(lines)


def _held(reason: str | None) -> str:
    return "" if reason is None else f", held: {reason}"


def _table(title: str, counts: list[tuple[str, int]]) -> list[str]:
    rows = [f"| {name} | {number:,} |" for name, number in counts] or ["| – | 0 |"]
    return [f"| {title} | |", "| --- | ---: |", *rows]
