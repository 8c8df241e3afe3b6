"""Gates and accounts: what a run stands for. No Prefect in here.

A gate is one journey or one channel. While it is open its work is done; the account gathers the
numbers of that work until its run closes and tells them. Ticks post to the ledger in one thread,
runs take from it in another.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol
from uuid import UUID

from orchestrator.engine.report import ChannelTally, Failure, Held, JourneyTally, TickReport
from orchestrator.shift.shift import ShiftPace

Tally = JourneyTally | ChannelTally


class GateKind(StrEnum):
    """What a deployment stands for; the value is also the name of its flow."""

    JOURNEY = "journey"
    DELIVERIES = "deliveries"
    SHIFT = "work"
    PREDICTIONS = "predictions"


#: What a flow calls the name that it is given.
PARAMETER: Mapping[GateKind, str] = {
    GateKind.JOURNEY: "journey",
    GateKind.DELIVERIES: "channel",
    GateKind.SHIFT: "shift",
    GateKind.PREDICTIONS: "when",
}


class GateKey(NamedTuple):
    """One journey by its id, one channel, or one chore by its name."""

    kind: GateKind
    name: str


#: The shift of `up`; those of a work pool are named after it.
UP = "up"
NIGHTLY = "nightly"  # the deployment of predictions
#: The gates that the engine asks about; predictions are no work of its.
_OF_ENGINE = (GateKind.JOURNEY, GateKind.DELIVERIES, GateKind.SHIFT)


@dataclass(frozen=True, slots=True)
class Pace(ShiftPace):
    """How often Prefect is looked at, beside the shifts.

    At rest Prefect is asked for scheduled runs only, and once a minute what is paused: while
    something runs, or is held, it is asked more often.
    """

    opening_s: float = 2.0  # then the work is not kept waiting for its run
    rename_s: float = 5.0  # an open run's name follows its numbers
    poll_runs_s: float = 10.0  # the Run button
    poll_paused_s: float = 5.0
    poll_paused_at_rest_s: float = 60.0
    poll_cancelled_s: float = 0.75
    failed_share_max: float = 0.05  # above, a deliveries run is red …
    failed_count_min: int = 5  # … unless these are few: one wrong address is nobody's task
    late_s: float = 900.0  # work that has been due for longer is told as an event


class EngineWords(Protocol):
    """Whom a run asks for what its pages show."""

    async def health(self, key: GateKey) -> str:
        """The health card, in markdown."""

    async def failures(self, key: GateKey) -> list[Failure] | None:
        """What did not get through by a channel in the last day; None where that is not known."""

    async def lateness(self, key: GateKey) -> timedelta:
        """For how long the oldest work has been due."""


class Ending(StrEnum):
    """Why a run closes before its window is over."""

    CANCELLED = "cancelled in the UI: held until its minute is over"
    ON_HOLD = "on hold: the deployment is paused"
    HANDED_OVER = "handed over to a run started by hand"
    SHUTDOWN = "Parcours stops"
    SHIFT_OVER = "the shift is over"


@dataclass(slots=True)
class Account:
    """The numbers of one run, from its opening to its closing."""

    key: GateKey
    ledger: Ledger
    pace: Pace
    asked: EngineWords
    opened_s: float  # time.monotonic()
    tally: Tally
    by_hand: bool = False  # asked for in the UI, or by a schedule
    ending: Ending | None = None
    told: bool = False  # its story is in Prefect: the numbers need no other run
    flow_run_id: UUID | None = None

    def gather(self) -> None:
        """Takes over what ticks posted since the last call."""
        # one kind of tally a key
        self.tally.add(self.ledger.take(self.key))  # type: ignore[arg-type]

    def is_over(self, now_s: float) -> bool:
        """Whether the run closes now; `now_s` is a value of time.monotonic()."""
        age_s = now_s - self.opened_s
        return (
            self.ending is not None
            or age_s >= self.pace.window_s
            or (age_s >= self.pace.look_s and not self)
        )

    def __bool__(self) -> bool:
        return self.tally != new_tally(self.key)


@dataclass(slots=True)
class Gate:
    """One journey or channel with its deployment: paused or not, its open account, when it may open
    again.
    """

    key: GateKey
    deployment_id: UUID
    paused: bool = False
    stopped_until_s: float = 0.0  # a cancelled run holds its gate until then
    next_opening_s: float = 0.0
    account: Account | None = None
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)  # one run at a time

    def is_held(self, now_s: float) -> bool:
        """Whether its work stands still."""
        return self.paused or now_s < self.stopped_until_s

    def may_open(self, now_s: float) -> bool:
        """Whether new work opens a run now."""
        return not self.is_held(now_s) and not self.lock.locked() and now_s >= self.next_opening_s

    def open_account(
        self,
        ledger: Ledger,
        pace: Pace,
        asked: EngineWords,
        *,
        by_hand: bool,
    ) -> Account:
        """Opens the account of a run; the next opens a window later."""
        now_s = time.monotonic()
        self.next_opening_s = now_s + pace.window_s
        self.account = Account(
            key=self.key,
            ledger=ledger,
            pace=pace,
            asked=asked,
            opened_s=now_s,
            tally=new_tally(self.key),
            by_hand=by_hand,
        )
        if self.is_held(now_s):
            self.end_run(Ending.ON_HOLD)
        return self.account

    def end_run(self, why: Ending) -> None:
        """Asks the open run, if there is one, to close; the first reason stays."""
        if self.account is not None and self.account.ending is None:
            self.account.ending = why


class Ledger:
    """Numbers that ticks posted and no run has told yet. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._posted: dict[GateKey, Tally] = {}

    def post(self, report: TickReport) -> None:
        """Adds what a tick did."""
        with self._lock:
            for key, tally in _tallies(report):
                self._add(key, tally)

    def take(self, key: GateKey) -> Tally:
        """Hands over what waits for a gate, which may be nothing."""
        with self._lock:
            return self._posted.pop(key, None) or new_tally(key)

    def put_back(self, key: GateKey, tally: Tally) -> None:
        """Returns the numbers of a run that could not tell them; the next run will."""
        with self._lock:
            newer = self._posted.pop(key, None)
            self._add(key, tally)
            if newer is not None:
                self._add(key, newer)

    def waiting(self) -> set[GateKey]:
        """The gates that have something to tell."""
        with self._lock:
            return set(self._posted)

    def _add(self, key: GateKey, tally: Tally) -> None:
        if tally != new_tally(key):
            self._posted.setdefault(key, new_tally(key)).add(tally)  # type: ignore[arg-type]


def new_tally(key: GateKey) -> Tally:
    """An empty tally of the right kind."""
    return JourneyTally() if key.kind is GateKind.JOURNEY else ChannelTally()


def held_by(paused: Collection[GateKey], cancelled: Collection[GateKey] = ()) -> Held:
    """The engine's view of held gates."""
    names: dict[GateKind, set[str]] = {kind: set() for kind in GateKind}
    for key in (*paused, *cancelled):
        names[key.kind].add(key.name)
    journeys, channels, shifts = (frozenset(names[kind]) for kind in _OF_ENGINE)
    passing = frozenset(key.name for key in set(cancelled) - set(paused))
    return Held(journeys, channels, shifts, passing)


def keys_of(held: Held) -> set[GateKey]:
    """The gates that the engine's mirror says are held."""
    by_kind = zip(_OF_ENGINE, (held.journeys, held.channels, held.shifts), strict=True)
    return {GateKey(kind, name) for kind, names in by_kind for name in names}


def _tallies(report: TickReport) -> Iterator[tuple[GateKey, Tally]]:
    for name, journey in report.journeys.items():
        yield GateKey(GateKind.JOURNEY, name), journey
    for name, channel in report.channels.items():
        yield GateKey(GateKind.DELIVERIES, name), channel
