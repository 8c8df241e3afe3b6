"""What a tick did, in lines and tables."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.domain.answer import Notice, Part, Table
from orchestrator.domain.formatting import count
from orchestrator.engine.report import TickReport

FAILURES_SHOWN = 20
JOURNEY_HEAD = (
    "JOURNEY", "ENTERED", "QUEUED", "DEFERRED", "NOT SENT", "LEFT", "COMPLETED", "CONVERTED",
)  # fmt: skip
CHANNEL_HEAD = ("CHANNEL", "DUE", "SENT", "FAILED", "LATER", "NOT SENT", "UNKNOWN")


def tell_tick(report: TickReport, waiting: int) -> Iterator[Part]:
    """The report of a tick; `waiting` calls were received after its instant."""
    yield f"{count(report.accepted, 'call')} taken in, {report.rejected:,} refused"
    journeys = [
        (name, t.entered, t.queued, t.deferred, t.not_sent, t.exited, t.completed, t.converted)
        for name, t in sorted(report.journeys.items())
    ]
    if journeys:
        yield ""
        yield Table(JOURNEY_HEAD, journeys)
    channels = [
        (name, t.due, t.sent, t.failed, t.retried, t.not_sent, t.unknown)
        for name, t in sorted(report.channels.items())
        if t.due or t.unknown or t.stopped
    ]
    if channels:
        yield ""
        yield Table(CHANNEL_HEAD, channels)
    yield from _tell_failures(report)
    if report.more:
        yield "\nStopped before everything was done: the next tick goes on."
    if waiting:
        yield f"\n{count(waiting, 'call')} left in the inbox: received after this instant"


def _tell_failures(report: TickReport) -> Iterator[Part]:
    for name, tally in sorted(report.channels.items()):
        if tally.stopped:
            yield Notice(f"{name} stands still: {tally.stopped}", "error", apart=True)
        for failure in tally.failures[-FAILURES_SHOWN:]:
            yield f"{failure.message_id}  {failure.outcome}: {failure.reason}  ({failure.help})"
