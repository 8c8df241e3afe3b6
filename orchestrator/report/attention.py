"""What needs a look: what stands still, waits too long, failed, or will soon run out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.domain.message import MessageState
from orchestrator.domain.phrase import say, say_number
from orchestrator.measure.status import MISSED_TOLD, Overview
from orchestrator.report.page_blocks import Alert


def tell_alerts(found: Overview, of_experiments: Iterable[Alert] = ()) -> list[Alert]:
    """The worst first, those of experiments with the others."""
    alerts = [*_held(found), *_messages(found), *_tasks(found), *_pools(found), *_calls(found)]
    alerts += of_experiments
    return sorted(alerts, key=lambda alert: ("bad", "wait", "good", "plain").index(alert.tone))


def _held(found: Overview) -> Iterator[Alert]:
    for channel, reason in found.held_channels.items():
        text = say("{channel} stands still: {reason}", channel=channel, reason=reason)
        yield Alert(text, "bad", "deliverability")
    for one in found.journeys:
        if one.held:
            text = say("{journey} stands still: {reason}", journey=one.id, reason=one.held)
            yield Alert(text, "bad", f"journeys/{one.id}")


def _messages(found: Overview) -> Iterator[Alert]:
    unknown = sum(states.get(MessageState.UNKNOWN, 0) for states in found.messages.values())
    if unknown:
        yield Alert(
            say_number(
                "Nobody knows whether {number:,} message arrived",
                "Nobody knows whether {number:,} messages arrived",
                unknown,
            ),
            "bad",
            "deliverability",
            "parcours messages list --state unknown",
        )
    failed = sum(states.get(MessageState.FAILED, 0) for states in found.messages.values())
    if failed:
        text = say_number("{number:,} message failed", "{number:,} messages failed", failed)
        yield Alert(text, "bad", "deliverability", "parcours messages list --state failed")
    for journey, number in found.failed_webhooks.items():
        text = say_number(
            "{number:,} webhook of {journey} failed",
            "{number:,} webhooks of {journey} failed",
            number,
            journey=journey,
        )
        command = f"parcours webhooks list --journey {journey} --state failed"
        yield Alert(text, "bad", f"journeys/{journey}", command)


def _tasks(found: Overview) -> Iterator[Alert]:
    if found.tasks.overdue:
        text = say_number(
            "{number:,} task for a person is overdue",
            "{number:,} tasks for a person are overdue",
            found.tasks.overdue,
        )
        yield Alert(text, "bad", "tasks")
    elif found.tasks.number:
        text = say_number(
            "{number:,} task waits for a person",
            "{number:,} tasks wait for a person",
            found.tasks.number,
        )
        yield Alert(text, "wait", "tasks")


def _pools(found: Overview) -> Iterator[Alert]:
    for pool in found.pools:
        if pool.is_low:
            text = say("The pool of coupons {pool} is empty within a week", pool=pool.name)
            yield Alert(text, "bad", "coupons", f"parcours coupons import {pool.name} FILE")


def _calls(found: Overview) -> Iterator[Alert]:
    refused = sum(found.rejected.values())
    if refused:
        text = say_number(
            "{number:,} call of the shop was refused",
            "{number:,} calls of the shop were refused",
            refused,
        )
        yield Alert(text, "wait", command="parcours status")
    for journey, number in found.missed.items():
        text = say_number(
            "{number:,} instant of {journey} called nobody in the last {days} days",
            "{number:,} instants of {journey} called nobody in the last {days} days",
            number,
            journey=journey,
            days=MISSED_TOLD.days,
        )
        yield Alert(text, "wait", f"journeys/{journey}")
