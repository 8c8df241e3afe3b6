"""Events in: what clients send, what they are told, and what lies in the inbox afterwards."""

from __future__ import annotations

import gzip
import tracemalloc
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import select

from orchestrator.api.requests import BodyRefused, unpack
from orchestrator.store.tables import BUSINESS_EVENTS, REJECTIONS
from tests.api.site import NOW, WRITE_KEY, Site

BASIC = (WRITE_KEY, "")
SUCCESS = {"success": True}


def track(**changes: Any) -> dict[str, Any]:
    return {"type": "track", "userId": "u1", "event": "Product Added", "messageId": "m1", **changes}


def send(shop: Site, path: str, body: Any, **options: Any) -> httpx.Response:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    with shop.client() as client:
        return client.post(path, content=content, **{"auth": BASIC, **options})


@pytest.mark.parametrize("kind", ["identify", "track", "page", "screen", "group", "alias"])
def test_every_kind_of_call_has_its_path(shop: Site, kind: str) -> None:
    body = {
        "userId": "u1",
        "anonymousId": "a1",
        "event": "Seen",
        "previousId": "a1",
        "messageId": f"m-{kind}",
    }
    answer = send(shop, f"/v1/{kind}", body)
    assert (answer.status_code, answer.json()) == (200, SUCCESS)
    assert [call["type"] for call in shop.inbox()] == [kind]


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/import", "/v1/b"])
def test_a_batch_is_taken_whole(shop: Site, path: str) -> None:
    answer = send(shop, path, {"batch": [track(messageId=f"m{number}") for number in range(300)]})
    assert (answer.status_code, answer.json()) == (200, SUCCESS)
    assert [call["messageId"] for call in shop.inbox()] == [f"m{number}" for number in range(300)]


def test_a_call_is_kept_once_however_often_it_is_sent(shop: Site) -> None:
    for _ in range(2):
        assert (
            send(
                shop, "/v1/batch", {"batch": [track(), track(), track(messageId="m2")]}
            ).status_code
            == 200
        )
    assert [call["messageId"] for call in shop.inbox()] == ["m1", "m2"]


def test_a_bad_call_in_a_batch_is_kept_apart_with_its_reason(shop: Site) -> None:
    batch = [
        track(),
        {"type": "track", "userId": "u1"},
        "nonsense",
        track(type=["x"]),
        track(messageId="m2"),
    ]
    assert send(shop, "/v1/batch", {"batch": batch, "writeKey": WRITE_KEY}).json() == SUCCESS
    assert [call["messageId"] for call in shop.inbox()] == ["m1", "m2"]
    kept = [(row.code, orjson.loads(row.raw)) for row in shop.rejections()]
    assert kept == [
        ("no_event", batch[1]),
        ("invalid_call", "nonsense"),
        ("invalid_type", batch[3]),
    ]
    assert all(
        row.reason and row.received_at == NOW and row.source == "api" for row in shop.rejections()
    )


def test_a_single_bad_call_is_refused_and_kept(shop: Site) -> None:
    answer = send(shop, "/v1/track", {"userId": "u1", "writeKey": WRITE_KEY})
    assert answer.status_code == 400
    assert answer.json() == {
        "code": "no_event",
        "message": "a track call needs the name of its event in 'event'",
    }
    assert [row.code for row in shop.rejections()] == ["no_event"]
    assert b"writeKey" not in shop.rejections()[0].raw


def test_the_write_key_may_stand_in_the_body_and_is_not_stored(sqlite_shop: Site) -> None:
    assert send(sqlite_shop, "/v1/track", track(writeKey=WRITE_KEY), auth=None).status_code == 200
    body = {"batch": [track(messageId="m2", writeKey=WRITE_KEY)], "writeKey": WRITE_KEY}
    assert send(sqlite_shop, "/v1/batch", body, auth=None).status_code == 200
    assert len(sqlite_shop.inbox()) == 2
    assert not any("writeKey" in call for call in sqlite_shop.inbox())


@pytest.mark.parametrize(
    "options",
    [
        {"auth": ("wrong", "")},
        {"auth": None},
        {"auth": None, "headers": {"Authorization": "Basic %%%"}},
        {"auth": None, "headers": {"Authorization": "Basic /w=="}},
    ],
)
def test_a_wrong_key_stores_nothing(sqlite_shop: Site, options: dict[str, Any]) -> None:
    answer = send(sqlite_shop, "/v1/track", track(), **options)
    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_write_key"
    assert "www-authenticate" not in answer.headers
    assert not sqlite_shop.inbox_rows()


def test_a_wrong_key_in_the_header_is_not_mended_by_the_body(sqlite_shop: Site) -> None:
    assert (
        send(sqlite_shop, "/v1/track", track(writeKey=WRITE_KEY), auth=("wrong", "")).status_code
        == 401
    )


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b'{"batch": 7}',
        b"\xff",
        b'{"batch": [1], "batch": {}}',
        b'{"a":' + b"[" * 2000,
    ],
)
def test_what_is_no_request_is_refused_in_the_form_that_clients_read(
    sqlite_shop: Site, body: bytes
) -> None:
    answer = send(sqlite_shop, "/v1/batch", body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_request"
    assert answer.json()["message"]


def test_a_gzip_body_is_unpacked(sqlite_shop: Site) -> None:
    body = gzip.compress(orjson.dumps({"batch": [track()]}))
    assert (
        send(sqlite_shop, "/v1/batch", body, headers={"Content-Encoding": "gzip"}).json() == SUCCESS
    )
    assert len(sqlite_shop.inbox()) == 1


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(b" " * 50_000_000),
        gzip.compress(b'{"batch": []}')[:-9],
        b"not gzip",
        b"",
    ],
    ids=["a bomb", "cut off", "not gzip", "nothing"],
)
def test_gzip_that_cannot_be_unpacked_is_refused(sqlite_shop: Site, body: bytes) -> None:
    answer = send(sqlite_shop, "/v1/batch", body, headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")


def test_a_request_of_the_largest_sdk_fits_and_a_larger_one_does_not(sqlite_shop: Site) -> None:
    calls = [
        track(messageId=f"m{number}", properties={"text": "x" * 31_000}) for number in range(130)
    ]
    assert send(sqlite_shop, "/v1/batch", {"batch": calls}).json() == SUCCESS
    assert len(sqlite_shop.inbox_rows()) == 130
    assert send(sqlite_shop, "/v1/batch", {"batch": calls * 2}).json()["code"] == "invalid_request"
    assert send(sqlite_shop, "/v1/batch", {"batch": [1] * 2501}).json()["code"] == "invalid_request"


def test_a_call_over_32_kb_is_kept_apart_and_its_neighbours_are_taken(sqlite_shop: Site) -> None:
    large = track(messageId="large", properties={"text": "x" * 33_000})
    assert send(sqlite_shop, "/v1/batch", {"batch": [track(), large]}).json() == SUCCESS
    assert [call["messageId"] for call in sqlite_shop.inbox()] == ["m1"]
    assert [row.code for row in sqlite_shop.rejections()] == ["too_large"]
    assert send(sqlite_shop, "/v1/track", large).json()["code"] == "too_large"


def test_what_a_batch_says_once_holds_for_all_its_calls(sqlite_shop: Site) -> None:
    own = {"locale": "fr", "ip": "198.51.100.1"}
    batch = [track(context=own), track(messageId="m2"), track(messageId="m3", context=None)]
    send(sqlite_shop, "/v1/batch", {"batch": batch, "context": {"locale": "en", "app": "web"}})
    assert [call["context"] for call in sqlite_shop.inbox()] == [
        {"locale": "fr", "ip": "198.51.100.1", "app": "web"},
        {"locale": "en", "app": "web"},
        {"locale": "en", "app": "web"},
    ]


def test_a_call_without_a_message_id_gets_one(sqlite_shop: Site) -> None:
    for _ in range(2):
        send(sqlite_shop, "/v1/track", {"userId": "u1", "event": "E"})
    ids = [call["messageId"] for call in sqlite_shop.inbox()]
    assert len(set(ids)) == 2
    assert [row.message_id for row in sqlite_shop.inbox_rows()] == ids


def test_two_long_message_ids_stay_two(shop: Site) -> None:
    long_ids = ["x" * 120 + end for end in "ab"]
    send(shop, "/v1/batch", {"batch": [track(messageId=one) for one in long_ids * 2]})
    assert len(shop.inbox()) == 2
    assert all(len(call["messageId"]) <= 100 for call in shop.inbox())


def ago(**span: float) -> str:
    return (NOW - timedelta(**span)).isoformat()


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ({}, ago()),
        ({"timestamp": ago(hours=2)}, ago(hours=2)),
        ({"timestamp": "2026-03-02T08:00:00.123Z"}, "2026-03-02T08:00:00.123000+00:00"),
        ({"timestamp": "2026-03-02T10:00:00+02:00"}, "2026-03-02T08:00:00+00:00"),
        (
            {"originalTimestamp": ago(hours=2), "sentAt": ago(seconds=3)},
            ago(hours=2),
        ),  # only the way took 3 s
        (
            {"timestamp": ago(seconds=46), "sentAt": ago(seconds=45)},
            ago(seconds=46),
        ),  # a stall on the way
        ({"timestamp": ago(minutes=6), "sentAt": ago(minutes=5, seconds=-1)}, ago(minutes=6)),
        (
            {"timestamp": ago(minutes=3), "sentAt": ago(minutes=-4)},
            ago(minutes=3),
        ),  # nor a clock a little ahead
        (
            {"timestamp": ago(minutes=6), "sentAt": ago(minutes=5)},
            ago(minutes=1),
        ),  # five minutes: a wrong clock
        (
            {"timestamp": ago(hours=2), "sentAt": ago(hours=1)},
            ago(hours=1),
        ),  # a clock one hour behind
        (
            {"timestamp": ago(hours=-5), "sentAt": ago(hours=-6)},
            ago(hours=1),
        ),  # a clock six hours ahead
        (
            {"timestamp": ago(hours=-7), "sentAt": ago(hours=-6)},
            ago(),
        ),  # later than it was sent: cut
        ({"timestamp": ago(hours=-1)}, ago()),  # the future is cut to the receipt
        (
            {"timestamp": ago(hours=3), "originalTimestamp": ago(hours=2), "sentAt": ago(hours=1)},
            ago(hours=3),
        ),
        ({"timestamp": ago(hours=1), "sentAt": "nonsense"}, ago(hours=1)),
        ({"timestamp": "0001-01-01T12:00:00Z", "sentAt": "9999-12-31T00:00:00Z"}, None),
        ({"timestamp": "0001-01-01T00:00:00+14:00"}, None),
        ({"timestamp": "yesterday"}, None),
        ({"timestamp": 1772442000}, None),
    ],
)
def test_the_time_of_a_call(sqlite_shop: Site, times: dict[str, Any], expected: str | None) -> None:
    answer = send(sqlite_shop, "/v1/track", track(**times))
    if expected is None:
        assert answer.json()["code"] == "invalid_timestamp"
    else:
        assert answer.json() == SUCCESS
        assert sqlite_shop.inbox()[0]["timestamp"] == expected


def test_the_time_of_sending_is_said_once_for_a_batch(sqlite_shop: Site) -> None:
    send(
        sqlite_shop, "/v1/batch", {"batch": [track(timestamp=ago(hours=3))], "sentAt": ago(hours=2)}
    )
    assert sqlite_shop.inbox()[0]["timestamp"] == ago(hours=1)


def test_history_starts_nothing(shop: Site) -> None:
    ages = {"old": 24.01, "young": 23.99}
    send(
        shop,
        "/v1/batch",
        {"batch": [track(messageId=key, timestamp=ago(hours=age)) for key, age in ages.items()]},
    )
    assert {row.message_id: row.starts for row in shop.inbox_rows()} == {
        "old": False,
        "young": True,
    }


def test_characters_that_postgresql_cannot_hold_are_left_out(shop: Site) -> None:
    send(shop, "/v1/track", track(properties={"na\x00me": ["a\x00b", "literally \\u0000"]}))
    assert shop.inbox()[0]["properties"] == {"name": ["ab", "literally \\u0000"]}
    assert send(shop, "/v1/track", track(messageId="a\x00b")).json()["code"] == "invalid_message_id"
    assert send(shop, "/v1/track", track(userId="a\x00b", messageId="m9")).status_code == 200


def test_the_engine_is_woken_by_new_calls_only(sqlite_shop: Site) -> None:
    send(sqlite_shop, "/v1/track", track())
    assert sqlite_shop.nudged.wait(300)
    send(sqlite_shop, "/v1/track", track())
    assert len(sqlite_shop.nudges) == 1


def test_a_browser_of_another_site_may_send(sqlite_shop: Site) -> None:
    with sqlite_shop.client() as client:
        asked = client.options(
            "/v1/t",
            headers={
                "Origin": "https://www.shop.example",
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type",
            },
        )
        assert asked.status_code == 200
        assert asked.headers["access-control-allow-origin"] == "*"
        assert "authorization" in asked.headers["access-control-allow-headers"].lower()
        headers = {"Origin": "https://www.shop.example", "Content-Type": "text/plain"}
        sent = client.post(
            "/v1/t", content=orjson.dumps(track(writeKey=WRITE_KEY)), headers=headers
        )
    assert sent.json() == SUCCESS
    assert sent.headers["access-control-allow-origin"] == "*"


def test_an_unknown_path_and_a_get_are_refused_in_the_form_that_clients_read(
    sqlite_shop: Site,
) -> None:
    with sqlite_shop.client() as client:
        for answer, status in ((client.post("/v1/nothing"), 404), (client.get("/v1/track"), 405)):
            assert answer.status_code == status
            assert set(answer.json()) == {"code", "message"}


def test_health_is_told(shop: Site) -> None:
    with shop.client() as client:
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_times_are_aware_in_the_table(shop: Site) -> None:
    send(shop, "/v1/track", track())
    assert shop.inbox_rows()[0].received_at == NOW
    assert datetime.fromisoformat(shop.inbox()[0]["receivedAt"]) == NOW


def test_a_bomb_is_never_unpacked_whole() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(BodyRefused):
            unpack(bomb, 100_000)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def send_from_here(shop: Site, path: str, body: Any, **options: Any) -> httpx.Response:
    """A program at this machine, where the shop is tried out."""
    with shop.local_client() as client:
        return client.post(path, json=body, auth=BASIC, **options)


@pytest.mark.parametrize("path", ["/v1/business", "/v1/batch"])
def test_what_happens_to_the_business_is_kept_once_and_is_no_customers(
    shop: Site, path: str
) -> None:
    said = {"type": "business", "event": "Sale Began", "properties": {"a": 1}, "messageId": "b1"}
    for _ in range(2):
        body = {"batch": [said]} if path.endswith("batch") else said
        answer = send_from_here(shop, path, body)
        assert (answer.status_code, answer.json()) == (200, SUCCESS)
    with shop.database.read() as transaction:
        names = list(transaction.execute(select(BUSINESS_EVENTS.c.name)).scalars())
    assert (shop.inbox(), names) == ([], ["Sale Began"])


@pytest.mark.parametrize("event", [None, "", 3])
def test_a_business_call_names_its_event(shop: Site, event: object) -> None:
    answer = send_from_here(shop, "/v1/business", {"event": event})
    assert (answer.status_code, answer.json()["code"]) == (400, "no_event")


BEGAN = {"type": "business", "event": "Sale Began", "messageId": "b1"}
VIEWED = {"type": "track", "userId": "ada", "event": "Viewed", "messageId": "m1"}
AS_ADMIN = {"Authorization": "Bearer secret-token"}


def business_and_rejections(shop: Site) -> tuple[list[str], list[str]]:
    with shop.database.read() as transaction:
        names = list(transaction.execute(select(BUSINESS_EVENTS.c.name)).scalars())
        return names, list(transaction.execute(select(REJECTIONS.c.code)).scalars())


def with_a_token(shop: Site) -> Site:
    environment = {"PARCOURS_ADMIN_TOKEN": "secret-token"}
    shop.change(config=replace(shop.services.config, environment=environment))
    return shop


def test_the_write_key_that_pages_carry_calls_no_customers(shop: Site) -> None:
    answer = send(with_a_token(shop), "/v1/business", BEGAN)
    assert (answer.status_code, answer.json()["code"]) == (403, "needs_admin_token")
    assert send(shop, "/v1/batch", {"batch": [BEGAN, VIEWED]}).status_code == 200
    assert business_and_rejections(shop) == ([], ["needs_admin_token"])
    assert len(shop.inbox()) == 1


def test_with_the_admin_token_a_server_tells_of_its_business_and_needs_no_other_key(
    shop: Site,
) -> None:
    with with_a_token(shop).client(**AS_ADMIN) as client:
        for path, said in [("/v1/business", BEGAN), ("/v1/batch", {"batch": [VIEWED]})]:
            answer = client.post(path, json=said)
            assert (answer.status_code, answer.json()) == (200, SUCCESS)
    assert business_and_rejections(shop) == (["Sale Began"], [])
    assert len(shop.inbox()) == 1


def test_a_page_in_the_browser_of_this_machine_calls_no_customers_either(shop: Site) -> None:
    origin = {"Origin": "https://elsewhere.example"}
    answer = send_from_here(shop, "/v1/business", BEGAN, headers=origin)
    assert (answer.status_code, answer.json()["code"]) == (403, "needs_admin_token")
    assert business_and_rejections(shop) == ([], [])
