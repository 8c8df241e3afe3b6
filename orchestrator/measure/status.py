"""How a project stands: what `parcours status` and the health cards in Prefect show. Numbers
only, nobody is named.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from orchestrator.domain.journey import Journey
from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.message import ARRIVED, FAILED, OPEN, MessageState
from orchestrator.domain.reasons import brief
from orchestrator.domain.route import PLAIN, first_channel
from orchestrator.domain.steps.first_of import messages_of
from orchestrator.domain.steps.message_step import Message
from orchestrator.domain.steps.offers import Coupon
from orchestrator.engine.last_tick import LAST_TICK, own_time
from orchestrator.store import (
    customers,
    figures,
    inbox,
    messages,
    pools,
    settings,
    tasks,
    webhooks,
)
from orchestrator.store.appointments import count_waiting
from orchestrator.store.database import Database
from orchestrator.store.due import count_due_people
from orchestrator.store.figures import TAKEN_BY_NONE, TakenBy
from orchestrator.store.missed_calls import count_missed
from orchestrator.store.opens import Opens, count_opens
from orchestrator.store.pools import PoolStanding
from orchestrator.store.results import EntryCohort, count_passages
from orchestrator.store.tasks import OpenTasks
from orchestrator.store.transaction import Transaction

UNKNOWN_LISTED_MAX = 10
LATELY = timedelta(days=30)
EXPIRED = "expired"
NO_FILE = "has no file any more"
MISSED_TOLD = timedelta(days=30)  # how long an instant that called nobody is told of

#: What a state means to somebody who only wants to know whether it went well: the words of
#: `status`.
STANDINGS: Mapping[str, tuple[MessageState, ...]] = {
    "queued": OPEN,
    "sent": ARRIVED,
    "not sent": (MessageState.NOT_SENT,),
    "failed": FAILED,
    "unknown": (MessageState.UNKNOWN,),
}


@dataclass(frozen=True, slots=True)
class JourneyStanding:
    """People inside a journey, and how many of them have a step due (at most 1,000 are counted).
    `held` says why it stands still, "" when it does not."""

    id: str
    title: str
    inside: int
    due: int
    held: str


@dataclass(slots=True)
class Lately:
    """What came of those who entered a journey lately, in the words of `results`."""

    entered: int = 0
    held_out: int = 0
    reached: int = 0
    converted: int = 0


@dataclass(frozen=True, slots=True)
class Overview:
    """A project's standing at `at`. `messages` counts by channel and state, `not_sent` by channel
    and reason what was decided against, as a message or before it became one; `held_channels` gives
    reasons by channel, `stages` counts customers ("": without a stage), `rejected` calls by code;
    `unknown` names the newest messages of whom nobody knows whether they arrived;
    `failed_webhooks` counts them by journey."""

    at: datetime
    last_tick: datetime | None
    customers: int
    stages: Mapping[str, int]
    journeys: tuple[JourneyStanding, ...]
    messages: Mapping[str, Mapping[str, int]]
    not_sent: Mapping[str, Mapping[str, int]]
    held_channels: Mapping[str, str]
    inbox: int
    rejected: Mapping[str, int]
    unknown: tuple[str, ...]
    failed_webhooks: Mapping[str, int]
    home: str  # where `up` answered last; "" when it never ran
    tasks: OpenTasks
    pools: tuple[PoolStanding, ...]
    opens: tuple[Opens, ...]  # counted without persons
    # by journey: who was called and enters later, and how many instants called nobody of late
    called: Mapping[str, int] = field(default_factory=dict)
    missed: Mapping[str, int] = field(default_factory=dict)
    lately: Mapping[str, Lately] = field(default_factory=dict)  # by journey, of who entered LATELY

    def count_standings(self, channel: str) -> dict[str, int]:
        """How many messages of a channel went how, by the words of STANDINGS."""
        states = self.messages.get(channel, {})
        counted = {
            word: sum(states.get(state, 0) for state in group) for word, group in STANDINGS.items()
        }
        return counted | {"not sent": sum(self.not_sent.get(channel, {}).values())}


def read_status(
    database: Database,
    journeys: Mapping[str, Journey],
    now: datetime,
    channels: Mapping[ChannelName, Medium] = PLAIN,
) -> Overview:
    """Reads how a project stands. Journeys with people inside are told of even where `journeys`
    lacks them.

    What last ran on a virtual clock (the demo) is told as of its own time.
    """
    with database.read() as transaction:
        last_tick = settings.read_time(transaction, LAST_TICK)
        now = own_time(transaction, now)
        inside = figures.count_inside(transaction)
        due = count_due_people(transaction, journeys.keys() | inside.keys(), now)
        gates = settings.read_gates(transaction)
        held = gates[settings.JOURNEY]
        gone = inside.keys() - journeys.keys() if journeys else ()  # else nothing is known of files
        without = dict.fromkeys(gone, NO_FILE)
        titles = dict.fromkeys(inside, "") | {
            name: journey.title for name, journey in journeys.items()
        }
        unknown = messages.list_messages(
            transaction, (MessageState.UNKNOWN,), limit=UNKNOWN_LISTED_MAX
        )
        return Overview(
            at=now,
            last_tick=last_tick,
            customers=customers.count_customers(transaction),
            stages=figures.count_stages(transaction),
            journeys=tuple(
                JourneyStanding(
                    name,
                    title,
                    inside.get(name, 0),
                    due.get(name, 0),
                    held.get(name, without.get(name, "")),
                )
                for name, title in sorted(titles.items())
            ),
            messages=messages.count_by_state(transaction),
            not_sent=count_not_sent(transaction, journeys, channels),
            held_channels=held_channels(gates),
            inbox=inbox.count_calls(transaction),
            rejected=figures.count_rejections(transaction),
            unknown=tuple(row.public_id for row in unknown),
            failed_webhooks=webhooks.count_failed(transaction),
            home=settings.read(transaction, settings.BASE_URL) or "",
            tasks=tasks.count_open(transaction, now),
            pools=read_pools(transaction, journeys, now),
            called=count_waiting(transaction),
            missed=count_missed(transaction, now - MISSED_TOLD),
            lately=_count_lately(transaction, now - LATELY),
            opens=tuple(count_opens(transaction)),
        )


def read_pools(
    transaction: Transaction, journeys: Mapping[str, Journey], now: datetime
) -> tuple[PoolStanding, ...]:
    """The pools that there are, and those that journeys name and nobody has filled yet."""
    steps = (step for journey in journeys.values() for step in journey.walk_steps())
    named = {step.pool for step in steps if isinstance(step, Coupon) and step.pool}
    found = {pool.name: pool for pool in pools.list_pools(transaction, now)}
    names = sorted(named | found.keys())
    return tuple(found.get(name) or PoolStanding(name) for name in names)


def _count_lately(transaction: Transaction, since: datetime) -> dict[str, Lately]:
    found: dict[str, Lately] = defaultdict(Lately)
    for row in count_passages(transaction, EntryCohort(since=since)):
        journey = found[row.journey]
        journey.entered += row.entered
        if row.held_out:
            journey.held_out += row.entered
        else:
            journey.reached += row.reached
            journey.converted += row.converted
    return dict(found)


def count_not_sent(
    transaction: Transaction,
    journeys: Mapping[str, Journey],
    channels: Mapping[ChannelName, Medium] = PLAIN,
    since: datetime | None = None,
) -> dict[str, dict[str, int]]:
    """What was not sent, by channel and reason: messages refused when they were about to leave, and
    what the time line decided against before there was a message; since an instant."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for row in figures.count_refused_messages(transaction, since):
        counted[row.channel][row.reason] += row.number
    unsent = figures.count_unsent(transaction, since)
    known = ways_of_steps(transaction, {row.journey for row in unsent}, journeys, channels)
    for row in unsent:
        reason = why_unsent(row)
        counted[known.get((row.journey, row.step), TAKEN_BY_NONE).channel][reason] += row.number
    return {channel: dict(reasons) for channel, reasons in counted.items()}


def count_not_sent_of(transaction: Transaction, journey: str, since: datetime) -> dict[str, int]:
    """The same of one journey, by reason."""
    counted = Counter[str]()
    for row in figures.count_refused_messages(transaction, since):
        if row.journey == journey:
            counted[row.reason] += row.number
    for row in figures.count_unsent(transaction, since):
        if row.journey == journey:
            counted[why_unsent(row)] += row.number
    return dict(counted)


def why_unsent(row: Any) -> str:
    """Why the time line decided against a message, by the word that the ledger of messages has for
    it."""
    return EXPIRED if row.kind == EXPIRED else brief(row.reason, {"because": row.because})


def ways_of_steps(
    transaction: Transaction,
    wanted: set[str],
    journeys: Mapping[str, Journey],
    channels: Mapping[ChannelName, Medium] = PLAIN,
) -> Mapping[tuple[str, str], TakenBy]:
    """By what each message step of today's journeys sends, and those of the `wanted` others that
    ever sent something.
    """
    ways = figures.ways_of_steps(transaction, wanted)
    for journey in journeys.values():
        ways |= {
            (journey.id, step.id): _way(messages[0], channels)
            for step in journey.walk_steps()
            if (messages := messages_of(step))
        }
    return ways


def _way(step: Message, channels: Mapping[ChannelName, Medium]) -> TakenBy:
    return TakenBy(str(step.medium), first_channel(channels, step.medium, step.provider))


def held_channels(gates: Mapping[str, dict[str, str]]) -> dict[str, str]:
    """The channels that stand still, by themselves or because ops paused them: name → reason."""
    return gates[settings.STOPPED] | gates[settings.CHANNEL]
