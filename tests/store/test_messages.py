"""The ledger of messages: what waits, what is in doubt, and how many there are of each."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from orchestrator.domain.medium import ChannelName
from orchestrator.domain.message import MessageState
from orchestrator.store import messages
from orchestrator.store.database import Database
from orchestrator.store.messages import Settlement
from orchestrator.store.tables import MESSAGES
from orchestrator.store.transaction import Transaction
from tests.store.rows import MESSAGE, NOW, add_customer

MAIN, OTHER = ChannelName("main"), ChannelName("other")


def write(transaction: Transaction, *rows: dict[str, Any]) -> None:
    for number, row in enumerate(rows):
        mine = {"public_id": f"p{number}", "pass_no": number}
        transaction.execute(MESSAGES.insert(), [MESSAGE | mine | row])


def test_messages_in_doubt_and_those_that_wait_are_of_one_channel(database: Database) -> None:
    with database.write() as transaction:
        write(
            transaction,
            {"state": "unknown", "channel": MAIN},
            {"state": "unknown", "channel": OTHER},
            {"state": "queued", "channel": OTHER},
            {"state": "accepted", "channel": MAIN},
        )
        assert [one.public_id for one in messages.unknown_messages(transaction, MAIN)] == ["p0"]
        assert messages.is_any_queued(transaction, OTHER)
        assert not messages.is_any_queued(transaction, MAIN)


def test_a_lease_is_read_whoever_has_it_but_for_those_that_are_known(database: Database) -> None:
    with database.write() as transaction:
        write(transaction, {"state": "leased"}, {"state": "leased"}, {"state": "queued"})
        one, other = messages.leased_messages(transaction)
        assert (one.public_id, other.public_id) == ("p0", "p1")
        assert messages.leased_messages(transaction, but=[one.id]) == [other]


def test_messages_are_counted_by_state_of_their_channel_and_of_their_medium(
    database: Database,
) -> None:
    with database.write() as transaction:
        write(
            transaction,
            {"state": "queued", "channel": MAIN},
            {"state": "queued", "channel": OTHER},
            {"state": "accepted", "channel": OTHER},
        )
        by_channel = messages.count_by_state(transaction)
        by_medium = messages.count_by_state_of_media(transaction)
    assert by_channel == {"main": {"queued": 1}, "other": {"queued": 1, "accepted": 1}}
    assert by_medium == {"email": {"queued": 2, "accepted": 1}}


def test_the_newest_messages_are_listed_of_some_states_and_of_a_journey(
    database: Database,
) -> None:
    with database.write() as transaction:
        add_customer(transaction, external_id="ada")
        write(
            transaction,
            {"state": "queued"},
            {"state": "failed", "journey": "k"},
            {"state": "failed"},
        )
        every = messages.list_messages(transaction)
        failed = messages.list_messages(transaction, ["failed"])
        of_journey = messages.list_messages(transaction, ["failed"], "k")
        newest = messages.list_messages(transaction, limit=1)
    assert [[one.public_id for one in some] for some in (every, failed, of_journey, newest)] == [
        ["p2", "p1", "p0"],
        ["p2", "p1"],
        ["p1"],
        ["p2"],
    ]
    assert {one.external_id for one in every} == {"ada"}


@pytest.mark.parametrize(("resent", "left"), [(None, True), (True, False), (False, True)])
def test_the_one_time_that_a_message_may_be_sent_again_is_used_up_by_it_alone(
    database: Database, resent: bool | None, left: bool
) -> None:
    more = {} if resent is None else {"resent": resent}
    with database.write() as transaction:
        write(transaction, {"state": "leased", "resend_uncertain": True})
        (lease,) = messages.leased_messages(transaction)
        said = Settlement(lease.id, MessageState.QUEUED, NOW, **more)
        messages.settle(transaction, [said], was=MessageState.LEASED)
        ((may,),) = transaction.execute(select(MESSAGES.c.resend_uncertain))
    assert may is left
