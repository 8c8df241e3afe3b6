"""Runs the time lines of the customers who have something due, some hundred in one transaction.

A crash is a rollback, so no lease is needed; every effect has a unique key, so a repeat is
harmless.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from orchestrator.domain.called_later import calls_many
from orchestrator.domain.copies import SharingOut
from orchestrator.domain.effects import Effect
from orchestrator.domain.errors import without_data
from orchestrator.domain.record import Record
from orchestrator.domain.run_options import RunOptions
from orchestrator.domain.steps.message_step import QueueMessage
from orchestrator.domain.timeline import pass_calls, recount, run
from orchestrator.domain.together import find_teams, run_together
from orchestrator.domain.uniting import Life, run_life
from orchestrator.domain.values import INSTANT, earlier
from orchestrator.engine.account_teams import (
    absorbed_of,
    accounts_of,
    is_touched,
    mark_stale,
    members_missing,
)
from orchestrator.engine.collecting import collecting_afterwards
from orchestrator.engine.one_by_one import appoint
from orchestrator.engine.parts import CLAIM_MAX
from orchestrator.engine.report import TickReport
from orchestrator.engine.sharing_out import (
    Addresses,
    NotSharedOut,
    Taking,
    Trying,
    must_share_out,
    share_out,
)
from orchestrator.engine.tallies import count_effects, reached_goals
from orchestrator.engine.turn import Turn
from orchestrator.store import customers, events
from orchestrator.store.availability import StoreUnavailable, unless_away
from orchestrator.store.conversions import converted_after_a_message
from orchestrator.store.line_loading import Loaded, load
from orchestrator.store.line_saving import RunOutcome, Saving, save, set_aside
from orchestrator.store.pools import PoolCodes
from orchestrator.store.records import load_record
from orchestrator.store.taken_addresses import TakenAddresses
from orchestrator.store.transaction import Transaction

logger = logging.getLogger(__name__)

_EVER = datetime.min.replace(tzinfo=UTC) + INSTANT  # there is an instant before it, too
TRY_AGAIN = timedelta(hours=1)  # a life that could not be run: until somebody has read the log


def run_due(turn: Turn, now: datetime, report: TickReport) -> int:
    """Advances up to 500 due customers; returns how many there were."""
    try:
        return _run_due(turn, now, report)
    except NotSharedOut:
        share_out(turn, now, partial(_try, turn, now))
        return _run_due(turn, now, report)


@collecting_afterwards
def _run_due(turn: Turn, now: datetime, report: TickReport) -> int:
    """One life that cannot be run or written, a fault of ours, does not hold up the others: then
    each is advanced alone.
    """
    ids: list[int] = []
    try:
        with unless_away(), turn.database.write() as transaction:
            in_order = calls_many(turn.program)
            ids = customers.claim_due(transaction, now, CLAIM_MAX, in_order=in_order)
            tallies = _advance(turn, transaction, ids, now)
        report.add(tallies)
    except (StoreUnavailable, NotSharedOut):
        raise
    except Exception as error:
        if not ids:
            raise
        if must_share_out(turn):
            raise NotSharedOut from error
        logger.error(
            "%d lives cannot be run together, each is tried alone: %s",
            len(ids),
            without_data(error),
        )
        for customer_id in ids:
            _advance_alone(turn, customer_id, now, report)
    return len(ids)


@collecting_afterwards
def _try(turn: Turn, now: datetime, ids: Sequence[int], asking: SharingOut[int]) -> frozenset[int]:
    """Runs lives only to see what they ask for; returns who was run. A life that cannot be run
    holds up nobody: it asks for nothing.
    """
    try:
        with unless_away(), turn.database.read() as transaction:
            trying = Trying(TakenAddresses(transaction), asking)
            _Lives(turn, transaction, now, PoolCodes(transaction), trying).run(ids, TickReport())
        return frozenset(trying.askers)
    except StoreUnavailable:
        raise
    except Exception:
        alone = (_try(turn, now, [one], asking) for one in ids if len(ids) > 1)
        return frozenset[int]().union(*alone)


def _advance_alone(turn: Turn, customer_id: int, now: datetime, report: TickReport) -> None:
    """Runs one life; where projects ask for accounts with those of the other members, and only
    where that fails without them.
    """
    failure: Exception | None = None
    for alone in (False, True) if turn.program.index.accounts.are_used else (True,):
        try:
            with unless_away(), turn.database.write() as transaction:
                tallies = _advance(turn, transaction, [customer_id], now, alone=alone)
        except StoreUnavailable:
            raise
        except Exception as error:
            failure = error
        else:
            report.add(tallies)
            return
    assert failure is not None  # one way was tried at least
    logger.error(
        "The life of customer %d cannot be run; it is tried again in an hour: %s",
        customer_id,
        without_data(failure),
    )
    with turn.database.write() as transaction:
        set_aside(transaction, {customer_id: type(failure).__name__}, now, now + TRY_AGAIN)


def _advance(
    turn: Turn,
    transaction: Transaction,
    ids: Sequence[int],
    now: datetime,
    *,
    alone: bool = False,
) -> TickReport:
    """Runs these customers' lines and writes what came of it, in the caller's transaction; `alone`,
    without the other members of their accounts.
    """
    tallies = TickReport()
    if ids:
        owners = turn.owners if turn.clock.is_virtual else {}
        pools, addresses = PoolCodes(transaction), Taking(owners, TakenAddresses(transaction))
        runs = _Lives(turn, transaction, now, pools, addresses, alone=alone).run(ids, tallies)
        if addresses.is_unsure:
            raise NotSharedOut
        version = turn.program.rules_version
        save(transaction, runs, Saving(now, version, turn.parts.public_id, turn.parts.priority))
        if turn.clock.is_virtual:
            _keep_moments(turn, runs)
        count_effects(tallies, runs, converted_after_a_message(transaction, reached_goals(runs)))
    return tallies


@dataclass(slots=True)
class _Lives:
    """The lives of some customers, run up to an instant in one transaction."""

    turn: Turn
    transaction: Transaction
    now: datetime
    pools: PoolCodes
    addresses: Addresses
    alone: bool = False
    alike: RunOptions | None = None  # of lines of which nothing is to be said

    def run(self, ids: Sequence[int], report: TickReport) -> list[RunOutcome]:
        """Runs these customers' lines; what was due is counted in the report."""
        lives = self._load(ids)
        if calls_many(self.turn.program):
            lives = {key: lives[key] for key in ids if key in lives}
        others = self._load_absorbed(lives.values())
        asks_accounts = self.turn.program.index.accounts.are_used
        if asks_accounts and not self.alone:
            self._bring_members(lives, others)
        if others:
            merged = [key for key, life in lives.items() if life.merges]
            lives |= self._load(merged, whole=True)
        for life in (*lives.values(), *others.values()):
            if life.stale:
                self._recount(life)
        for life in lives.values():
            if others or self.turn.program.index.called:
                self._pass_calls(life, others)
            _count_due(self.turn, life, self.now, report)
        if not asks_accounts:
            return [self._run_life(life, others) for life in lives.values()]
        teams = find_teams({key: accounts_of(one, others) for key, one in lives.items()})
        done = (self._run_team([lives[key] for key in team], others) for team in teams)
        return [outcome for team in done for outcome in team]

    def _bring_members(self, lives: dict[int, Loaded], others: dict[int, Loaded]) -> None:
        """Loads the other members of the accounts that these customers name: their lines go on from
        where the first of these was woken.
        """
        since = min((at for one in lives.values() if (at := one.state.next_due_at)), default=None)
        while missing := members_missing(self.transaction, lives, others):
            more = self._load(missing)
            for one in more.values():
                one.is_brought = True
                one.state.next_due_at = earlier(one.state.next_due_at, since)
            lives |= more
            others |= self._load_absorbed(more.values())

    def _run_team(self, team: list[Loaded], others: Mapping[int, Loaded]) -> list[RunOutcome]:
        """Runs the lines of members of an account; who was brought is written only where something
        came of it.
        """
        mark_stale(team)
        team.sort(key=lambda one: one.state.id or 0)
        lives = [(self._as_life(one, others), self._until(one)) for one in team]
        applied = _applied([*team, *others.values()])
        done = run_together(self.turn.program, lives, partial(_recall, self.transaction, applied))
        return [
            self._outcome(life, others, effects)
            for life, effects in zip(team, done, strict=True)
            if effects or is_touched(life)
        ]

    def _load(self, ids: Sequence[int], *, whole: bool = False) -> dict[int, Loaded]:
        return load(self.transaction, self.turn.program, ids, self.now, whole=whole)

    def _load_absorbed(self, lives: Iterable[Loaded]) -> dict[int, Loaded]:
        """Those who turned out to be these customers, and those who had turned out to be them."""
        found = dict[int, Loaded]()
        wanted = [one for life in lives if life.fresh for _, one in life.merges]
        while wanted:
            more = self._load(wanted, whole=True)
            found |= more
            wanted = [one for life in more.values() for _, one in life.merges]
        return found

    def _pass_calls(self, life: Loaded, others: Mapping[int, Loaded]) -> None:
        """Has the line begin where it was woken; those that are merged into it, there too."""
        since = life.state.next_due_at
        for one in (life, *absorbed_of(life, others)) if others else (life,):
            one.state.next_due_at = since
            pass_calls(self.turn.program, one.state, since or self.now)

    def _recount(self, life: Loaded) -> None:
        """Counts the facts of a customer anew whose rules were edited."""
        if life.state.id is not None:
            past = events.whole_past(self.transaction, life.state.id, life.applied_event_id)
            recount(self.turn.program, life.state, past)

    def _run_life(self, life: Loaded, others: Mapping[int, Loaded]) -> RunOutcome:
        """Runs one line, and before it those of the customers who turned out to be this one."""
        if not life.fresh:  # time alone has woken them
            options, until = self._options(life), self._until(life)
            effects = run(self.turn.program, life.state, (), until, options=options)
            kept = life.before, life.enrollments_before
            return RunOutcome(life.state, effects, life.applied_event_id, (), *kept)
        applied = _applied([life, *absorbed_of(life, others)])
        effects = run_life(
            self.turn.program,
            self._as_life(life, others),
            self._until(life),
            partial(_recall, self.transaction, applied),
        )
        return self._outcome(life, others, effects)

    def _until(self, life: Loaded) -> datetime:
        """Now; else the machine's clock was set back: nothing may be passed over."""
        cursor = life.state.cursor
        return self.now if cursor is None else max(self.now, cursor)

    def _outcome(
        self, life: Loaded, others: Mapping[int, Loaded], effects: list[Effect]
    ) -> RunOutcome:
        absorbed = absorbed_of(life, others)
        if not absorbed:
            kept = life.before, life.enrollments_before
            return RunOutcome(life.state, effects, life.newest_id, (), *kept)
        absorbed_ids = [one.state.id for one in absorbed if one.state.id is not None]
        theirs = [new.event.arrival for one in absorbed for new in one.fresh]
        return RunOutcome(life.state, effects, max(life.newest_id, *theirs, 0), absorbed_ids)

    def _as_life(self, loaded: Loaded, others: Mapping[int, Loaded]) -> Life:
        """A customer as the time line takes them, with all who turned out to be them."""
        merges = [(told, self._as_life(others[one], others)) for told, one in loaded.merges]
        return Life(loaded.state, loaded.events, merges, self._options(loaded))

    def _options(self, life: Loaded) -> RunOptions:
        """How a line is run: most in the same way as the others."""
        if self._is_run_otherwise(life):
            return self._make_options(life)
        if self.alike is None:
            self.alike = self._make_options(life)
        return self.alike

    def _is_run_otherwise(self, life: Loaded) -> bool:
        """Whether anything of a line's options is its own. Who was called has an address to take,
        or is still to enter."""
        turn, state = self.turn, life.state
        is_called = turn.program.index.called or turn.business or state.appointments
        is_import = life.fresh and _imported_at(life) is not None
        if is_called or is_import or life.stale or life.whole:
            return True
        return [one for one in state.enrollments if one.kept is not None] != []

    def _make_options(self, life: Loaded) -> RunOptions:
        turn = self.turn
        return RunOptions(
            wall_clock=turn.parts.wall_clock(self.now),
            keeps_customers=turn.clock.is_virtual,
            on_hold=turn.standing.held.journeys,
            history_until=_imported_at(life),
            rules_edited=life.stale,
            called_from=_called_from(turn, life),
            keeps_ended=life.whole,
            business=turn.business or (),
            pool_code=self.pools.take,
            appoint=appoint,
            take_address=self.addresses.asked_by(life.state.id or 0),
        )


def _applied(lives: Iterable[Loaded]) -> dict[int, int]:
    """By customer, the last event on their line."""
    return {one.state.id: one.applied_event_id for one in lives if one.state.id is not None}


def _recall(
    transaction: Transaction, applied: Mapping[int, int], lives: Sequence[Life], since: datetime
) -> Record:
    """What is on record of some lives since an instant; of several, as they become one."""
    ids = [one.state.id for one in lives if one.state.id is not None]
    lines = {key: applied[key] for key in ids}
    return load_record(transaction, lines, since, merging=len(lives) > 1)


def _called_from(turn: Turn, life: Loaded) -> datetime:
    """A virtual clock misses no instant: whoever is new is called for those since their first
    call.
    """
    is_new = life.state.cursor is None
    return _EVER if turn.clock.is_virtual and is_new else life.state.next_due_at or _EVER


def _imported_at(life: Loaded) -> datetime | None:
    """When history among the new events was received: up to then time alone starts nothing."""
    if not life.fresh:
        return None
    imported = (new.received_at for new in life.fresh if not new.event.starts)
    return max(imported, default=None)


def _keep_moments(turn: Turn, runs: Sequence[RunOutcome]) -> None:
    """Keeps what each message's customer was when it was decided: a virtual clock jumps, and they
    have lived on.
    """
    for done in runs:
        for effect in done.effects:
            if (
                isinstance(effect, QueueMessage)
                and effect.seen is not None
                and effect.enrollment.id is not None
            ):
                message = turn.parts.public_id(effect.enrollment.id, effect.step.id, effect.pass_no)
                turn.moments[message] = effect.seen


def _count_due(turn: Turn, life: Loaded, now: datetime, report: TickReport) -> None:
    held = turn.standing.held.journeys
    for one in life.state.enrollments:
        if one.due_at is not None and one.due_at <= now and one.is_open and one.journey not in held:
            report.journey(one.journey).due += 1
