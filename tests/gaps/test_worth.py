"""What a missing programme would have met in a shop's history."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.gaps.analysis import judge_files
from orchestrator.gaps.worth import weigh, weigh_missing
from orchestrator.intake.history import History, read_history
from orchestrator.language.project import Project, load_project
from orchestrator.measure.trade.logged_trade import trade_of
from orchestrator.measure.trade.trade import MICROS
from orchestrator.starter.copying import NoSuchStage
from tests.support.project import CONSENTING, LIFECYCLE, write_project

HELLO = "journey: hello\ntrigger: {event: Signed Up}\nsteps:\n  - email: hi\n"
EMPTY = "lifecycle: plain\nfacts: {}\nstages: [{stage: any, if: true}]\n"


def history(root: Path, *calls: tuple[str, str, str, dict[str, object]]) -> History:
    """The calls (day, user, event, properties), and who the users are."""
    users = {user for _, user, _, _ in calls}
    known = [
        {"type": "identify", "userId": user, "timestamp": "2026-01-01T00:00:00Z",
         "traits": {"email": f"{user}@example.com"}}
        for user in sorted(users)
    ]  # fmt: skip
    told = [
        {"type": "track", "userId": user, "event": event, "properties": properties,
         "timestamp": f"2026-{day}:00Z"}
        for day, user, event, properties in calls
    ]  # fmt: skip
    file = root / "log.jsonl"
    file.write_text("\n".join(map(json.dumps, [*known, *told])), "utf-8")
    return read_history([file])


def project(root: Path, toml: str = CONSENTING, lifecycle: str = LIFECYCLE) -> Project:
    return load_project(write_project(root / "shop", HELLO, toml=toml, lifecycle=lifecycle), {})


def test_orders_within_the_goal_after_the_first_message_count_once_by_currency(
    tmp_path: Path,
) -> None:
    cart = {"cart_id": "c", "value": 80, "products": [{"product_id": "a", "price": 80}]}
    log = history(
        tmp_path,
        ("02-01T10:00", "ada", "Checkout Started", cart),
        ("02-01T10:10", "bob", "Order Completed", {"order_id": "B0", "total": 999}),
        ("02-02T09:00", "ada", "Order Completed",
         {"order_id": "A1", "total": 80.10, "currency": "EUR"}),
        ("02-03T09:00", "ada", "Order Completed",
         {"order_id": "A2", "total": "20.05", "currency": "USD"}),
        ("03-03T09:00", "ada", "Order Completed",
         {"order_id": "A3", "total": 500, "currency": "EUR"}),
    )  # fmt: skip
    found = weigh("cart-abandonment", project(tmp_path), log, trade_of(log, "EUR"))
    assert (found.people, found.orders, found.assumed_consent) == (1, 2, False)
    assert found.revenue == {"EUR": 80.10 * MICROS, "USD": 20.05 * MICROS}
    assert found.told_revenue == "80.10 EUR, 20.05 USD"


def test_a_history_without_consent_is_assumed_to_agree_and_says_so(tmp_path: Path) -> None:
    log = history(tmp_path, ("02-01T10:00", "ada", "Checkout Started", {"value": 80}))
    shop = project(tmp_path, toml='[project]\ntimezone = "UTC"\n')
    found = weigh("cart-abandonment", shop, log, trade_of(log, "EUR"))
    assert (found.people, found.assumed_consent) == (1, True)


def test_only_what_is_missing_and_shipped_and_fits_the_stages_is_weighed(tmp_path: Path) -> None:
    log = history(tmp_path, ("02-01T10:00", "ada", "Checkout Started", {"value": 80}))
    shop = project(tmp_path, lifecycle=EMPTY)
    with pytest.raises(NoSuchStage):
        weigh("win-back", shop, log, trade_of(log, "EUR"))
    found = weigh_missing(judge_files(shop).coverage, shop, log, trade_of(log, "EUR"))
    # hello is a welcome, the others name stages that this lifecycle lacks
    assert [one.playbook for one in found] == ["nps"]
