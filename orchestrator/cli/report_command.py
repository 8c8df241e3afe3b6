"""`parcours report`: the pages as one file, and their tables."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import opened
from orchestrator.cli.options import ProjectFolder
from orchestrator.cli.projects import load_if_sound, load_settings, settings_or_defaults
from orchestrator.cli.spoken import told
from orchestrator.domain.phrase import say
from orchestrator.engine.last_tick import read_own_time
from orchestrator.measure.kpis.asked import name_of
from orchestrator.measure.trade.logged_trade import read_logged_trade
from orchestrator.measure.trade.trade import as_instant
from orchestrator.report.chapters import chapters_of, chapters_of_log
from orchestrator.report.page_source import Source
from orchestrator.report.whole_report import Chapter, tables_of, write_report
from orchestrator.store.database import Database

Html = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Everything in one file that needs no network."),
]
Csv = Annotated[
    Path | None,
    typer.Option("--csv", metavar="DIR", help="Every table as a file of its own."),
]
Logs = Annotated[
    list[Path] | None,
    typer.Option(
        "--events",
        metavar="FILE",
        help="Calls as JSON lines, plain or gzip, instead of the database; may be repeated.",
        exists=True,
        dir_okay=False,
    ),
]


def report(
    *, html: Html = None, tables: Csv = None, events: Logs = None, project: ProjectFolder = Path()
) -> None:
    """Write what the pages show: one HTML file, or their tables as CSV.

    Customers are not named in it. With `--events` it is the report of a log alone.
    """
    if html is None and tables is None:
        raise typer.BadParameter("say where to: --html FILE, --csv DIR, or both")
    if events:
        _write(*_of_log(project, events), html, tables)
        return
    config = load_settings(project)
    with opened(config, to_look=True) as database:
        sound = load_if_sound(project, ", so the report has no journeys")
        source = Source(database, config, read_own_time(database), sound)
        _write(source, list(chapters_of(source)), html, tables)


def _of_log(project: Path, events: list[Path]) -> tuple[Source, list[Chapter]]:
    config = settings_or_defaults(project)
    trade = read_logged_trade(events, config.project.currency)
    named = replace(config, project=replace(config.project, name=name_of(events[0])))
    last = int(trade.calls.at[-1]) if len(trade.calls) else 0
    source = Source(Database("sqlite://"), named, as_instant(last))
    return source, list(chapters_of_log(source, trade))


def _write(
    source: Source, chapters: Sequence[Chapter], html: Path | None, tables: Path | None
) -> None:
    if html is not None:
        html.write_text(write_report(source, chapters), "utf-8")
        typer.echo(told(say("{file} written", file=html)), err=True)
    if tables is not None:
        tables.mkdir(parents=True, exist_ok=True)
        for table in tables_of(source, chapters):
            with (tables / f"{table.name}.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows([table.head, *table.rows])
            typer.echo(told(say("{file} written", file=tables / f"{table.name}.csv")), err=True)
