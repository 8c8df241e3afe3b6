"""Calls that cannot be read, or are spelt as some senders spell them: each is judged by itself."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from orchestrator.domain.call import read_call
from tests.api.site import Site
from tests.api.test_segment import SUCCESS, send, track


def deep(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


#: What no strict reader takes, each where a property stands, with a part of the reason.
UNREADABLE = {
    "half an emoji": (b'"caf\\ud83d"', "half a character"),
    "the other half": (b'"\\ude00 caf"', "half a character"),
    "half a character in UTF-8": (b'"\xed\xa0\xbd"', "UTF-8"),
    "Latin-1": (b'"caf\xe9"', "UTF-8"),
    "NaN": (b"NaN", "NaN is no number"),
    "Infinity": (b"-Infinity", "-Infinity is no number"),
    "a number beyond all floats": (b"1e999", "too large"),
    "a number of many digits": (b"9" * 5_000, "too large"),
    "nested beyond what journeys read": (deep(120), "nested too deeply"),
    "nested beyond what is written": (deep(400), "nested too deeply"),
    "nested beyond what is read": (deep(5_000), "nested too deeply"),
    "nested beyond all stacks": (deep(200_000), "nested too deeply"),
    "a line break in a text": (b'"a\nb"', "not JSON"),
    "a name without quotes": (b"{price: 1}", "not JSON"),
    "nothing": (b"", "not JSON"),
    "a comma too many": (b"[1,]", "not JSON"),
}


def batch_with(value: bytes) -> bytes:
    """Ten calls, of which the fourth holds a value as it stands."""
    calls = [orjson.dumps(track(messageId=f"m{number}")) for number in range(10)]
    calls[3] = (
        b'{"type":"track","userId":"u1","event":"E","messageId":"bad","properties":{"x":'
        + value
        + b"}}"
    )
    return b'{"sentAt":null,"batch":[' + b" , ".join(calls) + b"]}"


@pytest.mark.parametrize(("value", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_call_that_cannot_be_read_costs_its_neighbours_nothing(
    sqlite_shop: Site, value: bytes, reason: str
) -> None:
    assert send(sqlite_shop, "/v1/batch", batch_with(value)).json() == SUCCESS
    assert [call["messageId"] for call in sqlite_shop.inbox()] == [
        f"m{n}" for n in range(10) if n != 3
    ]
    (kept,) = sqlite_shop.rejections()
    assert kept.code == "invalid_json"
    assert reason in kept.reason
    assert orjson.dumps("bad") in kept.raw


def test_an_unreadable_call_is_kept_apart_on_every_database(shop: Site) -> None:
    assert send(shop, "/v1/batch", batch_with(b'"\\ud83d"')).json() == SUCCESS
    assert (len(shop.inbox()), [row.code for row in shop.rejections()]) == (9, ["invalid_json"])


@pytest.mark.parametrize(("value", "reason"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_single_call_that_cannot_be_read_is_refused_with_the_reason_and_kept(
    sqlite_shop: Site, value: bytes, reason: str
) -> None:
    body = b'{"userId":"u1","writeKey":"write-key","event":"E","properties":{"x":' + value + b"}}"
    answer = send(sqlite_shop, "/v1/track", body, auth=None)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")
    assert reason in answer.json()["message"]
    (kept,) = sqlite_shop.rejections()
    assert b'"userId":"u1"' in kept.raw
    assert b"write-key" not in kept.raw


def test_what_a_batch_says_once_is_mended_rather_than_lost(sqlite_shop: Site) -> None:
    body = (
        b'{"context":{"level":NaN,"name":"\\ud83d","consent":{"email":false},"n":12,"huge":1e999},'
        b'"batch":[' + orjson.dumps(track()) + b'],"integrations":{"x":Infinity}}'
    )
    assert send(sqlite_shop, "/v1/batch", body).json() == SUCCESS
    said = {"level": None, "name": "?", "consent": {"email": False}, "n": 12, "huge": None}
    assert sqlite_shop.inbox()[0]["context"] == said


def test_what_a_batch_says_once_in_no_json_at_all_is_refused_by_its_name(sqlite_shop: Site) -> None:
    body = b'{"context":{level: 1},"batch":[' + orjson.dumps(track()) + b"]}"
    answer = send(sqlite_shop, "/v1/batch", body).json()
    assert answer["code"] == "invalid_request"
    assert "'context'" in answer["message"]
    assert not sqlite_shop.inbox()


def test_a_context_nested_too_deeply_is_no_fault_of_ours(sqlite_shop: Site) -> None:
    for levels in (120, 400):
        body = b'{"context":{"x":' + deep(levels) + b'},"batch":[' + orjson.dumps(track()) + b"]}"
        assert send(sqlite_shop, "/v1/batch", body).json() == SUCCESS
    assert [row.code for row in sqlite_shop.rejections()] == ["invalid_json"] * 2


def test_brackets_and_quotes_inside_texts_do_not_confuse_where_a_call_ends(
    sqlite_shop: Site,
) -> None:
    odd = track(
        messageId="odd", properties={"a": '\\"],}[{', "b]": "\\", "ü,": ["\\\\", {"}": "{"}]}
    )
    body = b'{"batch":[' + orjson.dumps(odd) + b',{"x":NaN}]}'
    assert send(sqlite_shop, "/v1/batch", body).json() == SUCCESS
    assert sqlite_shop.inbox()[0]["properties"] == odd["properties"]
    assert len(sqlite_shop.rejections()) == 1


def test_of_a_name_that_stands_twice_the_last_counts_however_it_is_read(sqlite_shop: Site) -> None:
    twice = b'{"type":"track","userId":"a","userId":"b","event":"E","messageId":"%s"}'
    send(sqlite_shop, "/v1/batch", b'{"batch":[' + twice % b"m1" + b"]}")
    send(sqlite_shop, "/v1/batch", b'{"batch":[1],"batch":[' + twice % b"m2" + b',{"x":NaN}]}')
    assert [call["userId"] for call in sqlite_shop.inbox()] == ["b", "b"]
    assert len(sqlite_shop.rejections()) == 1


def test_a_byte_order_mark_before_a_body_is_read_over(sqlite_shop: Site) -> None:
    assert send(sqlite_shop, "/v1/track", b"\xef\xbb\xbf" + orjson.dumps(track())).json() == SUCCESS


NOTHING = [None, [], "", {}]


@pytest.mark.parametrize("nothing", NOTHING)
def test_an_empty_map_may_be_written_as_every_known_sender_writes_it(
    sqlite_shop: Site, nothing: Any
) -> None:
    rest = {
        "context": nothing,
        "integrations": nothing,
        "timestamp": None,
        "sentAt": None,
        "anonymousId": None,
    }
    calls = [
        track(properties=nothing, **rest),
        {"type": "identify", "userId": 7, "messageId": "m2", "traits": nothing, **rest},
        {
            "type": "group",
            "userId": "u1",
            "groupId": "g",
            "messageId": "m3",
            "traits": nothing,
            **rest,
        },
        {
            "type": "page",
            "anonymousId": "a",
            "userId": "",
            "messageId": "m4",
            "name": None,
            "properties": nothing,
        },
    ]
    body = {"batch": calls, "context": {"locale": "fr"}, "integrations": nothing, "sentAt": nothing}
    assert send(sqlite_shop, "/v1/batch", body).json() == SUCCESS
    assert [row.reason for row in sqlite_shop.rejections()] == []
    assert [call["context"] for call in sqlite_shop.inbox()] == [{"locale": "fr"}] * 4
    assert all(not read_call(call).properties for call in sqlite_shop.inbox())


def test_consent_in_empty_lists_is_no_choice(sqlite_shop: Site) -> None:
    for consent in ([], {"email": True, "topics": [], "categoryPreferences": []}):
        send(sqlite_shop, "/v1/identify", {"userId": "u1", "traits": {"consent": consent}})
    said = [read_call(call).properties["consent"] for call in sqlite_shop.inbox()]
    assert said == [{}, {"email": True, "topics": {}, "categoryPreferences": {}}]


def test_a_list_that_php_wrote_with_gaps_is_a_batch(sqlite_shop: Site) -> None:
    calls = {"0": track(), "2": track(messageId="m2")}
    assert send(sqlite_shop, "/v1/batch", {"batch": calls}).json() == SUCCESS
    assert [call["messageId"] for call in sqlite_shop.inbox()] == ["m1", "m2"]


@pytest.mark.parametrize("wrong", ["text", 7, ["a list"], True])
def test_what_is_no_map_at_all_is_still_refused(sqlite_shop: Site, wrong: Any) -> None:
    assert send(sqlite_shop, "/v1/track", track(properties=wrong)).json()["code"] == "invalid_call"
