"""`parcours coupons import` and `export`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.csv_files import STANDARD_OUTPUT, write_csv
from orchestrator.cli.databases import opened
from orchestrator.cli.options import AsJson, ProjectFolder, read_instant
from orchestrator.cli.output import print_json
from orchestrator.cli.projects import load_settings
from orchestrator.clock import SystemClock
from orchestrator.domain.formatting import count, format_value
from orchestrator.intake.pool_files import Imported, import_pool
from orchestrator.measure import granted_coupons
from orchestrator.store.grants import walk_grants

TOLD_MAX = 10


def import_codes(
    pool: Annotated[
        str, typer.Argument(metavar="POOL", help="Its name, as a step's `coupon: {pool: …}`.")
    ],
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="One code a line, or a CSV file with a column `code`.",
            exists=True,
            dir_okay=False,
        ),
    ],
    *,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Fill a pool with codes that the shop made.

    Each code is taken once, whatever the pool; those that are known already are told.
    """
    if not re.fullmatch("[A-Za-z0-9_-]{1,60}", pool):
        raise typer.BadParameter(
            f"'{pool}' is no name of a pool: use letters, digits, - and _", param_hint="POOL"
        )
    with opened(load_settings(project)) as database:
        found = import_pool(database, pool, file, SystemClock().now())
    if as_json:
        print_json({"pool": pool, "imported": found.new, "duplicates": found.duplicates})
    else:
        _tell(pool, found)


def _tell(pool: str, found: Imported) -> None:
    typer.echo(f"{count(found.new, 'code')} imported into {pool}")
    if number := len(found.duplicates):
        shown = ", ".join(format_value(code) for code in found.duplicates[:TOLD_MAX])
        more = f" and {number - TOLD_MAX:,} more" if number > TOLD_MAX else ""
        known = "it is" if number == 1 else "they are"
        typer.echo(f"{count(number, 'code')} left out, since {known} known already: {shown}{more}")


def export(
    file: Annotated[
        Path, typer.Argument(metavar="[FILE]", help="A CSV file.", show_default="standard output")
    ] = STANDARD_OUTPUT,
    *,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="ISO", help="Only what was given at that instant or later."
        ),
    ] = None,
    project: ProjectFolder = Path(),
) -> None:
    """Write the codes that customers have to a file, with whose they are and their worth."""
    at = None if since is None else read_instant(since)
    config = load_settings(project)
    with opened(config, to_look=True) as database, database.read() as transaction:
        rows = list(granted_coupons.as_rows(walk_grants(transaction, at)))
    write_csv(file, granted_coupons.HEADER, rows, count(len(rows), "code"))
