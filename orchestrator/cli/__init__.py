"""The command line: one file for each command, loaded when it is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version as version_of
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.command_table import COMMANDS
from orchestrator.cli.commands import Commands
from orchestrator.cli.options import ProjectFolder
from orchestrator.cli.output import print_problems
from orchestrator.cli.refusals import abandon_output, refuse_unreadable, tell, tell_os_error
from orchestrator.cli.spoken import speak_of, told
from orchestrator.domain.errors import ParcoursError, ProjectInvalid


class _Parcours(Commands):
    known = COMMANDS


app = typer.Typer(
    cls=_Parcours,
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


def main(arguments: Sequence[str] | None = None) -> None:
    """The entry point `parcours`; always ends in SystemExit: 0 done, 1 what was asked about is
    wrong, 2 the call is.

    What Parcours refuses, and what a disk or a database cannot do, is one clean text on stderr;
    anything unexpected keeps its traceback.
    """
    speak_of(None)
    given = sys.argv[1:] if arguments is None else arguments
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # whatever the terminal can show
    try:
        refuse_unreadable(given)
        _run(given)
    except ProjectInvalid as invalid:
        print_problems(invalid.problems, err=True)
    except OSError as error:
        abandon_output()
        tell(tell_os_error(error))
    except ParcoursError as error:
        tell(told(str(error)))
    sys.exit(1)


def _run(arguments: Sequence[str]) -> None:
    try:
        app(args=arguments, prog_name="parcours")
    finally:
        # where it cannot be written, it is told here, not by Python when it ends
        sys.stdout.flush()
