"""`parcours status`: how everything stands."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from orchestrator.cli.options import AsJson, ProjectFolder, load, load_settings, opened, zone_of
from orchestrator.cli.output import print_json, print_table
from orchestrator.domain.errors import ProjectInvalid
from orchestrator.domain.formatting import count, format_instant, format_span

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from orchestrator.domain.journey import Journey
    from orchestrator.measure.status import Status

#: In place of a medium: what a step sent by that is gone from its journey, and never sent anything.
GONE = "of steps that are gone"


def status(project: ProjectFolder = Path(), as_json: AsJson = False) -> None:
    """Show how everything stands.

    Journeys and who is inside, messages by channel and state, the inbox, and what waits for a
    person.
    """
    from orchestrator.clock import SystemClock
    from orchestrator.measure.status import read_status

    config = load_settings(project)
    with opened(config, to_look=True) as database:
        found = read_status(database, _journeys(project), SystemClock().now())
    if as_json:
        print_json(asdict(found))
    else:
        _tell(found, zone_of(config))
        if found.home:
            typer.echo(
                f"\nWhile `parcours up` runs, {found.home} leads to the mailbox and to Prefect."
            )


def _journeys(project: Path) -> Mapping[str, Journey]:
    """The project's journeys. How things stand is told where its files hold errors, too."""
    try:
        return load(project, need_templates=False).journeys
    except ProjectInvalid as invalid:
        typer.secho(
            f"{count(len(invalid.problems), 'problem')} in the project: `parcours check`",
            fg="red",
            err=True,
        )
        return {}


def _tell(found: Status, zone: ZoneInfo) -> None:
    from orchestrator.measure.status import STANDINGS

    last = "never" if found.last_tick is None else _ago(found, zone)
    typer.echo(f"{count(found.customers, 'customer')}; the last tick: {last}")
    stages = [
        f"{number:,} {stage or 'without a stage'}" for stage, number in sorted(found.stages.items())
    ]
    if stages:
        typer.echo(f"  {', '.join(stages)}")
    if found.inbox:
        typer.echo(
            f"  {count(found.inbox, 'call')} in the inbox: a running `parcours up` or "
            "`parcours tick` takes them"
        )
    for code, number in sorted(found.rejected.items()):
        typer.echo(f"  {count(number, 'call')} rejected: {code} (kept in the table `rejections`)")
    if found.journeys:
        typer.echo()
        rows = [(one.id, one.inside, one.due, one.held) for one in found.journeys]
        print_table(("JOURNEY", "INSIDE", "DUE", "HELD"), rows)
    if found.messages or found.not_sent:
        typer.echo()
        print_table(("MESSAGES", *map(str.upper, STANDINGS), "HELD"), _message_rows(found))
    if found.not_sent:
        typer.echo()
        print_table(("MESSAGES", "WHY NOT SENT", "NOT SENT"), _reason_rows(found))
    _tell_unknown(found)


def _ago(found: Status, zone: ZoneInfo) -> str:
    assert found.last_tick is not None
    span = found.at - found.last_tick
    when = (
        f"{format_span(span)} ago" if span.total_seconds() >= 0 else "ahead of this machine's clock"
    )
    return f"{format_instant(found.last_tick, zone)}, {zone.key} ({when})"


def _message_rows(found: Status) -> list[tuple[str | int, ...]]:
    rows: list[tuple[str | int, ...]] = []
    for medium in sorted(found.messages.keys() | found.not_sent.keys()):
        counted = found.count_standings(medium)
        rows.append((medium or GONE, *counted.values(), found.held_channels.get(medium, "")))
    return rows


def _reason_rows(found: Status) -> list[tuple[str | int, ...]]:
    from orchestrator.measure.story import tell_reason

    return [
        (medium or GONE, tell_reason(reason), number)
        for medium, reasons in sorted(found.not_sent.items())
        for reason, number in sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    ]


def _tell_unknown(found: Status) -> None:
    """Names the command that settles what hangs in the air."""
    total = sum(states.get("unknown", 0) for states in found.messages.values())
    if not total:
        return
    typer.secho(
        f"\n{count(total, 'message')} in the air: nobody knows whether they arrived.", fg="yellow"
    )
    typer.echo(
        "Say --sent (it arrived), --again (queue it once more) or --drop of each, or of "
        "--all-unknown:"
    )
    for public_id in found.unknown:
        typer.echo(f"  parcours messages settle {public_id} --sent")
