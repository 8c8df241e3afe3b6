"""The shop's own servers are told of codes and tasks when they are given."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import select

from orchestrator.domain.webhook_port import WebhookRequest, read_request
from orchestrator.intake.posted_tasks import post_tasks
from orchestrator.store.tables import WEBHOOKS
from tests.engine.conftest import OpenShop
from tests.support.life import instant
from tests.support.project import CONSENTING
from tests.support.shop import Shop

GIVE = """
journey: give
trigger: {event: Viewed}
holdout: %s
steps:
  - coupon: {percent: 10, expires: 1d}
  - task: {type: letter, note: hello, due: 2d}
"""
TOLD = """
[webhooks]
secrets = ["SHOP_KEY"]
[coupons]
webhook = "https://shop.example/codes?key={{ secrets.SHOP_KEY }}"
[tasks]
webhook = "https://shop.example/tasks"
"""


LISTS = """
journey: look
trigger: {event: Viewed}
steps:
  - audience: {id: in, add: lookers}
  - delay: 1d
  - audience: {id: out, remove: lookers}
"""
#: Of `ada@example.com` and +33639981234.
ADA_HASHED = "b5fc85e55755f9e0d030a10ab4429b6b2944855f9a0d60077fe832becbc41d72"
PHONE_HASHED = "5e59c3ce49f52588f6343006ae717839916f4bacfa9fe65664f23bd619f692c1"


def requests(shop: Shop) -> list[WebhookRequest]:
    with shop.context.database.read() as transaction:
        rows: Any = transaction.scalars(select(WEBHOOKS.c.request).order_by(WEBHOOKS.c.id))
        return [read_request(row) for row in rows]


def view(shop: Shop, at: str = "0s") -> None:
    shop.identify(at)
    shop.track(at, "Viewed")
    shop.tick(at)


def test_a_code_and_a_task_are_told_with_what_the_shop_needs(open_shop: OpenShop) -> None:
    shop = open_shop(GIVE % "0%", toml=TOLD)
    view(shop)
    code, task = requests(shop)
    assert next(str(part) for part in code.url) == "https://shop.example/codes?key="
    assert "SHOP_KEY" in str(code.url[1])
    (text,) = code.body or ()
    assert '"event": "Coupon Granted"' in str(text)
    for part in ('"user_id": "ada"', '"percent": 10', '"journey": "give"', '"role": "customer"',
                 '"expires_at": "2026-01-06T10:00:00+00:00"', '"code": "'):  # fmt: skip
        assert part in str(text)
    (text,) = task.body or ()
    for part in ('"event": "Task Made"', '"type": "letter"', '"note": "hello"',
                 '"due_at": "2026-01-07T10:00:00+00:00"', '"step": "task-at-end"'):  # fmt: skip
        assert part in str(text)


def test_nobody_is_told_of_the_control_group_or_where_no_server_is_named(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(GIVE % "100%", toml=TOLD)
    view(shop)
    assert requests(shop) == []
    shop.open(GIVE % "0%", toml="")
    shop.identify("1h", "bob")
    shop.track("1h", "Viewed", "bob")
    shop.tick("1h")
    assert requests(shop) == []


def test_tasks_from_before_a_server_was_named_are_told_once_when_somebody_says_so(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(GIVE % "0%", toml="")
    view(shop)
    shop.open(GIVE % "0%", toml=TOLD)
    context = shop.context
    assert post_tasks(context.database, context.config, instant("1h")) == 1
    assert post_tasks(context.database, context.config, instant("2h")) == 0
    (task,) = requests(shop)
    assert '"made_at": "2026-01-05T10:00:00+00:00"' in str(task.body)


def said(shop: Shop) -> list[dict[str, Any]]:
    return [orjson.loads("".join(map(str, one.body or ()))) for one in requests(shop)]


def test_who_comes_into_an_audience_and_leaves_it_is_told_hashed(open_shop: OpenShop) -> None:
    toml = CONSENTING + '[audiences]\nwebhook = "https://shop.example/lists"\n'
    shop = open_shop(LISTS, toml=toml)
    view(shop)
    shop.identify("1h", consent={"email": False, "sms": False})
    shop.tick("1d")
    joined, left = said(shop)
    hashed = {"email_sha256": ADA_HASHED, "phone_sha256": PHONE_HASHED, "left_out": None}
    where = {"audience": "lookers", "user_id": "ada", "journey": "look"}
    assert joined == {
        **where, **hashed, "event": "Audience Joined", "step": "in",
        "at": "2026-01-05T10:00:00+00:00",
    }  # fmt: skip
    assert left == {
        **where, **hashed, "event": "Audience Left", "step": "out",
        "at": "2026-01-06T10:00:00+00:00",
    }  # fmt: skip


def test_the_addresses_of_who_did_not_agree_to_marketing_are_not_told(open_shop: OpenShop) -> None:
    toml = CONSENTING + '[audiences]\nwebhook = "https://shop.example/lists"\n'
    shop = open_shop(LISTS, toml=toml)
    shop.identify("0s", email="ada@example.com", consent={"email": False})
    shop.identify("0s", "bob", name="Bob")
    for user in ("ada", "bob"):
        shop.track("0s", "Viewed", user)
    shop.tick("0s")
    told = {one["user_id"]: (one["email_sha256"], one["left_out"]) for one in said(shop)}
    assert told == {"ada": ("", "no consent to marketing"), "bob": ("", "no address and no number")}
