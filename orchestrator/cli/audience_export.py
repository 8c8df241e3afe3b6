"""`parcours audience export`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.csv_files import STANDARD_OUTPUT, write_csv
from orchestrator.cli.databases import opened
from orchestrator.cli.options import ProjectFolder
from orchestrator.cli.projects import load_settings
from orchestrator.clock import SystemClock
from orchestrator.domain.ad_matching import Platform, header
from orchestrator.domain.formatting import count
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.measure.audience_files import read_audience
from orchestrator.store.audiences import list_audiences


def export(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The audience, as a step's `audience: {add: …}`.")
    ],
    file: Annotated[
        Path, typer.Argument(metavar="[FILE]", help="A CSV file.", show_default="standard output")
    ] = STANDARD_OUTPUT,
    *,
    platform: Annotated[
        Platform, typer.Option("--for", help="Whose columns it has.")
    ] = Platform.GOOGLE,
    project: ProjectFolder = Path(),
) -> None:
    """Write an audience to a file for ad platforms: normalised, and hashed with SHA-256.

    Who refused marketing is left out, and counted.
    """
    config = load_settings(project)
    with opened(config, to_look=True) as database, database.read() as transaction:
        known = list_audiences(transaction)
        if name not in known:
            raise typer.BadParameter(
                f"nobody was ever in an audience '{name}'{did_you_mean(name, known)}",
                param_hint="NAME",
            )
        found = read_audience(transaction, config, name, platform, SystemClock().now())
    told = f"{count(len(found.rows), 'customer')}{found.told_left_out},"
    write_csv(file, header(platform), found.rows, told)
