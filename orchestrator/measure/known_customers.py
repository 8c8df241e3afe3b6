"""A customer of the database: whom a text means, and what is known of them today."""

from __future__ import annotations

from orchestrator.clock import SystemClock
from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.formatting import count
from orchestrator.domain.state import RESERVED_TRAITS
from orchestrator.engine.last_tick import own_time
from orchestrator.language.program_building import build_program
from orchestrator.language.project import Project
from orchestrator.store.customers import FoundCustomer
from orchestrator.store.database import Database
from orchestrator.store.line_loading import load_readers
from orchestrator.store.one_customer import find_people

_BUILT_IN = ("id", "stage", "stage_since", "anonymous", "timezone", "locale", "consent")


class NotOneCustomer(ParcoursError):
    """A text that means no customer, or several. Made for whoever asked, never for a log: it
    repeats what they typed.
    """


def find_one(database: Database, text: str) -> FoundCustomer:
    """The customer of an id, an address or a number; raises NotOneCustomer."""
    with database.read() as transaction:
        people = find_people(transaction, text)
    if len(people) == 1:
        return people[0]
    if people:
        ids = ", ".join(sorted(row.external_id for row in people))
        raise NotOneCustomer(
            f"{count(len(people), 'customer')} share {text}: name one by the id ({ids})"
        )
    raise NotOneCustomer(f"no customer has the id, e-mail address or phone number {text}")


def read_facts(database: Database, project: Project, customer_id: int) -> dict[str, object]:
    """The facts known of a customer now."""
    return _read(database, project, customer_id, [fact.name for fact in project.lifecycle.facts])


def read_for_templates(database: Database, project: Project, text: str) -> dict[str, object]:
    """Traits, facts and what else a template may ask of a customer; raises NotOneCustomer."""
    row = find_one(database, text)
    facts = [fact.name for fact in project.lifecycle.facts]
    asked = [*RESERVED_TRAITS, *_BUILT_IN, *facts]
    return {**row.traits, **_read(database, project, row.id, asked)}


def _read(
    database: Database, project: Project, customer_id: int, names: list[str]
) -> dict[str, object]:
    with database.read() as transaction:
        now = own_time(transaction, SystemClock().now())
        state = load_readers(transaction, build_program(project), [customer_id], now)[customer_id]
    found = {name: state.get(name, now) for name in names}
    return {name: value for name, value in found.items() if value is not None}
