"""`parcours explain`: the story of one customer."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestrator.cli.known_customer import find_one, read_facts
from orchestrator.cli.options import (
    AsJson,
    ProjectFolder,
    load,
    load_settings,
    opened,
    refuse_unknown_journey,
    zone_of,
)
from orchestrator.cli.output import print_json
from orchestrator.domain.errors import ProjectInvalid
from orchestrator.domain.formatting import count, format_instant, format_value

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from orchestrator.language.project import Project
    from orchestrator.measure.story import Line
    from orchestrator.store.database import Database


@dataclass(slots=True)
class _Answer:
    """What is told: who it is, what is known of them today, and their story."""

    customer: Any
    zone: ZoneInfo
    facts: dict[str, Any] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    absence: str = ""


def explain(
    user_id: Annotated[
        str,
        typer.Argument(
            metavar="CUSTOMER", help="A customer: any of their ids, an e-mail address or a number."
        ),
    ],
    journey: Annotated[
        str | None,
        typer.Argument(
            metavar="JOURNEY", help="Only this journey; and why they were not let in, each time."
        ),
    ] = None,
    project: ProjectFolder = Path(),
    as_json: AsJson = False,
) -> None:
    """Tell the story of one customer.

    Every decision, change of stage and message, with its reason and time.
    """
    config = load_settings(project)
    with opened(config, to_look=True) as database:
        customer = find_one(database, user_id)
        loaded = _load(project)
        if journey is not None and (loaded is None or journey not in loaded.journeys):
            with database.read() as transaction:
                refuse_unknown_journey(transaction, journey)
        answer = _Answer(customer, zone_of(config))
        _read(database, loaded, journey, answer)
    if as_json:
        print_json(_as_dict(answer))
    else:
        _tell(answer)


def _load(folder: Path) -> Project | None:
    """The project as its files are today. A story is told where they hold errors, too."""
    try:
        return load(folder, need_templates=False)
    except ProjectInvalid as invalid:
        number = count(len(invalid.problems), "problem")
        typer.secho(
            f"{number} in the project, so its rules cannot be asked: `parcours check`",
            fg="red",
            err=True,
        )
        return None


def _read(
    database: Database, project: Project | None, journey: str | None, answer: _Answer
) -> None:
    from orchestrator.measure.story import Reading, in_order, read_story

    reading = Reading(answer.zone, project.journeys if project else {})
    answer.lines = read_story(database, answer.customer.id, journey, reading)
    if project is None:
        return
    answer.facts = read_facts(database, project, answer.customer.id)
    if journey in project.journeys:
        answer.lines = in_order([*answer.lines, *_why_not(database, project, journey, answer)])


def _why_not(database: Database, project: Project, journey_id: str, answer: _Answer) -> list[Line]:
    from orchestrator.domain.effects import DecisionKind
    from orchestrator.measure.why_not import Past, tell_absence, tell_why_not
    from orchestrator.store.story import events_of

    spoken = (DecisionKind.ENTERED, DecisionKind.IGNORED, DecisionKind.RESTARTED)
    told = {line.at for line in answer.lines if line.kind in spoken}
    with database.read() as transaction:
        past = Past(answer.customer, events_of(transaction, answer.customer.id), told)
    journey = project.journeys[journey_id]
    answer.absence = "" if told else tell_absence(journey, past)
    return tell_why_not(project, journey, past)


def _tell(answer: _Answer) -> None:
    customer, zone = answer.customer, answer.zone
    who = f"{format_value(customer.external_id)}{' (anonymous)' if customer.anonymous else ''}"
    if customer.stage is None:
        typer.secho(f"{who}, without a stage yet", bold=True)
    else:
        since = (
            f" since {format_instant(customer.stage_since, zone)}" if customer.stage_since else ""
        )
        typer.secho(f"{who}, {customer.stage}{since}", bold=True)
    if about := [format_value(value) for value in _about(customer).values() if value]:
        typer.echo(" · ".join(about))
    if answer.facts:
        typer.echo(
            ", ".join(f"{name} {_fact(value, zone)}" for name, value in answer.facts.items())
        )
    typer.echo(f"Times are those of {zone.key}.\n")
    wide = max((len(line.journey) for line in answer.lines), default=0)
    for line in answer.lines:
        typer.echo(f"{format_instant(line.at, zone)}  {line.journey:<{wide}}  {line.told}")
    if not answer.lines:
        typer.echo("Nothing was decided about this customer yet.")
    if answer.absence:
        typer.echo(answer.absence)


def _fact(value: Any, zone: ZoneInfo) -> str:
    """A fact's value; an instant on the project's clock."""
    from orchestrator.domain.values import as_time

    at = (
        as_time(value)
        if isinstance(value, datetime) or (isinstance(value, str) and "T" in value)
        else None
    )
    return format_value(value) if at is None else format_instant(at, zone)


def _about(customer: Any) -> dict[str, Any]:
    """Name, address and number, as the shop wrote them."""
    traits = customer.traits
    names = (
        traits.get("first_name") or traits.get("firstName"),
        traits.get("last_name") or traits.get("lastName"),
    )
    name = traits.get("name") or " ".join(str(part) for part in names if part)
    return {"name": name or None, "email": traits.get("email"), "phone": traits.get("phone")}


def _as_dict(answer: _Answer) -> dict[str, Any]:
    customer = answer.customer
    return {
        "user_id": customer.external_id,
        "anonymous": customer.anonymous,
        **_about(customer),
        "stage": customer.stage,
        "stage_since": customer.stage_since,
        "facts": answer.facts,
        "story": [
            {name: value for name, value in asdict(line).items() if name != "place"}
            for line in answer.lines
        ],
    }
