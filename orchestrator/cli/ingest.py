"""`parcours ingest`: files of calls into the inbox, streamed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.options import AsJson, ProjectFolder, load_settings, opened, read_virtual_now
from orchestrator.cli.output import print_json
from orchestrator.domain.formatting import count

if TYPE_CHECKING:
    from orchestrator.clock import Clock
    from orchestrator.intake.files import Intake
    from orchestrator.store.database import Database

STDIN = Path("-")
PLACES_SHOWN = 20


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
    now: Annotated[
        str | None,
        typer.Option(
            "--now",
            metavar="ISO",
            help=(
                "Take them in as if they came at this instant, as 2026-11-27T10:00:00Z: to "
                "try things out."
            ),
        ),
    ] = None,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Take files of calls into the inbox.

    A file taken in twice is harmless. Calls older than `max_age` in parcours.toml are history: they
    update customers and start nothing. With --now they are as old as they were at that instant, and
    a time after it is cut to it.
    """
    from orchestrator.intake.files import Intake

    for path in files:
        if path != STDIN and not path.is_file():
            raise typer.BadParameter(f"there is no file {path}")
    config = load_settings(project)
    with opened(config) as database, _clock(database, now) as clock, _progress(files) as advance:
        began_s = time.monotonic()
        intake = Intake(database, clock, config.ingest_max_age)
        for path in files:
            with _open(path) as file:
                intake.read(file, "standard input" if path == STDIN else path.name, advance)
    _tell(intake, time.monotonic() - began_s, as_json)
    if intake.accepted and not as_json:
        typer.echo(_what_is_next(now))
    if intake.rejected and not intake.accepted and not intake.duplicates:
        raise typer.Exit(1)


def _clock(database: Database, now: str | None) -> AbstractContextManager[Clock]:
    from orchestrator.clock import SystemClock
    from orchestrator.intake.files import moved_to

    return nullcontext(SystemClock()) if now is None else moved_to(database, read_virtual_now(now))


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
        figures = {
            "accepted": intake.accepted,
            "duplicates": intake.duplicates,
            "rejected": intake.rejected,
        }
        print_json(
            {**figures, "reasons": [asdict(reason) | {"lines": reason.lines} for reason in reasons]}
        )
        return
    speed = f", {intake.seen / took_s:,.0f} a second" if took_s > 1 else ""
    typer.echo(f"{count(intake.seen, 'call')} in {took_s:.1f} s{speed}")
    typer.echo(f"  {intake.accepted:,} accepted")
    typer.echo(f"  {count(intake.duplicates, 'duplicate')}, left out")
    typer.echo(
        f"  {intake.rejected:,} "
        f"rejected{', kept in the table `rejections`' if intake.rejected else ''}"
    )
    for reason in reasons:
        more = (
            f", … and {reason.lines - PLACES_SHOWN:,} more: see --json"
            if reason.lines > PLACES_SHOWN
            else ""
        )
        places = ", ".join(reason.places[:PLACES_SHOWN])
        typer.echo(f"    {reason.lines:,} × {reason.code}: {reason.text} ({places}{more})")
