"""`parcours spend`: the commands about what was spent on marketing."""

from __future__ import annotations

import typer

from orchestrator.cli.commands import Command, Commands

COMMANDS = {"import": Command("spend_import:import_file", "Take a file of spending in.")}


class _Spend(Commands):
    known = COMMANDS


app = typer.Typer(cls=_Spend, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.callback()
def spend() -> None:
    """Take in what was spent on marketing, by day, channel and campaign."""
