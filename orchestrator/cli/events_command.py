"""`parcours events`: the commands about the tracking plan."""

from __future__ import annotations

import typer

from orchestrator.cli.commands import Command, Commands

COMMANDS = {
    "learn": Command(
        "learnt_events:learn", "Write the tracking plan from the database, or from files of calls."
    )
}


class _Events(Commands):
    known = COMMANDS


app = typer.Typer(cls=_Events, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.callback()
def events() -> None:
    """Learn the tracking plan from what came in."""
