"""The commands by name, and what is meant where there is none of that name."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from orchestrator.domain.suggestion import did_you_mean


class Commands(TyperGroup):
    """A group that answers an unknown name with the command that was meant: also where it stands in
    another group.

    Contexts are Any: newer versions of typer carry a click of their own, and its types have no
    public name.
    """

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command and its arguments; raises BadParameter."""
        name = args[0]
        if name.startswith("-") or self.get_command(ctx, name) is not None:
            return super().resolve_command(ctx, args)
        raise typer.BadParameter(
            f"there is no command '{name}'{self._meant(ctx, name)}", ctx, param_hint="COMMAND"
        )

    def _meant(self, ctx: Any, name: str) -> str:
        inner = {
            f"{group} {command}": command
            for group in self.list_commands(ctx)
            if isinstance(known := self.get_command(ctx, group), TyperGroup)
            for command in known.list_commands(ctx)
        }
        exact = next((path for path, command in inner.items() if command == name), None)
        if exact is not None:
            return f"; did you mean `parcours {exact}`?"
        return (
            did_you_mean(name, self.list_commands(ctx))
            or f" (known: {', '.join(self.list_commands(ctx))})"
        )
