"""`parcours tick`: all the work that is due, once."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import opened
from orchestrator.cli.options import AsJson, ProjectFolder, read_instant
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import load
from orchestrator.clock import SystemClock, VirtualClock
from orchestrator.engine.collecting import passing_over_what_is_loaded
from orchestrator.engine.report import TickReport
from orchestrator.engine.work import finish, work
from orchestrator.engine.worker import Worker
from orchestrator.language.project import Project
from orchestrator.live.signals import stopped_by_signals
from orchestrator.measure.tick_told import tell_tick
from orchestrator.store import inbox
from orchestrator.store.lock import engine_lock, hold_database
from orchestrator.wiring import close_engine, open_engine, settle_what_died


def tick(
    *,
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
        print_answer(tell_tick(report, waiting))
    if any(tally.stopped for tally in report.channels.values()):
        raise typer.Exit(1)


def _run(project: Project, now: str | None) -> tuple[TickReport, int]:
    """What the tick did, and how many calls wait for a later one."""
    clock = SystemClock() if now is None else VirtualClock(read_instant(now))
    with opened(project.config) as database, hold_database(database) as hold:
        parts = open_engine(project, clock, database=database, apply=True)
        worker = Worker(project.config.var_dir, engine_lock(database), hold)
        try:
            settle_what_died(parts, worker)
            with passing_over_what_is_loaded(), stopped_by_signals(worker.hand_over.stop):
                report = work(parts, worker)
                report.add(finish(parts, worker))
            with database.read() as transaction:
                return report, inbox.count_calls(transaction)
        finally:
            close_engine(parts, worker)
