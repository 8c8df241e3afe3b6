"""Whether a call was accepted: it waits, or is on a time line already."""

from __future__ import annotations

import pytest

from orchestrator.store import inbox
from orchestrator.store.database import Database
from orchestrator.store.tables import EVENTS
from tests.store.rows import EVENT, NOW, add_customer


@pytest.mark.parametrize(
    ("message_id", "known"), [("waits", True), ("m", True), ("never came", False)]
)
def test_a_call_is_known_while_it_waits_and_once_it_is_on_a_line(
    database: Database, message_id: str, known: bool
) -> None:
    with database.write() as transaction:
        add_customer(transaction)
        transaction.execute(EVENTS.insert(), [EVENT])
    inbox.write_inbox(database, [inbox.InboxEntry("waits", NOW, "api", True, b"{}")])
    assert inbox.has_call(database, message_id) is known
