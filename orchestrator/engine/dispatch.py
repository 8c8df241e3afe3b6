"""Leases what is queued: asks the policy again in the same transaction, renders, and gives the
batch to its channel.

No transaction is open while a channel works, and the engine's thread waits for none: `tick` gathers
the outcomes.
"""

from __future__ import annotations

import logging
from datetime import datetime

from orchestrator.domain.channel import Channel, OutcomeKind, Reopening, SendOutcome
from orchestrator.domain.errors import TemplateFailed, without_data
from orchestrator.domain.medium import ChannelName
from orchestrator.domain.message import QueuedMessage, RenderedMessage
from orchestrator.domain.policy import address
from orchestrator.engine.batches import PROBE_MAX, Attempt, Job
from orchestrator.engine.collecting import collecting_afterwards
from orchestrator.engine.compose import Delivery, compose, make_ready
from orchestrator.engine.forked import FORKED_MIN, IS_POSSIBLE
from orchestrator.engine.parts import LEASE, LEASE_MAX
from orchestrator.engine.recheck import Rechecked, ask_again
from orchestrator.engine.report import TickReport
from orchestrator.engine.sending import end_rest
from orchestrator.engine.turn import Turn
from orchestrator.store import kept_back, messages
from orchestrator.store.messages import Lease
from orchestrator.store.transaction import Transaction

logger = logging.getLogger(__name__)

FORKED_LEASE_MAX = 500  # a fork and what it makes both processes copy take 20 ms


@collecting_afterwards
def run(turn: Turn, name: ChannelName, now: datetime, report: TickReport) -> int:
    """Gives a channel up to 200 messages that wait for it; returns how many were looked at."""
    tally, rest = report.channel(name), turn.standing.rests.get(name)
    if rest is not None and now < rest.until:
        tally.stopped = rest.reason
        return 0
    if rest is not None:  # does the provider take messages again? A few find out
        turn.hand_over.breaker(name).probe()
    queued, asked = _lease(turn, name, now, _limit(turn, name) if rest is None else PROBE_MAX)
    tally.due += len(queued)
    tally.not_sent += asked.refused
    try:
        _give(turn, name, asked)
    except BaseException:
        turn.hand_over.unlease([one.message.id for one in asked.allowed])
        raise
    return len(queued)


def _limit(turn: Turn, name: ChannelName) -> int:
    """How many messages are leased at once: more for a process of their own."""
    return FORKED_LEASE_MAX if can_fork(turn.channels[name]) else LEASE_MAX


def can_fork(channel: Channel) -> bool:
    """Whether a process of its own can send what is for a channel."""
    return IS_POSSIBLE and isinstance(channel, Reopening)


def _give(turn: Turn, name: ChannelName, asked: Rechecked) -> None:
    channel, hand_over = turn.channels[name], turn.hand_over
    if isinstance(channel, Reopening) and can_fork(channel) and len(asked.allowed) >= FORKED_MIN:
        make_ready(turn.parts, asked.allowed)
        job = Job(lambda index: _make(turn, asked.allowed[index]), channel.reopen)
        addresses = [address(one.state, one.message.medium) or "" for one in asked.allowed]
        hand_over.fork(name, [one.message for one in asked.allowed], addresses, job)
        return
    made, broken = _render(turn, asked)
    hand_over.give(channel, name, made)
    hand_over.answer([_not_made(message, reason) for message, reason in broken])


def _lease(
    turn: Turn, name: ChannelName, now: datetime, limit: int
) -> tuple[list[QueuedMessage], Rechecked]:
    """What is due, and what the policy says of it; what may leave is leased."""
    leased: list[int] = []
    try:
        with turn.database.write() as transaction:
            held = turn.standing.held.journeys
            queued = messages.due_messages(transaction, name, now, held, limit)
            asked = ask_again(turn, transaction, queued, now)
            messages.settle(transaction, asked.settled)
            kept_back.write(transaction, asked.refusals)
            leased = [one.message.id for one in asked.allowed]
            _write_leases(turn, transaction, asked, now)
            if (
                not queued
                and name in turn.standing.rests
                and not messages.is_any_queued(transaction, name)
            ):  # whatever it was, nothing waits for it any more
                end_rest(turn, transaction, name)
    except BaseException:
        turn.hand_over.unlease(leased)
        raise
    return queued, asked


def _write_leases(turn: Turn, transaction: Transaction, asked: Rechecked, now: datetime) -> None:
    if not asked.allowed:
        return
    hand_over = turn.hand_over
    hand_over.lease([one.message.id for one in asked.allowed])
    turn.worker.beat(transaction)
    version = turn.program.rules_version
    leases = [
        Lease(
            one.message.id,
            one.at,
            turn.parts.template_version(one.message.medium, one.message.template),
            address(one.state, one.message.medium),
        )
        for one in asked.allowed
    ]
    messages.lease(transaction, leases, hand_over.token, now + LEASE, version)


def _not_made(message: QueuedMessage, reason: str) -> Attempt:
    outcome = SendOutcome(OutcomeKind.NOT_ATTEMPTED, reason=reason)
    return Attempt(message, outcome, not_made=True)


def _render(
    turn: Turn, asked: Rechecked
) -> tuple[list[tuple[QueuedMessage, RenderedMessage]], list[tuple[QueuedMessage, str]]]:
    """The messages that could be rendered, and those that could not, with why; each with what
    it was made from.
    """
    rendered, broken = [], []
    for one in asked.allowed:
        match _make(turn, one):
            case RenderedMessage() as message:
                rendered.append((one.message, message))
            case reason:
                broken.append((one.message, reason))
    return rendered, broken


def _make(turn: Turn, one: Delivery) -> RenderedMessage | str:
    """The message as it leaves, or why it cannot be made."""
    try:
        return compose(turn.parts, one)
    except TemplateFailed as failure:
        return str(failure)
    # a bug, with one customer's data: the rest of the batch is leased already
    except Exception as error:
        logger.error("Message %s cannot be made: %s", one.message.public_id, without_data(error))
        return f"it cannot be made ({type(error).__name__})"
