"""The commands by name, each loaded when it is asked for; and what is meant where there is none of
that name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

from orchestrator.domain.suggestion import did_you_mean


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command is written, as `module:name` in this package, and the first line of its
    docstring, which the list of commands shows without importing it.
    """

    place: str
    summary: str


def load(place: str) -> Any:
    """What stands at `module:name` in this package. For what only some calls need: a database, an
    SDK.
    """
    module, _, name = place.partition(":")
    return getattr(import_module(f"orchestrator.cli.{module}"), name)


class Commands(TyperGroup):
    """A group whose commands are loaded when they are asked for, and that answers an unknown name
    with the command that was meant: also where it stands in another group.

    Contexts are Any: newer versions of typer carry a click of their own, and its types have no
    public name.
    """

    known: ClassVar[Mapping[str, Command]] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        """The names, in the order of the table."""
        return list(self.known)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of a name, loaded now; None where there is none."""
        if cmd_name not in self.known:
            return None
        found = load(self.known[cmd_name].place)
        return typer.main.get_command(found if isinstance(found, typer.Typer) else _alone(found))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Lists the commands with their summaries, and imports none of them."""
        room = formatter.width - 6 - max(map(len, self.known))
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (name, TyperCommand(name, help=command.summary).get_short_help_str(room))
                    for name, command in self.known.items()
                ]
            )

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command and its arguments; raises BadParameter."""
        name = args[0]
        if name.startswith("-") or name in self.known:
            return super().resolve_command(ctx, args)
        raise typer.BadParameter(
            f"there is no command '{name}'{self._meant(ctx, name)}", ctx, param_hint="COMMAND"
        )

    def _meant(self, ctx: Any, name: str) -> str:
        groups = {group: self.get_command(ctx, group) for group in self.known if group in GROUPS}
        for group, commands in groups.items():
            if name in commands.list_commands(ctx):
                return f"; did you mean `parcours {group} {name}`?"
        return did_you_mean(name, self.known) or f" (known: {', '.join(self.known)})"


#: The commands that are groups of others.
GROUPS = frozenset(
    {"audience", "coupons", "messages", "spend", "suppressions", "tasks", "webhooks"}
)


def _alone(function: Any) -> typer.Typer:
    """An app of one command."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    app.command()(function)
    return app
