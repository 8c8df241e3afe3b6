"""`parcours audience`: the commands about audiences of ad platforms."""

from __future__ import annotations

import typer

from orchestrator.cli.commands import Command, Commands

COMMANDS = {
    "export": Command("audience_export:export", "Write an audience to a file for ad platforms."),
}


class _Audience(Commands):
    known = COMMANDS


app = typer.Typer(cls=_Audience, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.callback()
def audience() -> None:
    """Write an audience to a file for ad platforms."""
