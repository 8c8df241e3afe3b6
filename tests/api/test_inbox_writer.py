"""Group commit: what is acknowledged is durable, what cannot be written is said, and nobody pays
for a neighbour.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from functools import partial

import httpx
import orjson
import pytest
from sqlalchemy import event

from orchestrator.api import inbox_writer
from orchestrator.api.inbox_writer import InboxFull, InboxWriter
from orchestrator.store.availability import StoreUnavailable
from orchestrator.store.inbox import InboxEntry, write_inbox
from tests.api.site import NOW, WRITE_KEY, Site


def entry(message_id: str, raw: bytes = b"{}") -> InboxEntry:
    return InboxEntry(message_id, NOW, "api", True, raw)


@contextmanager
def writing(shop: Site) -> Iterator[InboxWriter]:
    writer = InboxWriter(partial(write_inbox, shop.database), shop.nudge)
    try:
        yield writer
    finally:
        writer.close()


@contextmanager
def commits(shop: Site) -> Iterator[list[None]]:
    seen: list[None] = []

    def count(_connection: object) -> None:
        seen.append(None)

    event.listen(shop.database.engine, "commit", count)
    yield seen
    event.remove(shop.database.engine, "commit", count)


@contextmanager
def write_lock_held(shop: Site) -> Iterator[None]:
    """Somebody else writes for a while: calls gather behind it."""
    with shop.database.write():
        yield


async def put_all(
    writer: InboxWriter, groups: Sequence[Sequence[InboxEntry]]
) -> list[BaseException | None]:
    return await asyncio.gather(*(writer.put(group) for group in groups), return_exceptions=True)


def test_requests_that_come_together_share_a_commit(sqlite_shop: Site) -> None:
    async def scenario(writer: InboxWriter) -> None:
        with write_lock_held(sqlite_shop):
            tasks = [
                asyncio.create_task(writer.put([entry(f"m{number}")])) for number in range(100)
            ]
            await asyncio.sleep(0.05)
        await asyncio.gather(*tasks)

    with writing(sqlite_shop) as writer, commits(sqlite_shop) as seen:
        asyncio.run(scenario(writer))
    assert len(sqlite_shop.inbox_rows()) == 100
    assert len(seen) <= 3  # the lock's own, the first request, and all the others
    assert 1 <= len(sqlite_shop.nudges) <= 2


def test_a_client_that_hangs_up_harms_nobody(sqlite_shop: Site) -> None:
    async def scenario(writer: InboxWriter) -> None:
        with write_lock_held(sqlite_shop):
            gone = asyncio.create_task(writer.put([entry("gone")]))
            patient = asyncio.create_task(writer.put([entry("patient")]))
            await asyncio.sleep(0.05)
            gone.cancel()
            await asyncio.sleep(0)
        await patient

    with writing(sqlite_shop) as writer:
        asyncio.run(scenario(writer))
    assert "patient" in [row.message_id for row in sqlite_shop.inbox_rows()]


def test_what_the_database_refuses_fails_alone(sqlite_shop: Site) -> None:
    poison = InboxEntry("bad", NOW, "a source that is no text", True, b"")
    object.__setattr__(poison, "source", object())  # no driver can bind it

    async def scenario(writer: InboxWriter) -> list[BaseException | None]:
        with write_lock_held(sqlite_shop):
            first = asyncio.create_task(writer.put([entry("first")]))
            await asyncio.sleep(0.05)
            others = asyncio.create_task(put_all(writer, [[entry("m1")], [poison], [entry("m2")]]))
            await asyncio.sleep(0.05)
        await first
        return await others

    with writing(sqlite_shop) as writer:
        outcomes = asyncio.run(scenario(writer))
    assert [outcome is None for outcome in outcomes] == [True, False, True]
    assert [row.message_id for row in sqlite_shop.inbox_rows()] == ["first", "m1", "m2"]


def test_when_too_much_waits_the_next_is_sent_away(
    sqlite_shop: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_writer, "WAITING_BYTES_MAX", 2_000)

    async def scenario(writer: InboxWriter) -> list[BaseException | None]:
        with write_lock_held(sqlite_shop):
            tasks = []
            for number in range(20):
                tasks.append(asyncio.create_task(writer.put([entry(f"m{number}")])))
                await asyncio.sleep(0.005)
        return await asyncio.gather(*tasks, return_exceptions=True)

    with writing(sqlite_shop) as writer:
        outcomes = asyncio.run(scenario(writer))
    assert any(isinstance(outcome, InboxFull) for outcome in outcomes)
    acknowledged = [f"m{number}" for number, outcome in enumerate(outcomes) if outcome is None]
    assert [row.message_id for row in sqlite_shop.inbox_rows()] == acknowledged


def test_a_large_request_is_let_in_when_nothing_waits(
    sqlite_shop: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_writer, "WAITING_BYTES_MAX", 10)
    with writing(sqlite_shop) as writer:
        asyncio.run(writer.put([entry("m1", b"x" * 1000)]))
    assert len(sqlite_shop.inbox_rows()) == 1


def test_closing_files_what_waits_and_then_lets_nothing_in(sqlite_shop: Site) -> None:
    async def scenario(writer: InboxWriter) -> None:
        with write_lock_held(sqlite_shop):
            tasks = [asyncio.create_task(writer.put([entry(f"m{number}")])) for number in range(5)]
            await asyncio.sleep(0.05)
            closing = threading.Thread(target=writer.close)
            closing.start()
        await asyncio.gather(*tasks)
        closing.join()
        with pytest.raises(StoreUnavailable):
            await writer.put([entry("late")])

    asyncio.run(
        scenario(InboxWriter(partial(write_inbox, sqlite_shop.database), sqlite_shop.nudge))
    )
    assert len(sqlite_shop.inbox_rows()) == 5


def test_an_engine_that_cannot_be_told_loses_nothing(sqlite_shop: Site) -> None:
    def fail() -> None:
        raise RuntimeError("nobody home")

    sqlite_shop.change(nudge=fail)
    writer = InboxWriter(partial(write_inbox, sqlite_shop.database), fail)
    for number in range(2):
        asyncio.run(writer.put([entry(f"m{number}")]))
    writer.close()
    assert len(sqlite_shop.inbox_rows()) == 2


def test_while_the_store_is_away_clients_are_told_when_to_come_back_and_nothing_is_lost(
    sqlite_shop: Site,
) -> None:
    call = {"userId": "u1", "event": "E", "messageId": "m1", "writeKey": WRITE_KEY}
    with sqlite_shop.client() as client:
        with sqlite_shop.store_away():
            answers = [client.post("/v1/track", json=call), client.get("/healthz")]
            assert [answer.status_code for answer in answers] == [503, 503]
            assert all(int(answer.headers["retry-after"]) > 0 for answer in answers)
            assert set(answers[0].json()) == {"code", "message"}
        assert client.post("/v1/track", json=call).status_code == 200
        assert client.get("/healthz").status_code == 200
    assert [row.message_id for row in sqlite_shop.inbox_rows()] == ["m1"]


def test_a_full_inbox_answers_429(sqlite_shop: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_writer, "WAITING_BYTES_MAX", 2_000)

    def post(number: int) -> httpx.Response:
        call = {"userId": "u1", "event": "E", "messageId": f"m{number}", "writeKey": WRITE_KEY}
        return client.post("/v1/track", json=call)

    with sqlite_shop.client() as client, ThreadPoolExecutor(16) as pool:
        with write_lock_held(sqlite_shop):
            answers = [pool.submit(post, number) for number in range(16)]
            refused = next(
                done.result() for done in as_completed(answers)
            )  # the others wait for the lock
        statuses = [answer.result().status_code for answer in answers]
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["code"] == "too_many_requests"
    assert set(statuses) == {200, 429}
    assert len(sqlite_shop.inbox_rows()) == statuses.count(200)


def test_everything_acknowledged_is_there_under_concurrent_load(shop: Site) -> None:
    def post(worker: int) -> list[str]:
        acknowledged = []
        for number in range(20):
            ids = [f"{worker}-{number}-{index}" for index in range(10)] + ["shared"]
            batch = [
                {"type": "track", "userId": "u", "event": "E", "messageId": one} for one in ids
            ]
            body = orjson.dumps({"batch": batch, "writeKey": WRITE_KEY})
            if client.post("/v1/batch", content=body).status_code == 200:
                acknowledged += ids
        return acknowledged

    with shop.client() as client, ThreadPoolExecutor(8) as pool:
        acknowledged = [one for ids in pool.map(post, range(8)) for one in ids]
    assert len(acknowledged) == 8 * 20 * 11
    stored = [row.message_id for row in shop.inbox_rows()]
    assert sorted(stored) == sorted(set(acknowledged))
