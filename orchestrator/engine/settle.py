"""Finds out what became of messages whose outcome was not written: whoever leased them has died.

A lease is touched only when its worker is certainly dead: its notes lie on this machine and are not
locked any more; or there are none here and nothing was seen of it for two minutes. Then

- an outcome that was noted is written as if it had come now;
- what was never begun is queued again;
- what was begun, or of which no notes are left, is uncertain: `unknown`, or sent once more where
  `resend_uncertain` is
  set. Where the provider can be asked (the mailbox can), it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from orchestrator.clock import SystemClock
from orchestrator.domain.channel import MessageLookup, OutcomeKind, SendOutcome
from orchestrator.domain.message import MessageState, QueuedMessage
from orchestrator.engine.batches import Attempt
from orchestrator.engine.report import TickReport
from orchestrator.engine.sending import Sending
from orchestrator.engine.turn import Turn
from orchestrator.store import messages, wire_log, workers
from orchestrator.store.wire_log import Notes

DEAD_AFTER = timedelta(minutes=2)  # without a beat; where its notes lie here, nothing is waited for
_DIED = "the process ended while this message was being sent"
_NOTHING_BEGUN = Notes(frozenset(), {})


def run(turn: Turn, now: datetime, report: TickReport) -> int:
    """Settles the leases of workers that are dead; returns how many there were."""
    with turn.database.read() as transaction:
        leased = messages.leased_messages(transaction, turn.hand_over.leased)
    return _settle(turn, leased, now, report)


def settle_dead_leases(turn: Turn, now: datetime) -> int:
    """The same at the start of a process, where leases without an owner are dead too: they are from
    before leases had one. Also looks again at what is unknown, where the provider can be asked."""
    with turn.database.read() as transaction:
        leased = messages.leased_messages(transaction)
        unknown = [
            message
            for name, channel in turn.channels.items()
            if isinstance(channel, MessageLookup)
            for message in messages.unknown_messages(transaction, name, limit=100_000)
        ]
    found = [one for one in (_looked_up(turn, message) for message in unknown) if one is not None]
    Sending(turn, now, TickReport(), None, MessageState.UNKNOWN).settle(found)
    return _settle(turn, leased, now, TickReport(), at_start=True)


def _settle(
    turn: Turn,
    leased: Sequence[QueuedMessage],
    now: datetime,
    report: TickReport,
    *,
    at_start: bool = False,
) -> int:
    settled = 0
    for owner, theirs in groupby(sorted(leased, key=_owner), _owner):
        leases = list(theirs)
        if owner:
            notes, is_dead = _look_at(turn, owner)
        else:
            notes, is_dead = None, True
            leases = [
                message
                for message in leases
                if at_start or message.lease_until is None or message.lease_until < now
            ]
        if is_dead:
            answers = [_answer(turn, message, notes) for message in leases]
            Sending(turn, now, report, owner or None).settle(answers)
            _forget(turn, owner)
            settled += len(leases)
    return settled


def _owner(message: QueuedMessage) -> str:
    return message.leased_by or ""


def _look_at(turn: Turn, owner: str) -> tuple[Notes | None, bool]:
    """The notes of a worker, if there are any, and whether it is dead."""
    hand_over = turn.hand_over
    if (
        owner == hand_over.token
    ):  # a lease of ours that we know nothing of: the database was away when it was written
        return _NOTHING_BEGUN, True
    is_alive = wire_log.is_alive(hand_over.notes_folder, owner)
    if is_alive is not None:
        return (
            (None, False)
            if is_alive
            else (wire_log.read_notes(hand_over.notes_folder, owner), True)
        )
    with turn.database.read() as transaction:
        beat_at = workers.last_beat(transaction, owner)
    return None, beat_at is None or SystemClock().now() - beat_at > DEAD_AFTER


def _answer(turn: Turn, message: QueuedMessage, notes: Notes | None) -> Attempt:
    if notes is not None and message.id in notes.outcomes:
        return Attempt(message, notes.outcomes[message.id])
    if notes is not None and message.id not in notes.begun:
        return Attempt(message, SendOutcome(OutcomeKind.NOT_ATTEMPTED))
    return _looked_up(turn, message) or Attempt(
        message, SendOutcome(OutcomeKind.UNCERTAIN, reason=_DIED)
    )


def _looked_up(turn: Turn, message: QueuedMessage) -> Attempt | None:
    """What the provider says, where it can be asked and knows."""
    channel = turn.channels.get(message.channel)
    match channel.look_up(message.public_id) if isinstance(channel, MessageLookup) else None:
        case True:
            reason, kind = "found at the provider", OutcomeKind.ACCEPTED
        case False:
            reason, kind = "did not arrive: sent again", OutcomeKind.NOT_ATTEMPTED
        case _:
            return None
    return Attempt(message, SendOutcome(kind, provider_id=message.provider_id, reason=reason))


def _forget(turn: Turn, owner: str) -> None:
    if owner and owner != turn.hand_over.token:
        with turn.database.write() as transaction:
            workers.forget(transaction, owner)
        wire_log.discard(turn.hand_over.notes_folder, owner)
