"""A customer of the database, as templates see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from orchestrator.cli.options import opened
from orchestrator.domain.formatting import count

if TYPE_CHECKING:
    from orchestrator.language.project import Project
    from orchestrator.store.database import Database

_BUILT_IN = ("id", "stage", "stage_since", "anonymous", "timezone", "locale", "consent")


def find_one(database: Database, text: str) -> Any:
    """The customer of an id, an address or a number; ends the command where there is none, or more
    than one.
    """
    from orchestrator.store.story import find_people

    with database.read() as transaction:
        people = find_people(transaction, text)
    if len(people) == 1:
        return people[0]
    if people:
        ids = ", ".join(sorted(row.external_id for row in people))
        typer.secho(
            f"{count(len(people), 'customer')} share {text}: name one by the id ({ids})",
            fg="red",
            err=True,
        )
    else:
        typer.secho(
            f"no customer has the id, e-mail address or phone number {text}", fg="red", err=True
        )
    raise typer.Exit(1)


def read_facts(database: Database, project: Project, customer_id: int) -> dict[str, Any]:
    """The facts known of a customer now."""
    return _read(database, project, customer_id, [fact.name for fact in project.lifecycle.facts])


def read_known_customer(project: Project, text: str) -> dict[str, Any]:
    """Traits, facts and what else a template may ask of a customer of the database."""
    from orchestrator.domain.state import RESERVED_TRAITS

    with opened(project.config, to_look=True) as database:
        row = find_one(database, text)
        facts = [fact.name for fact in project.lifecycle.facts]
        return {
            **row.traits,
            **_read(database, project, row.id, [*RESERVED_TRAITS, *_BUILT_IN, *facts]),
        }


def _read(
    database: Database, project: Project, customer_id: int, names: list[str]
) -> dict[str, Any]:
    from orchestrator.clock import SystemClock
    from orchestrator.language.program import build_program
    from orchestrator.store.loading import load_readers

    now = SystemClock().now()
    with database.read() as transaction:
        state = load_readers(transaction, build_program(project), [customer_id], now)[customer_id]
    found = {name: state.get(name, now) for name in names}
    return {name: value for name, value in found.items() if value is not None}
