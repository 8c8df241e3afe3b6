"""`parcours import`: tables of other tools into the inbox, or into a file of calls."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import clock_at, opened
from orchestrator.cli.options import AsIfAt, AsJson, ProjectFolder
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import load_settings
from orchestrator.intake.imports import imported_told
from orchestrator.intake.imports.csv_table import open_table
from orchestrator.intake.imports.importing import Import
from orchestrator.intake.imports.mapping import TableKind, find_mapping, read_mapping

MappingName = Annotated[
    str | None,
    typer.Option(
        "--mapping",
        metavar="NAME|FILE",
        help="Which column is what: a YAML file, or a shipped mapping; default: that of the "
        "kind's own name.",
    ),
]
ShowMapping = Annotated[
    bool, typer.Option("--show-mapping", help="Print the mapping, to be copied and changed.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Count what would be done, and do nothing.")
]
CallsFile = Annotated[
    Path | None,
    typer.Option(
        "--calls",
        metavar="FILE",
        help="Write the calls to this file instead, for `backtest` and `gaps`.",
        dir_okay=False,
        writable=True,
    ),
]
Starts = Annotated[bool, typer.Option("--start", help="What is young enough starts journeys.")]


def import_table(
    kind: Annotated[TableKind, typer.Argument(help="What the file holds.")],
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A CSV file.", exists=True, dir_okay=False)
    ] = None,
    *,
    mapping: MappingName = None,
    show_mapping: ShowMapping = False,
    dry_run: DryRun = False,
    calls: CallsFile = None,
    start: Starts = False,
    now: AsIfAt = None,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Take customers, consent, suppressions or orders in from a CSV file.

    They are history, and start no journey. A file taken in twice is harmless. With --now they are
    as old as they were at that instant.
    """
    name, text = find_mapping(mapping or kind)
    read = read_mapping(name, text)
    if read.kind is not kind:
        raise typer.BadParameter(f"{name} is a mapping of {read.kind}", param_hint="--mapping")
    if show_mapping:
        typer.echo(text.rstrip())
        return
    if file is None:
        raise typer.BadParameter("names the CSV file", param_hint="FILE")
    if calls is not None and kind is TableKind.SUPPRESSIONS:
        raise typer.BadParameter("suppressions are no calls", param_hint="--calls")
    if calls is not None and dry_run:
        raise typer.BadParameter("a dry run writes nothing", param_hint="--calls")
    config = load_settings(project)
    dry = dry_run or calls is not None
    with (
        opened(config) as database,
        clock_at(database, now) as clock,
        open_table(file) as table,
        nullcontext() if calls is None else calls.open("wb") as copy,
    ):
        done = Import(database, config, read, clock.now(), start, dry, copy).take(table)
    if as_json:
        print_json(imported_told.as_data(done, dry=dry))
    else:
        print_answer(imported_told.tell(done, table, dry=dry, now=now, calls=calls))
    if done.refused and done.refused == done.rows:
        raise typer.Exit(1)
