"""`parcours suppressions`: the commands about addresses that nobody writes to any more."""

from __future__ import annotations

import typer

from orchestrator.cli.commands import Command, Commands

COMMANDS = {
    "list": Command(
        "suppressed:list_suppressed",
        "List the addresses nobody writes to any more, the newest first.",
    ),
    "add": Command(
        "suppressed:add", "Write to an address no more, whoever carries it, now or later."
    ),
    "lift": Command(
        "suppressed:lift", "Write to an address again: a bounce, a complaint or a STOP is over."
    ),
}


class _Suppressions(Commands):
    known = COMMANDS


app = typer.Typer(
    cls=_Suppressions, no_args_is_help=True, add_completion=False, rich_markup_mode=None
)


@app.callback()
def suppressions() -> None:
    """List the addresses nobody writes to any more, add one, or lift one."""
