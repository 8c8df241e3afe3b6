"""`parcours webhooks`: the commands about calls to servers outside."""

from __future__ import annotations

import typer

from orchestrator.cli.commands import Command, Commands

COMMANDS = {
    "list": Command("webhooks_listed:list_webhooks", "List webhooks, the newest first."),
    "retry": Command(
        "webhooks_listed:retry", "Make failed webhooks again, once their cause is mended."
    ),
}


class _Webhooks(Commands):
    known = COMMANDS


app = typer.Typer(cls=_Webhooks, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.callback()
def webhooks() -> None:
    """List webhooks, and make failed ones again."""
