"""Opens that are counted without persons: each load of a step's picture counts one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from anyio import run

from orchestrator.api.open_counter import OpenCounter
from orchestrator.store.availability import StoreUnavailable
from orchestrator.store.opens import OpenedMail, Opens, count_opens
from orchestrator.store.tables import OPEN_COUNTS
from tests.api.site import NOW, Site, path_of

MAIL = OpenedMail("win-back", "hello", "win-back")


@pytest.fixture
def counting(shop: Site) -> Site:
    shop.change(config=replace(shop.services.config, tracking_opens_counted=True))
    return shop


def counted(shop: Site) -> list[Opens]:
    with shop.database.read() as transaction:
        return count_opens(transaction)


def test_each_time_the_picture_is_loaded_counts_one_for_its_step_and_day(counting: Site) -> None:
    point = path_of(counting.services.signer.opens(*MAIL))
    other = path_of(counting.services.signer.opens("win-back", "last", "farewell"))
    with counting.client() as client:
        answers = [client.get(path) for path in (point, point, other)]
        client.head(point)
    assert {one.status_code for one in answers} == {200}
    assert {one.headers["content-type"] for one in answers} == {"image/gif"}
    assert "no-store" in answers[0].headers["cache-control"]
    assert answers[0].content.startswith(b"GIF89a")
    counting.change(clock=type(counting.services.clock)(NOW + timedelta(days=1)))  # type: ignore[call-arg]
    with counting.client() as client:
        client.get(point)
    assert counted(counting) == [Opens("win-back", "farewell", 1), Opens("win-back", "win-back", 3)]
    with counting.database.read() as transaction:
        days = transaction.execute(OPEN_COUNTS.select().where(OPEN_COUNTS.c.step == "hello"))
        assert [(row.day, row.opens) for row in days] == [("2026-03-02", 2), ("2026-03-03", 1)]


def test_nothing_is_counted_of_a_link_for_something_else_or_where_nobody_asked_for_it(
    sqlite_shop: Site,
) -> None:
    point = path_of(sqlite_shop.services.signer.opens(*MAIL))
    other = sqlite_shop.services.signer.unsubscribe("m1").rpartition("/")[2]
    with sqlite_shop.client() as client:
        assert client.get(point).status_code == 200  # of a mail from before
        assert client.get(f"/o/{other}").status_code == 404
    assert counted(sqlite_shop) == []


def test_what_cannot_be_written_while_the_database_is_away_is_written_with_the_next() -> None:
    away, written = [True], Counter[OpenedMail]()

    def write(counts: Counter[OpenedMail]) -> None:
        if away:
            raise StoreUnavailable("away")
        written.update(counts)

    async def open_mails() -> None:
        counter = OpenCounter(write)  # type: ignore[arg-type]  # a Counter is what it gets
        for _ in range(3):
            counter.count(MAIL)
        await counter.close()
        away.clear()
        counter.count(MAIL)
        await counter.close()

    run(open_mails)
    assert written == {MAIL: 4}
