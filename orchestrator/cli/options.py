"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.spoken import told
from orchestrator.clock import SystemClock

YEARS_AHEAD_MAX = 100


def _own_or_before(context: typer.Context, option: typer.CallbackParam, value: Path) -> Path:
    """`--project` is taken before the command's name as well as behind it."""
    assert option.name is not None
    root, source = context.find_root(), context.get_parameter_source(option.name)
    if context is root or source is None or source.name != "DEFAULT":
        return value
    before = root.params[option.name]
    assert isinstance(before, Path)
    return before


ProjectFolder = Annotated[
    Path,
    typer.Option(
        "--project",
        metavar="DIR",
        help="The project's folder.",
        show_default="the current folder",
        exists=True,
        file_okay=False,
        callback=_own_or_before,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for machines.")]
AsIfAt = Annotated[
    str | None,
    typer.Option(
        "--now",
        metavar="ISO",
        help="Take them in as if they came at this instant, as 2026-11-27T10:00:00Z: to "
        "try things out.",
    ),
]
OnlyJourney = Annotated[
    str | None, typer.Option("--journey", metavar="ID", help="Only this journey's.")
]
MessageIds = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Messages by their id.")]


@contextmanager
def refused(option: str | None, *errors: type[Exception]) -> Iterator[None]:
    """Turns these errors into a wrong call, of an option or of the command itself."""
    try:
        yield
    except errors as error:
        raise typer.BadParameter(told(str(error)), param_hint=option) from error


def read_instant(text: str) -> datetime:
    """An instant given on the command line; one without a zone is UTC. Raises BadParameter.

    What lies over a hundred years ahead is a slip: a database that was taken there would refuse
    every later tick.
    """
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"'{text}' is no instant: write 2026-11-27 or 2026-11-27T10:00:00Z"
        ) from None
    if at.year > SystemClock().now().year + YEARS_AHEAD_MAX:
        raise typer.BadParameter(
            f"'{text}' lies over {YEARS_AHEAD_MAX} years ahead: see whether the year is right"
        )
    return at
