"""`parcours suppressions list`, `add` and `lift`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.databases import opened
from orchestrator.cli.options import AsJson, ProjectFolder
from orchestrator.cli.output import end_with, print_answer, print_json
from orchestrator.cli.projects import load_settings, zone_of
from orchestrator.clock import SystemClock
from orchestrator.domain.answer import Table
from orchestrator.domain.formatting import format_instant, mask_address
from orchestrator.domain.medium import Medium
from orchestrator.intake.typed_addresses import change_by_hand, read_address
from orchestrator.store import suppressions

Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="An e-mail address, or a number.")]
OfMedium = Annotated[Medium | None, typer.Option("--medium", help="Default: told by the address.")]


def list_suppressed(
    *,
    address: Annotated[str | None, typer.Option("--address", help="Only this one.")] = None,
    medium: Annotated[Medium | None, typer.Option("--medium", help="Only of this medium.")] = None,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Only with this in their reason.")
    ] = None,
    whole: Annotated[
        bool, typer.Option("--addresses", help="Print the addresses; else they are masked.")
    ] = False,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """List the addresses nobody writes to any more, the newest first."""
    config = load_settings(project)
    only = read_address(config, address, medium)[1] if address is not None else None
    with opened(config, to_look=True) as database, database.read() as transaction:
        found = suppressions.list_suppressed(transaction, medium, only, reason)
    shown = {row: row.address if whole or only else mask_address(row.address) for row in found}
    if as_json:
        print_json([{**row._asdict(), "address": shown[row]} for row in found])
        return
    zone = zone_of(config)
    rows = [(r.scope, shown[r], format_instant(r.at, zone), r.reason) for r in found]
    table = Table(("MEDIUM", "ADDRESS", f"SINCE ({zone.key})", "REASON"), rows)
    print_answer([table if found else "No address is suppressed."])


def add(
    address: Address,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why, for the record.")],
    medium: OfMedium = None,
    project: ProjectFolder = Path(),
) -> None:
    """Write to an address no more, whoever carries it, now or later."""
    config = load_settings(project)
    where, now = read_address(config, address, medium), SystemClock().now()
    change = change_by_hand(config, where, reason, now)
    with opened(config) as database, database.write() as transaction:
        is_new = suppressions.add(transaction, change)
    typer.echo("suppressed: nobody writes there any more" if is_new else "it was suppressed before")


def lift(
    address: Address,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "",
    medium: OfMedium = None,
    project: ProjectFolder = Path(),
) -> None:
    """Write to an address again: a bounce, a complaint or a STOP is over.

    What customers said themselves (unsubscribed, no consent) still holds.
    """
    config = load_settings(project)
    where, now = read_address(config, address, medium), SystemClock().now()
    change = change_by_hand(config, where, reason, now)
    with opened(config, to_look=True) as database, database.write() as transaction:
        was_there = suppressions.lift(transaction, change)
    if not was_there:
        raise end_with(f"this address is not suppressed for {change.medium}")
    typer.echo("lifted: who carries the address and agreed is written to again")
