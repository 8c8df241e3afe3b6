"""Whose the codes of coupons and rewards are."""

from __future__ import annotations

from sqlalchemy import select

from orchestrator.store import grants
from orchestrator.store.database import Database
from orchestrator.store.tables import GRANTS
from tests.store.rows import GRANT


def test_a_code_is_handed_to_its_receiver_and_the_others_stay_where_they_are(
    database: Database,
) -> None:
    of = GRANTS.c
    rows = [
        GRANT | {"code": code, "customer_id": None, "enrollment_id": number, "is_reward": False}
        for number, code in enumerate("abc")
    ]
    with database.write() as transaction:
        transaction.insert_new(GRANTS, rows)
        grants.hand_out(transaction, [("a", 7), ("c", 8)])
        grants.hand_out(transaction, [])
        found = transaction.execute(select(of.code, of.customer_id).order_by(of.code)).all()
    assert [tuple(row) for row in found] == [("a", 7), ("b", None), ("c", 8)]
