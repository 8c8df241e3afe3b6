"""`parcours coupons`: the commands about codes of coupons."""

from __future__ import annotations

import typer

from orchestrator.cli.commands import Command, Commands

COMMANDS = {
    "import": Command("coupon_files:import_codes", "Fill a pool with codes that the shop made."),
    "export": Command("coupon_files:export", "Write the codes that customers have to a file."),
}


class _Coupons(Commands):
    known = COMMANDS


app = typer.Typer(cls=_Coupons, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


@app.callback()
def coupons() -> None:
    """Fill a pool with codes that the shop made, or write those that customers have to a file."""
