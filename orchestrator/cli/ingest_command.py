"""`parcours ingest`: files of calls into the inbox, streamed."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import clock_at, opened
from orchestrator.cli.options import AsIfAt, AsJson, ProjectFolder
from orchestrator.cli.output import print_answer, print_json
from orchestrator.cli.progress import progress
from orchestrator.cli.projects import load_settings
from orchestrator.intake.files import Intake
from orchestrator.intake.summary import as_data, summarize

STDIN = Path("-")


def ingest(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help=(
                "Calls of the Segment specification, one JSON object a line, plain or gzip; "
                "- reads standard input."
            ),
        ),
    ],
    *,
    now: AsIfAt = None,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Take files of calls into the inbox.

    A file taken in twice is harmless. Calls older than `max_age` in parcours.toml are history: they
    update customers and start nothing. With --now they are as old as they were at that instant, and
    a time after it is cut to it.
    """
    for path in files:
        if path != STDIN and not path.is_file():
            raise typer.BadParameter(f"there is no file {path}")
    config = load_settings(project)
    with opened(config) as database, clock_at(database, now) as clock:
        began_s = time.monotonic()
        intake = Intake(database, clock, config.ingest_max_age)
        with progress(files, "taking in") as advance:
            for path in files:
                with _open(path) as file:
                    intake.read(file, "standard input" if path == STDIN else path.name, advance)
    if as_json:
        print_json(as_data(intake))
    else:
        print_answer(summarize(intake, time.monotonic() - began_s))
        if intake.accepted:
            typer.echo(_what_is_next(now))
    if intake.rejected and not intake.accepted and not intake.duplicates:
        raise typer.Exit(1)


def _what_is_next(now: str | None) -> str:
    if now is not None:
        return f"They wait in the inbox: type `parcours tick --now {now}`, or a later instant."
    return (
        "They wait in the inbox: a running `parcours up` takes them from there, or type "
        "`parcours tick`."
    )


@contextmanager
def _open(path: Path) -> Iterator[BufferedReader]:
    if path == STDIN:
        assert isinstance(sys.stdin.buffer, BufferedReader)
        yield sys.stdin.buffer
    else:
        with path.open("rb") as file:
            yield file
