"""A customer of the database: whom a text means, and what is known of them today."""

from __future__ import annotations

from typing import NamedTuple

from orchestrator.clock import SystemClock
from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.expression import Attribute, Name
from orchestrator.domain.formatting import count
from orchestrator.domain.program import Program
from orchestrator.domain.traits import RESERVED_TRAITS
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


class KnownToday(NamedTuple):
    """What is known of a customer: some of their facts and properties, and the account that they
    belong to: its `id` and traits, none where there is none.
    """

    properties: dict[str, object]
    account: dict[str, object]


def read_facts(database: Database, project: Project, customer_id: int) -> KnownToday:
    """The facts known of a customer now, and their account where the project asks for accounts."""
    asked = [fact.name for fact in project.lifecycle.facts]
    return _read(database, build_program(project), customer_id, asked)


def read_for_templates(database: Database, project: Project, text: str) -> dict[str, object]:
    """Traits, facts and what else a template may ask of a customer, as `customer`, and of their
    `account`; raises NotOneCustomer.
    """
    row = find_one(database, text)
    facts = [fact.name for fact in project.lifecycle.facts]
    program = build_program(project, template_calls=[Attribute(Name("account"), "id")])
    known = _read(database, program, row.id, [*RESERVED_TRAITS, *_BUILT_IN, *facts])
    return {"customer": row.traits | known.properties, "account": known.account}


def _read(database: Database, program: Program, customer_id: int, names: list[str]) -> KnownToday:
    with database.read() as transaction:
        now = own_time(transaction, SystemClock().now())
        state = load_readers(transaction, program, [customer_id], now)[customer_id]
    found = {name: state.get(name, now) for name in names}
    account = state.account
    told = {} if account is None or not account.id else {"id": account.id, **account.traits}
    return KnownToday({name: value for name, value in found.items() if value is not None}, told)
