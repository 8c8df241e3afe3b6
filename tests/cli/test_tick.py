"""`parcours tick`: what is due, once; never back in time; never beside another engine."""

from __future__ import annotations

import os
from datetime import timedelta

from orchestrator.language.config_file import load_config
from orchestrator.store.database import Database
from orchestrator.store.lock import hold_database
from tests.cli.conftest import ShopFolder


def test_a_message_leaves_when_its_hour_has_come(stored_shop: ShopFolder) -> None:
    at = stored_shop.leave_cart()
    first = stored_shop.run("tick", "--json").json
    assert first["accepted"] == 2
    assert first["journeys"]["cart"]["entered"] == 1
    early = stored_shop.run(
        "tick", "--now", (at + timedelta(minutes=59)).isoformat(), "--json"
    ).json
    assert early["channels"]["email"]["sent"] == 0
    later = stored_shop.run(
        "tick", "--now", (at + timedelta(minutes=61)).isoformat(), "--json"
    ).json
    assert later["channels"]["email"]["sent"] == 1
    assert len(list((stored_shop.folder / "var/mailbox/new").iterdir())) == 1


def test_what_happened_is_told_by_journey_and_channel(stored_shop: ShopFolder) -> None:
    at = stored_shop.leave_cart()
    answer = stored_shop.run("tick", "--now", (at + timedelta(hours=2)).isoformat())
    assert answer.code == 0
    assert answer.out.splitlines() == [
        "2 calls taken in, 0 refused",
        "",
        "JOURNEY  ENTERED  QUEUED  DEFERRED  NOT SENT  LEFT  COMPLETED  CONVERTED",
        "cart           1       1         0         0     0          1          0",
        "",
        "CHANNEL  DUE  SENT  FAILED  LATER  NOT SENT  UNKNOWN",
        "email      1     1       0      0         0        0",
    ]


def test_calls_received_after_the_instant_wait_and_are_told_of(stored_shop: ShopFolder) -> None:
    stored_shop.leave_cart()
    answer = stored_shop.run("tick", "--now", "2020-01-01")
    assert answer.out.splitlines() == [
        "0 calls taken in, 0 refused",
        "",
        "2 calls left in the inbox: received after this instant",
    ]


def test_an_instant_before_what_was_processed_is_refused(stored_shop: ShopFolder) -> None:
    assert stored_shop.run("tick", "--now", "2030-01-02").code == 0
    answer = stored_shop.run("tick", "--now", "2030-01-01T23:59:59Z")
    assert answer.code == 1
    assert "lies before what was already processed" in answer.err
    assert "Traceback" not in answer.err
    assert stored_shop.run("tick", "--now", "2030-01-02").code == 0


def test_an_instant_without_a_zone_is_utc(stored_shop: ShopFolder) -> None:
    stored_shop.run("tick", "--now", "2030-01-02T12:00:00")
    assert stored_shop.run("status", "--json").json["last_tick"] == "2030-01-02T12:00:00+00:00"


def test_what_is_no_instant_is_a_wrong_call(shop: ShopFolder) -> None:
    assert shop.run("tick", "--now", "tomorrow").code == 2


def test_a_tick_beside_another_engine_is_refused(stored_shop: ShopFolder) -> None:
    database = Database(load_config(stored_shop.folder, os.environ).database_url)
    with hold_database(database):
        answer = stored_shop.run("tick")
    database.close()
    assert answer.code == 1
    assert "runs on this database already" in answer.err
    assert stored_shop.run("tick").code == 0


def test_a_channel_that_cannot_be_opened_says_what_to_set(shop: ShopFolder) -> None:
    shop.write("parcours.toml", '[channels]\nemail = "sendgrid"\n')
    answer = shop.run("tick")
    assert answer.code == 1
    assert "SENDGRID_API_KEY" in answer.err
