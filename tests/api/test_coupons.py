"""`GET /v1/coupons`: the codes that customers have, for the shop's own server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orchestrator.store.tables import ENROLLMENTS, GRANTS
from tests.api.site import WRITE_KEY, Site
from tests.store.rows import ENROLLMENT, GRANT, add_customer

BEARER = {"Authorization": "Bearer t0ken"}


def fill(shop: Site) -> Site:
    """Three coupons of Ada's, and an admin token."""
    rows: list[dict[str, Any]] = [
        GRANT
        | {"code": code, "pass_no": number, "is_reward": False}
        | {"coupon": {"code": code, "percent": 10, "pool": "SUMMER"}}
        for number, code in enumerate("abc", 1)
    ]
    with shop.database.write() as transaction:
        add_customer(transaction, external_id="ada")
        transaction.execute(ENROLLMENTS.insert(), [ENROLLMENT])
        transaction.execute(GRANTS.insert(), rows)
    environment = {"PARCOURS_ADMIN_TOKEN": "t0ken"}
    shop.change(config=replace(shop.services.config, environment=environment))
    return shop


def test_the_shop_reads_the_codes_page_by_page(shop: Site) -> None:
    with fill(shop).client(**BEARER) as client:
        first = client.get("/v1/coupons", params={"limit": 2}).json()
        assert [one["code"] for one in first["coupons"]] == ["a", "b"]
        rest = client.get("/v1/coupons", params={"limit": 2, "after": first["next"]}).json()
        assert ([one["code"] for one in rest["coupons"]], rest["next"]) == (["c"], None)
        (coupon, *_) = first["coupons"]
        told = {"user_id": "ada", "pool": "SUMMER", "percent": 10, "amount": None}
        assert {name: coupon[name] for name in told} == told
        assert coupon["granted_at"] == "2026-01-05T10:00:00.123Z"
        for since, number in (("2026-01-05T10:00:00Z", 3), ("2026-01-05T10:00:01Z", 0)):
            found = client.get("/v1/coupons", params={"since": since}).json()
            assert len(found["coupons"]) == number


def test_the_key_that_stands_in_pages_reads_no_codes(sqlite_shop: Site) -> None:
    with fill(sqlite_shop).client() as client:
        for answer in (
            client.get("/v1/coupons"),
            client.get("/v1/coupons", auth=(WRITE_KEY, "")),
            client.get("/v1/coupons", headers={"Authorization": "Bearer wrong"}),
        ):
            assert answer.status_code == 401
            assert answer.json()["code"] == "invalid_token"


def test_no_page_of_another_website_reads_codes(sqlite_shop: Site) -> None:
    elsewhere = {"Origin": "https://evil.example"}
    with fill(sqlite_shop).client(**BEARER) as client:
        answer = client.get("/v1/coupons", headers=elsewhere)
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "query",
    ["since=soon", "since=", "limit=0", "limit=1001", "limit=x", "after=-1", "after=" + "9" * 30],
)
def test_what_means_nothing_is_refused_with_what_is_accepted(sqlite_shop: Site, query: str) -> None:
    with fill(sqlite_shop).client(**BEARER) as client:
        answer = client.get(f"/v1/coupons?{query}")
        assert answer.status_code == 400
        assert answer.json()["code"] == "invalid_request"


def test_codes_that_cannot_be_read_just_now_are_asked_for_later(sqlite_shop: Site) -> None:
    shop = fill(sqlite_shop)
    with shop.client(**BEARER) as client, shop.store_away():
        answer = client.get("/v1/coupons")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
