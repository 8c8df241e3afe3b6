"""A shop with something on every page: two customers, a journey of two variants, a task, a coupon,
an order, and messages of which one came back.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Table, insert

from orchestrator.domain.event import Kind
from orchestrator.engine.last_tick import CLOCK, LAST_TICK, VIRTUAL
from orchestrator.store import settings
from orchestrator.store.tables import (
    CONSENTS,
    DECISIONS,
    ENROLLMENTS,
    EVENTS,
    GRANTS,
    STAGE_CHANGES,
    SUPPRESSIONS,
    TASKS,
)
from tests.api.site import NOW, Site

JOURNEY = """\
journey: win-back
title: Win-back
description: Brings people back.
trigger: {event: Product Viewed}
goal: {event: Order Completed, within: 7d}
topic: offers
steps:
  - id: choose
    split:
      - variant: plain
        share: 50%
        then: [{email: hello}]
      - variant: warm
        share: 50%
        then: [{email: warm-hello}]
  - delay: 1d
"""


def fill_shop(shop: Site, root: Path) -> Site:
    """The shop, filled; its journey lies in `root`."""
    (root / "journeys").mkdir()
    (root / "journeys/win-back.yaml").write_text(JOURNEY, "utf-8")
    (root / "parcours.toml").write_text('[topics]\noffers = "Offers"\n', "utf-8")
    ada = shop.add_customer("ada", email="ada@example.com", name="Ada", phone="+33612345678")
    eve = shop.add_customer("eve", email="ada@example.com")
    for number, (customer, variant) in enumerate([(ada, "plain"), (eve, "warm")], 1):
        add(shop, ENROLLMENTS, id=number, customer_id=customer, journey="win-back", version="v",
            number=1, entered_at=NOW, entry={}, step="delay" if number == 1 else None,
            variables={}, status="active" if number == 1 else "completed",
            held_out=number == 2)  # fmt: skip
        decision = {"customer_id": customer, "enrollment_id": number, "journey": "win-back",
                    "at": NOW}  # fmt: skip
        add(shop, DECISIONS, **decision, kind="entered", detail={})
        add(shop, DECISIONS, **decision, kind="branched", step="choose", reason="variant",
            detail={"variant": variant})  # fmt: skip
    shop.add_message(ada, leased_at=NOW, channel="email", enrollment_id=1)
    shop.add_message(eve, "m2", leased_at=NOW, channel="email", enrollment_id=2, state="bounced")
    add(shop, TASKS, customer_id=ada, enrollment_id=1, step="t", pass_no=1, type="call",
        note="Ring <them>", at=NOW, due_at=NOW - timedelta(days=1))  # fmt: skip
    add(shop, GRANTS, code="SAVE10", customer_id=ada, referred_id=ada, enrollment_id=1, step="c",
        pass_no=1, role="customer", is_reward=False, coupon={"percent": 10}, at=NOW,
        redeemed_at=NOW)  # fmt: skip
    add(shop, CONSENTS, customer_id=ada, at=NOW, key="email", granted=True, source="form")
    add(shop, SUPPRESSIONS, scope="email", address="x@example.com", reason="hard bounce", at=NOW)
    for at, to in ((NOW - timedelta(days=40), "lead"), (NOW - timedelta(days=1), "loyal")):
        add(shop, STAGE_CHANGES, customer_id=ada, at=at, to=to, cause="event")
    add(shop, EVENTS, customer_id=ada, at=NOW - timedelta(days=1), received_at=NOW, kind=int(Kind.TRACK),
        name="Order Completed", properties={"order_id": "o1", "total": 80, "currency": "EUR"},
        context={}, message_id="o1")  # fmt: skip
    with shop.database.write() as transaction:
        settings.write(transaction, LAST_TICK, NOW.isoformat())
        settings.write(transaction, CLOCK, VIRTUAL)
    return shop


def add(shop: Site, table: Table, **values: Any) -> None:
    with shop.database.write() as transaction:
        transaction.execute(insert(table).values(values))
