"""`parcours tasks`: the commands about to-dos for people."""

from __future__ import annotations

from pathlib import Path

import typer

from orchestrator.cli.commands import Command, Commands
from orchestrator.cli.options import ProjectFolder
from orchestrator.cli.to_dos import list_tasks

COMMANDS = {
    "list": Command("to_dos:list_tasks", "List the to-dos for people, what is due first in front."),
    "done": Command("to_dos:done", "Say that to-dos are done, and how it went."),
    "post": Command("task_files:post", "Tell the shop's own server of earlier to-dos."),
    "export": Command("task_files:export", "Write to-dos to a file for a spreadsheet."),
}


class _Tasks(Commands):
    known = COMMANDS


app = typer.Typer(
    cls=_Tasks, invoke_without_command=True, add_completion=False, rich_markup_mode=None
)


@app.callback()
def tasks(context: typer.Context, project: ProjectFolder = Path()) -> None:
    """List the to-dos for people, say that one is done, or write them to a file."""
    if context.invoked_subcommand is None:
        list_tasks(project=project)
