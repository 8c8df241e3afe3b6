"""`parcours segment`: who belongs to a segment now."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import inspect

from tests.cli.conftest import ShopFolder, database_of, identify, now, track

SEGMENTS = """\
segments:
  buyers: performed("Order Completed", within="30d")
  french: customer.country == "FR" and in_segment("buyers")
"""


@pytest.fixture
def crowd(stored_shop: ShopFolder) -> ShopFolder:
    """Ada and Bob bought lately, Cleo long ago; Ada and Cleo are French."""
    stored_shop.write("journeys/segments.yaml", SEGMENTS)
    at = now() - timedelta(hours=1)
    for name, country, ago in (("ada", "FR", 1), ("bob", "DE", 2), ("cleo", "FR", 50)):
        bought = at - timedelta(days=ago)
        stored_shop.ingest(
            identify(name, bought, country=country, email=f"{name}@shop.example"),
            track(name, "Order Completed", bought, total=20),
        )
    stored_shop.run("tick")
    return stored_shop


def test_who_belongs_to_a_segment_is_counted_and_some_are_shown(crowd: ShopFolder) -> None:
    told = crowd.run("segment", "buyers").out.splitlines()
    assert told[0].startswith("buyers: 2 of 3 customers (66.7%)")
    assert [line.split()[0] for line in told[2:]] == ["ada", "bob"]
    assert crowd.run("segment", "french", "--count").out == "1\n"
    assert crowd.run("segment", "french", "--json").json["sample"] == ["ada"]


def test_the_first_rule_that_asks_for_events_makes_their_index(crowd: ShopFolder) -> None:
    def has_index() -> bool:
        with database_of(crowd) as database, database.read() as transaction:
            return "events_by_name" in {
                one["name"] for one in inspect(transaction.connection).get_indexes("events")
            }

    assert not has_index()
    crowd.run("segment", "french")
    assert has_index()


def test_all_of_a_segment_are_written_to_a_file_or_piped(crowd: ShopFolder) -> None:
    answer = crowd.run("segment", "french", "--csv", "-")
    assert answer.out == "user_id,email,phone\nada,ada@shop.example,+33612345678\n"
    assert "french: 1 of 3 customers" in answer.err


def test_a_segment_that_does_not_exist_is_said_with_what_was_meant(crowd: ShopFolder) -> None:
    answer = crowd.run("segment", "byers")
    assert answer.code == 2
    assert "there is no segment 'byers'; did you mean 'buyers'?" in " ".join(answer.err.split())


def test_a_segment_that_no_database_can_ask_is_an_error_of_check(stored_shop: ShopFolder) -> None:
    stored_shop.write("journeys/segments.yaml", 'segments:\n  paris: customer.timezone == "x"\n')
    told = stored_shop.run("check", "--json").json
    (problem,) = (one for one in told["problems"] if one["rule"] == "segment-not-in-sql")
    assert problem["file"].endswith("journeys/segments.yaml")
    assert problem["line"] == 2
    assert "ask for `customer.country`" in problem["message"]


def test_a_trigger_that_no_database_can_ask_is_an_error_of_check(stored_shop: ShopFolder) -> None:
    stored_shop.write(
        "journeys/letter.yaml",
        "journey: letter\ntrigger:\n"
        "  - {event: Viewed, if: customer.timezone == 'x'}\n"
        "  - {schedule: 0 9 * * mon, if: customer.timezone == 'x'}\n"
        "  - {business_event: Back, to: customer.x % 2 == event.a}\n"
        "  - {business_event: Back, to: customer.x == event.a % 2}\n"
        "steps: [{delay: 1h}]\n",
    )
    told = stored_shop.run("check", "--json").json
    found = [one for one in told["problems"] if one["rule"] == "trigger-not-in-sql"]
    assert [one["line"] for one in found] == [4, 5]
    assert "ask for `customer.country`" in found[0]["message"]
