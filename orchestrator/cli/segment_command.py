"""`parcours segment`: who belongs to a segment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.csv_files import write_csv
from orchestrator.cli.databases import opened
from orchestrator.cli.options import AsJson, ProjectFolder
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import find_segment, load
from orchestrator.engine.last_tick import read_own_time
from orchestrator.measure import segment_told
from orchestrator.store import segments


def segment(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A segment of segments.yaml.")],
    *,
    only_count: Annotated[
        bool, typer.Option("--count", help="Print the number of its customers alone.")
    ] = False,
    sample: Annotated[
        int, typer.Option("--sample", metavar="N", help="Show so many of them.", min=0)
    ] = 5,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Write all of them to a file, or to `-`."),
    ] = None,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Count who belongs to a segment, and list them."""
    loaded = load(project)
    known = find_segment(loaded, name)
    shown = None if csv is not None else 0 if only_count else sample
    with opened(loaded.config, to_look=True) as database:
        everybody = segment_told.everybody_at(read_own_time(database), loaded)
        segments.prepare(database, known.condition.tree, everybody)
        with database.read() as transaction:
            counted = segment_told.count_segment(transaction, known, everybody)
            rule = known.condition.tree
            members = [*segments.list_members(transaction, rule, everybody, shown)]
    if csv is not None:
        write_csv(csv, segment_told.COLUMNS, segment_told.as_rows(members), counted.told())
    elif as_json:
        print_json(counted.as_plain(members))
    elif only_count:
        typer.echo(counted.members)
    else:
        print_answer([counted.told(), *([segment_told.as_table(members)] if members else [])])
