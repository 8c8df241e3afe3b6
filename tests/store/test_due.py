"""What is due, for whoever asks before the work is done."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.domain.medium import ChannelName
from orchestrator.store import due
from orchestrator.store.database import Database
from orchestrator.store.tables import ENROLLMENTS, MESSAGES
from tests.store.rows import ENROLLMENT, MESSAGE, NOW, add_customer

SOON = NOW + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("message", "found"),
    [
        ({}, True),
        ({"state": "accepted"}, False),
        ({"channel": "other"}, False),
        ({"not_before": SOON}, False),
    ],
)
def test_there_is_work_where_a_message_waits_for_one_of_these_channels(
    database: Database, message: dict[str, object], found: bool
) -> None:
    with database.write() as transaction:
        transaction.execute(MESSAGES.insert(), [MESSAGE | message])
        assert due.has_work(transaction, [ChannelName("email")], NOW) is found


def test_whose_step_is_due_is_counted_by_journey_and_nobody_is_left_out(
    database: Database,
) -> None:
    with database.write() as transaction:
        add_customer(transaction)
        rows = [{}, {"number": 2}, {"number": 3, "due_at": SOON}, {"number": 4, "status": "exited"}]
        transaction.execute(ENROLLMENTS.insert(), [ENROLLMENT | row for row in rows])
        assert due.count_due_people(transaction, ["j", "k"], NOW) == {"j": 2}
