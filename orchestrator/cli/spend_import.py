"""`parcours spend import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import opened
from orchestrator.cli.options import AsJson, ProjectFolder
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.projects import load_settings
from orchestrator.domain.formatting import count
from orchestrator.domain.phrase import say
from orchestrator.intake.spend_files import import_spend


def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV: date, channel, campaign, amount, currency, leads, impressions, clicks.",
            exists=True,
            dir_okay=False,
        ),
    ],
    *,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Take a file of spending in, whole or not at all.

    What was known of the same day, channel, campaign and currency is replaced: a file that is taken
    in twice counts once.
    """
    config = load_settings(project)
    with opened(config) as database:
        taken = import_spend(database, file, config.project.currency)
    if as_json:
        print_json({"lines": taken.lines, "new": taken.new, "replaced": taken.lines - taken.new})
        return
    lines, replaced = count(taken.lines, "line"), f"{taken.lines - taken.new:,}"
    told = say(
        "{lines} taken in: {replaced} replace what was known", lines=lines, replaced=replaced
    )
    print_answer([told])
