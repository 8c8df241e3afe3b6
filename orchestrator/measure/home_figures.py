"""The figures of the home page."""

from __future__ import annotations

from orchestrator.domain.medium import Medium
from orchestrator.domain.message import GIVEN_UP, TAKEN, MessageState
from orchestrator.store import customers, messages, settings
from orchestrator.store.database import Database


def read_figures(database: Database) -> dict[str, int]:
    """The numbers of the home page, by their label."""
    with database.read() as transaction:
        inside = sum(settings.people_by_step(transaction).values())
        states = messages.count_by_state_of_media(transaction)
        known = customers.count_customers(transaction)
    sent = {
        f"{medium.spec.plural[0].upper()}{medium.spec.plural[1:]} sent": sum(
            states.get(medium, {}).get(state, 0) for state in TAKEN
        )
        for medium in Medium
        if medium.spec.is_common or medium in states
    }
    failed = sum(
        counts.get(state, 0)
        for counts in states.values()
        for state in (*GIVEN_UP, MessageState.UNKNOWN)
    )
    return {
        "Customers": known,
        "Inside a journey": inside,
        **sent,
        "Failed or unknown": failed,
    }
