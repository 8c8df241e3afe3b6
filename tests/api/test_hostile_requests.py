"""Anything may be sent: the answer is never a fault of ours, and what was accepted can be read
back.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.domain.call import read_call
from tests.api.site import WRITE_KEY, Site, path_of
from tests.support.examples import examples

FUZZ = settings(
    max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture]
)

text = st.text(max_size=20) | st.sampled_from(
    ["", "\x00", "u1", "\\u0000", "é" * 300, "2026-03-02", "9999-12-31T23:59"]
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
keys = [
    "type",
    "userId",
    "anonymousId",
    "previousId",
    "event",
    "messageId",
    "timestamp",
    "originalTimestamp",
    "sentAt",
    "context",
    "traits",
    "properties",
    "name",
    "category",
    "writeKey",
]
times = st.datetimes().map(lambda at: at.isoformat() + "+14:00")
calls = st.fixed_dictionaries(
    {},
    optional={
        key: json_values | times | st.sampled_from(["track", "identify", "page", "alias", "x"])
        for key in keys
    },
)


@pytest.fixture
def client(sqlite_shop: Site) -> Iterator[httpx.Client]:
    with sqlite_shop.client() as opened:
        yield opened


@FUZZ
@given(
    batch=st.lists(calls | json_values, max_size=4),
    context=json_values,
    sent_at=json_values | times,
)
def test_every_call_of_a_batch_is_either_readable_in_the_inbox_or_kept_apart(
    sqlite_shop: Site, client: httpx.Client, batch: list[object], context: object, sent_at: object
) -> None:
    before = len(sqlite_shop.inbox_rows()), len(sqlite_shop.rejections())
    body = {"batch": batch, "context": context, "sentAt": sent_at, "writeKey": WRITE_KEY}
    known = {row.message_id for row in sqlite_shop.inbox_rows()}
    answer = client.post("/v1/batch", content=orjson.dumps(body, option=orjson.OPT_NON_STR_KEYS))
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    stored = sqlite_shop.inbox_rows()[before[0] :]
    kept = len(sqlite_shop.rejections()) - before[1]
    repeats = [
        call for call in batch if isinstance(call, dict) and str(call.get("messageId")) in known
    ]
    assert len(batch) - len(repeats) - _twins(batch) <= len(stored) + kept <= len(batch)
    for row in stored:
        call = read_call(orjson.loads(row.raw))
        assert call.message_id == row.message_id
        assert call.at is not None
        assert call.at <= row.received_at
        assert b"\\u0000" not in row.raw.replace(b"\\\\", b"")


def _twins(batch: list[object]) -> int:
    ids = [
        str(call["messageId"]) for call in batch if isinstance(call, dict) and call.get("messageId")
    ]
    return len(ids) - len(set(ids))


@FUZZ
@given(
    body=st.binary(max_size=200) | json_values.map(orjson.dumps),
    path=st.sampled_from(["batch", "track", "identify"]),
)
def test_no_body_is_a_fault_of_ours(client: httpx.Client, body: bytes, path: str) -> None:
    answer = client.post(f"/v1/{path}", content=body, auth=(WRITE_KEY, ""))
    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        assert set(answer.json()) == {"code", "message"}


@FUZZ
@given(
    body=st.binary(max_size=200),
    kind=st.sampled_from(
        [
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            ("multipart/form-data; boundary=b"),
            "text/plain",
            "é",
            ("multipart/form-data; boundary=b; charset=utf-7"),
            ("application/x-www-form-urlencoded; charset=utf-16"),
        ]
    ),
    page=st.sampled_from(["u", "s", "r"]),
)
def test_no_form_is_a_fault_of_ours(
    sqlite_shop: Site, client: httpx.Client, body: bytes, kind: str, page: str
) -> None:
    signer = sqlite_shop.services.signer
    if not client.headers.get("prepared"):
        client.headers["prepared"] = sqlite_shop.add_message(
            sqlite_shop.add_customer("u1", email="ada@example.com")
        )
    link = {
        "u": signer.unsubscribe("m1"),
        "s": signer.survey("m1", "nps"),
        "r": signer.referral("1"),
    }[page]
    answer = client.post(path_of(link), content=body, headers=[(b"Content-Type", kind.encode())])
    assert answer.status_code in (200, 400, 422)


def test_lone_surrogates_from_a_strange_charset_become_text(
    sqlite_shop: Site, client: httpx.Client
) -> None:
    customer = sqlite_shop.add_customer("u1")
    page = path_of(sqlite_shop.services.signer.survey(sqlite_shop.add_message(customer), "nps"))
    parts = ((b"score", b"9"), (b"comment", b"+2AA- fine"))
    body = b"".join(
        b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % part for part in parts
    )
    kind = "multipart/form-data; boundary=b; charset=utf-7"
    answer = client.post(page, content=body + b"--b--\r\n", headers={"Content-Type": kind})
    assert answer.status_code == 200
    assert sqlite_shop.inbox()[0]["properties"]["comment"].endswith("fine")


#: Texts that no strict reader takes, with their brackets and quotes in order: where a call ends
#: stays clear.
corrupt = st.sampled_from(
    [
        b'"\\ud83d"',
        b'"\\udc00x"',
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"01",
        b'"\xff"',
        b'"\xed\xa0\x80"',
        b"[1,]",
        b"{,}",
        b'"\n"',
        b'"\\x"',
        b"undefined",
        b"{'a': 1}",
        b"[" * 300 + b"]" * 300,
        b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
    ]
)


@st.composite
def raw_calls(draw: st.DrawFn) -> tuple[bytes, bool]:
    """A call as it comes over the wire, and whether it can be read."""
    value = draw(json_values.map(orjson.dumps) | corrupt)
    whole = b'{"type":"track","userId":"u1","event":"E","context":{"x":%s}}' % value
    return whole, _is_readable(whole)


def _is_readable(whole: bytes) -> bool:
    try:
        return bool(orjson.dumps(orjson.loads(whole)))
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return False


@FUZZ
@given(calls=st.lists(raw_calls(), max_size=6))
def test_of_a_batch_with_calls_that_cannot_be_read_every_other_is_kept(
    sqlite_shop: Site, client: httpx.Client, calls: list[tuple[bytes, bool]]
) -> None:
    before = len(sqlite_shop.inbox_rows()), len(sqlite_shop.rejections())
    body = b'{"batch":[' + b" ,\n".join(raw for raw, _ in calls) + b"]}"
    answer = client.post("/v1/batch", content=body, auth=(WRITE_KEY, ""))
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    readable = sum(is_readable for _, is_readable in calls)
    assert len(sqlite_shop.inbox_rows()) - before[0] == readable
    rejected = sqlite_shop.rejections()[before[1] :]
    assert [row.code for row in rejected] == ["invalid_json"] * (len(calls) - readable)
    assert [row.raw for row in rejected] == [raw for raw, is_readable in calls if not is_readable]
