"""`parcours messages`: the commands about the ledger of messages."""

from __future__ import annotations

import typer

from orchestrator.cli.commands import Command, Commands

COMMANDS = {
    "list": Command("list_command:list_messages", "List messages, the newest first."),
    "settle": Command("settle_command:settle", "Say what became of unknown messages."),
    "retry": Command(
        "retry_command:retry", "Send again what was rejected or failed, once its cause is mended."
    ),
}


class _Messages(Commands):
    known = COMMANDS


app = typer.Typer(cls=_Messages, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.callback()
def messages() -> None:
    """List messages, settle those whose outcome is unknown, and send failed ones again."""
