"""`parcours import`: tables of other tools into the inbox."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import opened
from orchestrator.cli.options import AsJson, ProjectFolder
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import load_settings
from orchestrator.clock import SystemClock
from orchestrator.intake.imports import imported_told
from orchestrator.intake.imports.csv_table import open_table
from orchestrator.intake.imports.importing import Import
from orchestrator.intake.imports.mapping import TableKind, find_mapping, read_mapping


def import_table(
    kind: Annotated[TableKind, typer.Argument(help="What the file holds.")],
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="A CSV file.", exists=True, dir_okay=False)
    ] = None,
    *,
    mapping: Annotated[
        str | None,
        typer.Option(
            "--mapping",
            metavar="NAME|FILE",
            help="Which column is what: a YAML file, or a shipped mapping; default: that of the "
            "kind's own name.",
        ),
    ] = None,
    show_mapping: Annotated[
        bool, typer.Option("--show-mapping", help="Print the mapping, to be copied and changed.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count what would be done, and do nothing.")
    ] = False,
    start: Annotated[
        bool, typer.Option("--start", help="What is young enough starts journeys.")
    ] = False,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Take customers, consent, suppressions or orders in from a CSV file.

    They are history, and start no journey. A file taken in twice is harmless.
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
    config = load_settings(project)
    with opened(config) as database, open_table(file) as table:
        done = Import(database, config, read, SystemClock().now(), start, dry_run).take(table)
    if as_json:
        print_json(imported_told.as_data(done, dry=dry_run))
    else:
        print_answer(imported_told.tell(done, table, dry=dry_run))
    if done.refused and done.refused == done.rows:
        raise typer.Exit(1)
