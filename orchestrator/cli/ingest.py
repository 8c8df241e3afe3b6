"""`parcours ingest`: files of calls into the inbox, streamed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.options import AsJson, ProjectFolder, load_settings, opened
from orchestrator.cli.output import count, print_json

if TYPE_CHECKING:
    from orchestrator.cli.intake import Intake

STDIN = Path("-")


def ingest(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="Calls of the Segment specification, one JSON object a line, plain or gzip; - reads standard input.",
        ),
    ],
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Take files of calls into the inbox.

    A file taken in twice is harmless. Calls older than `max_age` in parcours.toml are history: they update customers
    and start nothing.
    """
    from orchestrator.cli.intake import Intake
    from orchestrator.clock import SystemClock

    for path in files:
        if path != STDIN and not path.is_file():
            raise typer.BadParameter(f"there is no file {path}")
    config = load_settings(project)
    with opened(config) as database, _progress(files) as advance:
        began_s = time.monotonic()
        intake = Intake(database, SystemClock(), config.ingest_max_age)
        for path in files:
            with _open(path) as file:
                intake.read(file, "standard input" if path == STDIN else path.name, advance)
    _tell(intake, time.monotonic() - began_s, as_json)
    if intake.rejected and not intake.accepted and not intake.duplicates:
        raise typer.Exit(1)


@contextmanager
def _open(path: Path) -> Iterator[BufferedReader]:
    if path == STDIN:
        assert isinstance(sys.stdin.buffer, BufferedReader)
        yield sys.stdin.buffer
    else:
        with path.open("rb") as file:
            yield file


@contextmanager
def _progress(files: list[Path]) -> Iterator[Callable[[int], None]]:
    """A bar over the bytes of the files, on a terminal only; lends what moves it on."""
    if STDIN in files or not sys.stderr.isatty():
        yield lambda size: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeRemainingColumn

    columns = ("[bold]taking in", BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=sum(path.stat().st_size for path in files))
        yield lambda size: bar.advance(task, size)


def _tell(intake: Intake, took_s: float, as_json: bool) -> None:
    reasons = sorted(intake.reasons.values(), key=lambda reason: -reason.lines)
    if as_json:
        figures = {"accepted": intake.accepted, "duplicates": intake.duplicates, "rejected": intake.rejected}
        print_json({**figures, "reasons": [asdict(reason) for reason in reasons]})
        return
    speed = f", {intake.seen / took_s:,.0f} a second" if took_s > 1 else ""
    typer.echo(f"{count(intake.seen, 'call')} in {took_s:.1f} s{speed}")
    typer.echo(f"  {intake.accepted:,} accepted")
    typer.echo(f"  {count(intake.duplicates, 'duplicate')}, left out")
    typer.echo(f"  {intake.rejected:,} rejected{', kept in the table `rejections`' if intake.rejected else ''}")
    for reason in reasons:
        more = ", …" if reason.lines > len(reason.places) else ""
        typer.echo(f"    {reason.lines:,} × {reason.code}: {reason.text} ({', '.join(reason.places)}{more})")
    if intake.accepted:
        typer.echo("They wait in the inbox: a running `parcours up` takes them from there, or type `parcours tick`.")
