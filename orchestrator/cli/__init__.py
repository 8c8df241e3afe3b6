"""The command line: one file for each group of commands.

What a command needs is imported when it runs, so that `--help` and `check` do not wait for a
database or an SDK.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import (
    backtest,
    check,
    explain,
    ingest,
    messages,
    preview,
    start,
    status,
    tick,
    up,
)
from orchestrator.cli.commands import Commands
from orchestrator.cli.options import ProjectFolder
from orchestrator.cli.output import print_problems
from orchestrator.cli.refusals import abandon_output, tell_os_error
from orchestrator.domain.errors import ParcoursError, ProjectInvalid

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # plain help and errors: they can be copied, searched and read aloud
    pretty_exceptions_enable=False,  # they print local variables, and those hold customers
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"parcours {version_of('parcours')}")
        raise typer.Exit


@app.callback()
def parcours(
    project: ProjectFolder = Path(),
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and exit.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    """Lifecycle marketing as code: journeys in YAML, replayed on real history before they send."""


app.command()(up.up)
app.command()(check.check)
app.command()(ingest.ingest)
app.command()(tick.tick)
app.command()(backtest.backtest)
app.command()(preview.preview)
app.command()(explain.explain)
app.command()(status.status)
app.command()(start.start)
app.add_typer(messages.app, name="messages")


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point `parcours`; always ends in SystemExit: 0 done, 1 what was asked about is
    wrong, 2 the call is.

    What Parcours refuses, and what a disk or a database cannot do, is one clean text on stderr;
    anything unexpected keeps its traceback.
    """
    given = sys.argv[1:] if arguments is None else arguments
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # whatever the terminal can show
    try:
        _refuse_unreadable(given)
        _run(given)
    except ProjectInvalid as invalid:
        print_problems(invalid.problems, err=True)
    except Exception as error:
        refusal = _tell(error)
        if refusal is None:
            raise
        typer.secho(f"parcours: {refusal}", fg="red", err=True)
    sys.exit(1)


def _run(arguments: Sequence[str]) -> None:
    try:
        app(args=arguments, prog_name="parcours")
    finally:
        # where it cannot be written, it is told here, not by Python when it ends
        sys.stdout.flush()


def _refuse_unreadable(arguments: Sequence[str]) -> None:
    """Names that are no UTF-8 can neither be looked up in a database nor be printed."""
    for text in arguments:
        if not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text):
            shown = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            raise ParcoursError(
                f"'{shown}' is not readable text: type it in UTF-8, or rename the file"
            )


def _tell(error: Exception) -> str | None:
    """What went wrong, for a person; None for what Parcours did not reckon with."""
    if isinstance(error, OSError):
        abandon_output()
        return tell_os_error(error)
    from orchestrator.store.availability import (
        tell_failure,
    )  # whoever raises it has imported the drivers anyway

    if isinstance(error, ParcoursError):
        away = tell_failure(error.__cause__) if error.__cause__ is not None else None
        return away or str(error)
    return tell_failure(error)
