"""A database of the first version, with people inside journeys and messages open, goes on where it
stopped.

`first_version/*.sql` were dumped after the code of that version (5972fd7) had lived through a day
and was killed while it sent: Ada and Dan are inside `hello`, Bob reached its goal, Cleo left it;
`last` is on the wire for Dan and waits for Ada; a call of Bob's is in the inbox.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from orchestrator.wiring import settle_what_died
from tests.conftest import migrate_url
from tests.support.project import CONSENTING
from tests.support.shop import Shop, live_clock

DUMPS = Path(__file__).parent / "first_version"
HELLO = """\
journey: hello
trigger: {event: Joined}
exit: [{event: Left}]
goal: {event: Bought, within: 30d, value: event.total}
reentry: always
steps:
  - email: hello
  - delay: 1d
  - split:
      - {variant: a, share: 50%, then: [{sms: a}]}
      - {variant: b, share: 50%, then: [{email: b}]}
  - wait_for: {event: Bought, within: 2d, then: [{coupon: {percent: 10}}, {email: thanks}], else: [{email: pity}]}
"""
LAST = """\
journey: last
trigger: {event: Viewed}
purpose: transactional
steps: [{email: last}]
"""


def restore(url: str) -> None:
    """Fills an empty database with what the first version left."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
            database.executescript((DUMPS / "sqlite.sql").read_text("utf-8"))
    else:
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute((DUMPS / "postgresql.sql").read_bytes())


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    """The shop of that day, a minute later, in the code of today."""
    restore(database_url)
    migrate_url(database_url)
    shop = Shop(tmp_path, database_url, (HELLO, LAST), {"toml": CONSENTING}, live_clock("1d 4h 1m"))
    yield shop
    shop.close()


def test_it_goes_on_where_it_stopped_and_nobody_gets_a_message_twice(shop: Shop) -> None:
    assert settle_what_died(shop.context, shop.worker) == 1
    before = shop.sends()
    shop.tick("1d 4h 1m")
    shop.tick_every(timedelta(hours=6), "6d")
    assert shop.sends()[len(before) :] == [
        ("1d 4h 1m", "ada", "last"),
        ("1d 10h 1m", "dan", "last"),  # nobody knows whether the first left: once more, at most
        ("2d 4h 1m", "dan", "a"),
        ("3d 4h 1m", "ada", "pity"),
        ("4d 4h 1m", "dan", "pity"),
    ]
    assert {state for state, _, _ in shop.ledger()} == {"accepted"}
    assert sorted(shop.passages()) == [
        ("ada", "hello", "completed"),
        ("ada", "last", "completed"),
        ("bob", "hello", "converted"),
        ("cleo", "hello", "exited"),
        ("dan", "hello", "completed"),
        ("dan", "last", "completed"),
    ]
    assert shop.rows("SELECT count(*) FROM events WHERE name = 'Seen'")[0][0] == 1


def test_who_was_inside_is_found_by_what_comes_in_now(shop: Shop) -> None:
    """Cleo said no to e-mails a day ago, which holds; Ada buys and leaves."""
    shop.call("1d 4h 1m", "track", "ada", event="Bought", messageId="new-1")
    shop.call("1d 4h 1m", "track", "cleo", event="Joined", messageId="new-2")
    shop.tick("1d 4h 2m")
    assert ("ada", "hello", "converted") in shop.passages()
    assert ("not_sent", "hello", "no_consent") in shop.decisions()
