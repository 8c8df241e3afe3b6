"""`parcours ingest`: files into the inbox; nothing is lost, a repeat is harmless."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from orchestrator.intake.files import LINE_BYTES_MAX
from orchestrator.language.config_file import load_config
from orchestrator.store.database import Database
from orchestrator.store.lock import hold_database
from orchestrator.store.tables import EVENTS, REJECTIONS
from tests.cli.conftest import ShopFolder, identify, now, track


def rows_of(shop: ShopFolder, *columns: Any) -> list[tuple[Any, ...]]:
    database = Database(load_config(shop.folder, os.environ).database_url)
    with database.read() as connection:
        found = [tuple(row) for row in connection.execute(select(*columns))]
    database.close()
    return found


def test_accepted_duplicates_and_rejected_are_counted_each_with_its_reason(
    stored_shop: ShopFolder,
) -> None:
    good = json.dumps(track("ada", "Product Added", now()) | {"messageId": "m1"})
    file = stored_shop.write(
        "calls.jsonl", "\n".join([good, "", good, "not json", '{"type": "track"}', '{"type": 1}'])
    )
    answer = stored_shop.run("ingest", file, "--json")
    assert answer.code == 0
    assert (answer.json["accepted"], answer.json["duplicates"], answer.json["rejected"]) == (
        1,
        1,
        3,
    )
    assert {(one["code"], *one["places"]) for one in answer.json["reasons"]} == {
        ("invalid_json", "calls.jsonl:4"),
        ("no_id", "calls.jsonl:5"),
        ("invalid_type", "calls.jsonl:6"),
    }


def test_a_line_that_cannot_be_read_costs_its_neighbours_nothing_in_any_command(
    shop: ShopFolder,
) -> None:
    good = [json.dumps(track("ada", f"E{number}", now())).encode() for number in range(9)]
    call = (
        b'{"type":"track","userId":"u1","event":"E","timestamp":"2026-01-01","properties":{"x":%s}}'
    )
    bad = [
        b'"\\ud83d"',
        b"NaN",
        b"1e999",
        b'"\xff"',
        b"[" * 5_000 + b"]" * 5_000,
        b"[" * 300 + b"]" * 300,
    ]
    file = shop.folder / "calls.jsonl"
    file.write_bytes(b"\n".join([*good, *(call % value for value in bad)]))
    taken = shop.run("ingest", file, "--json").json
    assert (taken["accepted"], taken["rejected"]) == (9, len(bad))
    assert {one["places"][0]: one["text"] for one in taken["reasons"]} == {
        "calls.jsonl:10": (
            "the line is not JSON: a text in it holds half a character: an emoji was cut in two"
        ),
        "calls.jsonl:11": "the line is not JSON: NaN is no number in JSON",
        "calls.jsonl:12": "the line is not JSON: a number in it is too large",
        "calls.jsonl:13": "the line is not JSON: it is not UTF-8",
        "calls.jsonl:14": "the line is not JSON: objects and lists are nested too deeply",
        "calls.jsonl:15": "objects and lists are nested too deeply",
    }
    replayed = shop.run("backtest", file, "--json").json
    assert (replayed["calls"], sum(replayed["rejected"].values())) == (9, len(bad))
    assert "a line is not JSON: NaN is no number in JSON" in replayed["rejected"]


def test_rejected_lines_are_kept_as_they_came(stored_shop: ShopFolder) -> None:
    stored_shop.run("ingest", stored_shop.write("calls.jsonl", "not json\n"))
    kept = rows_of(stored_shop, REJECTIONS.c.source, REJECTIONS.c.code, REJECTIONS.c.raw)
    assert kept == [("file", "invalid_json", b"not json")]


def test_a_file_taken_in_twice_is_harmless_even_without_message_ids(
    stored_shop: ShopFolder,
) -> None:
    file = stored_shop.write_calls(identify("ada", now()), track("ada", "Product Added", now()))
    assert stored_shop.run("ingest", file, "--json").json["accepted"] == 2
    assert stored_shop.run("ingest", file, "--json").json["duplicates"] == 2
    stored_shop.run("tick")
    after_the_engine = stored_shop.run("ingest", file, "--json").json
    assert (after_the_engine["accepted"], after_the_engine["duplicates"]) == (0, 2)


def test_gzip_is_told_by_its_content(shop: ShopFolder) -> None:
    file = shop.folder / "calls.jsonl"
    file.write_bytes(gzip.compress(json.dumps(track("ada", "Product Added", now())).encode()))
    assert shop.run("ingest", file, "--json").json["accepted"] == 1


def test_a_byte_order_mark_costs_no_line(shop: ShopFolder) -> None:
    path = shop.folder / "events.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"type": "track", "event": "A", "userId": "1"}\n')
    assert shop.run("ingest", str(path), "--json").json["accepted"] == 1


def test_standard_input_is_read(shop: ShopFolder) -> None:
    packed = gzip.compress(json.dumps(track("ada", "Product Added", now())).encode())
    done = subprocess.run(
        [
            Path(sys.executable).with_name("parcours"),
            "ingest",
            "-",
            "--json",
            "--project",
            shop.folder,
        ],
        input=packed,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["accepted"] == 1


def test_history_starts_nothing(stored_shop: ShopFolder) -> None:
    old = now() - timedelta(days=2)
    stored_shop.ingest(identify("ada", old), track("ada", "Product Added", old))
    stored_shop.run("tick")
    (cart,) = [
        one for one in stored_shop.run("status", "--json").json["journeys"] if one["id"] == "cart"
    ]
    assert cart["inside"] == 0


def test_history_keeps_its_time_though_it_was_sent_long_ago(stored_shop: ShopFolder) -> None:
    old = now() - timedelta(days=200)
    stored_shop.ingest(
        track("ada", "Product Added", old) | {"sentAt": (old + timedelta(seconds=1)).isoformat()}
    )
    stored_shop.run("tick")
    assert rows_of(stored_shop, EVENTS.c.at) == [(old,)]


def test_a_line_longer_than_any_call_is_refused_and_the_next_one_read(shop: ShopFolder) -> None:
    good = json.dumps(track("ada", "Product Added", now()))
    long = json.dumps(track("ada", "Long", now(), text="x" * 3 * LINE_BYTES_MAX))
    larger = json.dumps(track("ada", "Larger", now(), text="x" * 40_000))
    answer = shop.run(
        "ingest", shop.write("calls.jsonl", f"{long}\n{larger}\n{good}\n"), "--json"
    ).json
    assert answer["accepted"] == 1
    ((code, lines),) = [(one["code"], one["places"]) for one in answer["reasons"]]
    assert (code, lines) == ("too_large", ["calls.jsonl:1", "calls.jsonl:2"])


def test_what_came_before_the_damage_of_a_file_is_taken_in(shop: ShopFolder) -> None:
    lines = "".join(
        json.dumps(track(f"user-{n}", "Product Added", now())) + "\n" for n in range(3000)
    )
    file = shop.folder / "calls.jsonl.gz"
    file.write_bytes(gzip.compress(lines.encode())[:-2000])
    answer = shop.run("ingest", file)
    assert answer.code == 1
    assert "calls.jsonl.gz is damaged after line" in answer.err
    assert shop.run("status", "--json").json["inbox"] > 1000


def test_a_file_that_is_not_there_is_a_wrong_call(shop: ShopFolder) -> None:
    assert shop.run("ingest", "nowhere.jsonl").code == 2


def test_when_nothing_could_be_accepted_the_file_is_wrong(shop: ShopFolder) -> None:
    answer = shop.run("ingest", shop.write("calls.jsonl", "a\nb\n"))
    assert answer.code == 1
    assert "2 × invalid_json: the line is not JSON (calls.jsonl:1, calls.jsonl:2)" in answer.out


@pytest.mark.parametrize("lines", [0, 1, 999, 1000, 1001])
def test_no_line_is_lost_at_the_edge_of_a_batch(shop: ShopFolder, lines: int) -> None:
    calls = [track(f"user-{n}", "Product Added", now()) for n in range(lines)]
    assert shop.run("ingest", shop.write_calls(*calls), "--json").json["accepted"] == lines


def test_each_rejected_line_is_named_with_its_reason(shop: ShopFolder) -> None:
    bad = shop.write(
        "bad.jsonl", "".join('{"type": "track"}\n' if n % 2 else "x\n" for n in range(50))
    )
    told = shop.run("ingest", bad)
    assert (
        "25 × no_id: 'userId' or 'anonymousId' is required (bad.jsonl:2, bad.jsonl:4, " in told.out
    )
    assert "… and 5 more: see --json)" in told.out
    named = {
        one["code"]: one["places"] for one in shop.run("ingest", bad, "--json").json["reasons"]
    }
    assert named == {
        "no_id": [f"bad.jsonl:{n}" for n in range(2, 51, 2)],
        "invalid_json": [f"bad.jsonl:{n}" for n in range(1, 50, 2)],
    }


BEGIN = datetime(2031, 3, 3, 9, tzinfo=UTC)


def test_calls_are_taken_in_as_if_they_came_at_another_instant(stored_shop: ShopFolder) -> None:
    calls = stored_shop.write_calls(identify("ada", BEGIN), track("ada", "Product Added", BEGIN))
    answer = stored_shop.run("ingest", calls, "--now", BEGIN.isoformat())
    assert "tick --now" in answer.out
    assert (
        stored_shop.run("tick", "--now", (BEGIN + timedelta(minutes=59)).isoformat(), "--json").code
        == 0
    )
    later = stored_shop.run(
        "tick", "--now", (BEGIN + timedelta(minutes=60)).isoformat(), "--json"
    ).json
    assert later["channels"]["email"]["sent"] == 1


@pytest.mark.parametrize(("age_h", "starts"), [(0, True), (24, True), (24.01, False), (-5, True)])
def test_how_old_a_call_is_counts_from_the_instant_it_is_taken_in(
    stored_shop: ShopFolder, age_h: float, starts: bool
) -> None:
    at = BEGIN - timedelta(hours=age_h)
    calls = stored_shop.write_calls(track("ada", "Product Added", at))
    stored_shop.run("ingest", calls, "--now", BEGIN.isoformat())
    stored_shop.run("tick", "--now", BEGIN.isoformat())
    assert rows_of(stored_shop, EVENTS.c.at, EVENTS.c.starts) == [(min(at, BEGIN), starts)]


def test_a_call_without_a_time_happened_at_the_instant_it_is_taken_in(
    stored_shop: ShopFolder,
) -> None:
    calls = stored_shop.write_calls({"type": "track", "userId": "ada", "event": "E"})
    stored_shop.run("ingest", calls, "--now", "2031-03-03T09:00:00")
    stored_shop.run("tick", "--now", BEGIN.isoformat())
    assert rows_of(stored_shop, EVENTS.c.at, EVENTS.c.received_at) == [(BEGIN, BEGIN)]


def test_calls_cannot_be_taken_in_before_what_was_processed(stored_shop: ShopFolder) -> None:
    stored_shop.run("tick", "--now", BEGIN.isoformat())
    calls = stored_shop.write_calls(track("ada", "E", BEGIN))
    refused = stored_shop.run("ingest", calls, "--now", (BEGIN - timedelta(seconds=1)).isoformat())
    assert refused.code == 1
    assert "lies before what was already processed" in refused.err
    assert stored_shop.run("status", "--json").json["inbox"] == 0
    assert stored_shop.run("ingest", calls, "--now", BEGIN.isoformat()).code == 0


def test_calls_are_not_moved_in_time_beside_a_running_engine(stored_shop: ShopFolder) -> None:
    calls = stored_shop.write_calls(track("ada", "E", BEGIN))
    database = Database(load_config(stored_shop.folder, os.environ).database_url)
    with hold_database(database):
        refused = stored_shop.run("ingest", calls, "--now", BEGIN.isoformat())
        assert stored_shop.run("ingest", calls).code == 0
    database.close()
    assert refused.code == 1
    assert "runs on this database already" in refused.err


@pytest.mark.parametrize("command", [("ingest", "calls.jsonl"), ("tick",)])
@pytest.mark.parametrize("now", ["9999-12-31T23:59:59Z", "2200-01-01", "tomorrow", ""])
def test_an_instant_that_nothing_could_follow_is_refused(
    shop: ShopFolder, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], now: str
) -> None:
    shop.write_calls(track("ada", "E", BEGIN))
    monkeypatch.chdir(shop.folder)
    assert shop.run(*command, "--now", now).code == 2
    assert shop.run("tick", "--now", "2031-01-01").code == 0
