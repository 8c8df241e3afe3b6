"""`parcours up`: everything on one machine."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import failures_told
from orchestrator.cli.options import ProjectFolder
from orchestrator.cli.output import print_problems
from orchestrator.cli.projects import load
from orchestrator.live.running import Options, run
from orchestrator.log_lines import log_to_stderr


def up(
    *,
    project: ProjectFolder = Path(),
    host: Annotated[
        str,
        typer.Option(
            help="Listen on this address; pages that show customers then need the admin token."
        ),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="Port of the pages and the events API.", min=0, max=65535)
    ] = 8000,
    prefect_port: Annotated[
        int | None,
        typer.Option(
            help="Port of the Prefect server and UI.",
            show_default="4200, or a free one",
            min=1,
            max=65535,
        ),
    ] = None,
    with_prefect: Annotated[
        bool,
        typer.Option("--prefect/--no-prefect", help="Start a Prefect server and keep it informed."),
    ] = True,
    demo: Annotated[
        bool,
        typer.Option(
            "--demo", help="Play three weeks of a made-up shop in accelerated time, in var/demo."
        ),
    ] = False,
) -> None:
    """Run everything: database, Prefect, pages, events API and engine. Ctrl-C ends it."""
    _log_to_the_terminal()
    found = load(project)
    print_problems(found.warnings, err=True)
    given = os.environ.get("PREFECT_API_URL") or None
    with failures_told():
        run(found, Options(host, port, prefect_port, with_prefect, demo, given))


def _log_to_the_terminal() -> None:
    """Warnings and errors of any library; Prefect's runs log more than that, for its own pages."""
    log_to_stderr()
    # else Prefect writes to the terminal that a run's lines did not reach its server
    logging.raiseExceptions = False
