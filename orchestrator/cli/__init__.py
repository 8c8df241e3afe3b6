"""The command line: one file for each group of commands.

What a command needs is imported when it runs, so that `--help` and `check` do not wait for a database or an SDK.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli import backtest, check, explain, ingest, messages, preview, start, status, tick, up
from orchestrator.cli.options import ProjectFolder
from orchestrator.cli.output import print_problems
from orchestrator.domain.errors import ParcoursError, ProjectInvalid

app = typer.Typer(
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
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
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
    """The entry point `parcours`; always ends in SystemExit: 0 done, 1 what was asked about is wrong, 2 the call is.

    What Parcours refuses is one clean text on stderr; anything unexpected keeps its traceback.
    """
    try:
        app(args=arguments, prog_name="parcours")
    except ProjectInvalid as invalid:
        print_problems(invalid.problems, err=True)
    except ParcoursError as refusal:
        typer.secho(f"parcours: {refusal}", fg="red", err=True)
    sys.exit(1)
