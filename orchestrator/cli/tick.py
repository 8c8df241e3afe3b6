"""`parcours tick`: all the work that is due, once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.options import AsJson, ProjectFolder, load, opened, read_virtual_now
from orchestrator.cli.output import print_json, print_table
from orchestrator.domain.formatting import count

if TYPE_CHECKING:
    from orchestrator.engine.handover import HandOver
    from orchestrator.engine.report import TickReport
    from orchestrator.language.project import Project


def tick(
    now: Annotated[
        str | None,
        typer.Option(
            "--now",
            metavar="ISO",
            help="The instant to reach instead of the present, as 2026-11-27T10:00:00Z.",
        ),
    ] = None,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Do all the work that is due, once.

    Takes calls from the inbox, moves people on, sends what is queued, and ends. Refused while
    `parcours up` runs on the same database, and for an instant before what was already processed.
    """
    report, waiting = _run(load(project), now)
    if as_json:
        print_json({**asdict(report), "more": report.more, "waiting": waiting})
    else:
        _print(report)
        if report.more:
            typer.echo("\nStopped before everything was done: the next tick goes on.")
        if waiting:
            typer.echo(f"\n{count(waiting, 'call')} left in the inbox: received after this instant")
    if any(tally.stopped for tally in report.channels.values()):
        raise typer.Exit(1)


def _run(project: Project, now: str | None) -> tuple[TickReport, int]:
    """What the tick did, and how many calls wait for a later one."""
    from orchestrator.clock import SystemClock, VirtualClock
    from orchestrator.engine.work import finish, work
    from orchestrator.engine.worker import Worker
    from orchestrator.store import arrivals
    from orchestrator.store.lock import engine_lock, hold_database
    from orchestrator.wiring import close_engine, open_engine, settle_what_died

    clock = SystemClock() if now is None else VirtualClock(read_virtual_now(now))
    with opened(project.config) as database, hold_database(database) as hold:
        parts = open_engine(project, clock, database=database)
        worker = Worker(project.config.var_dir, engine_lock(database), hold)
        try:
            settle_what_died(parts, worker)
            with _stopped_by_signals(worker.hand_over):
                report = work(parts, worker)
                report.add(finish(parts, worker))
            with database.read() as transaction:
                return report, arrivals.count_calls(transaction)
        finally:
            close_engine(parts, worker)


@contextmanager
def _stopped_by_signals(hand_over: HandOver) -> Iterator[None]:
    """Ctrl-C or SIGTERM lets what is in hand be finished; a second one does not."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]

    def put_back() -> None:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)

    def stop(*_: object) -> None:
        hand_over.stop()
        put_back()

    for number in numbers:
        signal.signal(number, stop)
    try:
        yield
    finally:
        put_back()


def _print(report: TickReport) -> None:
    typer.echo(f"{count(report.accepted, 'call')} taken in, {report.rejected:,} refused")
    journeys = [
        (name, t.entered, t.queued, t.deferred, t.not_sent, t.exited, t.completed, t.converted)
        for name, t in sorted(report.journeys.items())
    ]
    if journeys:
        typer.echo()
        print_table(
            (
                "JOURNEY",
                "ENTERED",
                "QUEUED",
                "DEFERRED",
                "NOT SENT",
                "LEFT",
                "COMPLETED",
                "CONVERTED",
            ),
            journeys,
        )
    channels = [
        (name, t.due, t.sent, t.failed, t.retried, t.not_sent, t.unknown)
        for name, t in sorted(report.channels.items())
        if t.due or t.unknown or t.stopped
    ]
    if channels:
        typer.echo()
        print_table(("CHANNEL", "DUE", "SENT", "FAILED", "LATER", "NOT SENT", "UNKNOWN"), channels)
    for name, tally in sorted(report.channels.items()):
        if tally.stopped:
            typer.secho(f"{name} stands still: {tally.stopped}", fg="red", err=True)
        for failure in tally.failures[-20:]:
            typer.echo(
                f"{failure.message_id}  {failure.outcome}: {failure.reason}  ({failure.help})"
            )
