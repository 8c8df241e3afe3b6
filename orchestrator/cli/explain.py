"""`parcours explain`: the story of one customer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.options import AsJson, ProjectFolder, load_settings, opened, refuse_unknown_journey
from orchestrator.cli.output import print_json

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from orchestrator.cli.story import Line


def explain(
    user_id: Annotated[str, typer.Argument(metavar="USER_ID", help="A customer, by any of their ids.")],
    journey: Annotated[str | None, typer.Argument(metavar="JOURNEY", help="Only this journey.")] = None,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Tell the story of one customer.

    Every decision, change of stage and message, with its reason and time.
    """
    from orchestrator.cli.story import read_story
    from orchestrator.domain.schedule import find_zone
    from orchestrator.store.customers import find_customer

    config = load_settings(project)
    zone = find_zone(config.project.timezone)
    assert zone is not None  # config refuses unknown zones
    with opened(config, to_look=True) as database:
        with database.read() as connection:
            if journey is not None:
                refuse_unknown_journey(connection, journey)
            customer = find_customer(connection, user_id)
        if customer is None:
            typer.secho(f"no customer has the id {user_id}", fg="red", err=True)
            raise typer.Exit(1)
        lines = read_story(database, customer.id, journey, zone)
    if as_json:
        print_json(_as_dict(customer, lines))
    else:
        _tell(customer, lines, zone)


def _tell(customer: Any, lines: list[Line], zone: ZoneInfo) -> None:
    from orchestrator.cli.story import format_instant

    who = f"{customer.external_id}{' (anonymous)' if customer.anonymous else ''}"
    if customer.stage is None:
        typer.secho(f"{who}, without a stage yet", bold=True)
    else:
        since = f" since {format_instant(customer.stage_since, zone)}" if customer.stage_since else ""
        typer.secho(f"{who}, {customer.stage}{since}", bold=True)
    typer.echo(f"Times are those of {zone.key}.\n")
    wide = max((len(line.journey) for line in lines), default=0)
    for line in lines:
        step = f"{line.step}: " if line.step else ""
        typer.echo(f"{format_instant(line.at, zone)}  {line.journey:<{wide}}  {step}{line.text}")
    if not lines:
        typer.echo("Nothing was decided about this customer yet.")


def _as_dict(customer: Any, lines: list[Line]) -> dict[str, Any]:
    return {
        "user_id": customer.external_id,
        "anonymous": customer.anonymous,
        "stage": customer.stage,
        "stage_since": customer.stage_since,
        "story": [
            {"at": line.at, "journey": line.journey, "step": line.step, "kind": line.kind, "text": line.text}
            for line in lines
        ],
    }
