"""`parcours backtest`: history replayed, by the rules of the project or without some of them."""

from __future__ import annotations

import csv
import gzip
import json
from codecs import BOM_UTF8
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.identity import referral_id
from tests.cli.conftest import CALL_BACK, ShopFolder, identify, track
from tests.support.journeys import CART

START = datetime(2026, 1, 5, 10, tzinfo=UTC)


def carts(*, consent: dict[str, bool] | None) -> list[dict[str, Any]]:
    """Ada leaves a cart on two days; she says what `consent` holds, or nothing about it."""
    said = {} if consent is None else {"consent": consent}
    return [
        identify("ada", START, **{"consent": {}, **said}),
        track("ada", "Product Added", START + timedelta(hours=1)),
        track("ada", "Order Completed", START + timedelta(days=3)),
        track("ada", "Product Added", START + timedelta(days=9)),
    ]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_message_is_a_row_with_the_instant_it_would_leave(shop: ShopFolder) -> None:
    file, out = shop.write_calls(*carts(consent={"email": True})), shop.folder / "sends.csv"
    answer = shop.run("backtest", file, "--journey", "cart", "--out", out)
    assert answer.code == 0, answer.err
    assert out.read_bytes() == (
        b"at,user_id,journey,step,channel,template\n"
        b"2026-01-05T12:00:00.000Z,ada,cart,reminder,email,reminder\n"
        b"2026-01-14T11:00:00.000Z,ada,cart,reminder,email,reminder\n"
    )
    assert "2 messages written to" in answer.out


def test_a_dash_writes_the_rows_into_the_pipe_and_the_summary_beside_it(shop: ShopFolder) -> None:
    answer = shop.run("backtest", shop.write_calls(*carts(consent={"email": True})), "--out", "-")
    assert len(answer.out.splitlines()) == 3
    assert answer.out.startswith("at,user_id,journey,step,channel,template\n")
    assert "JOURNEY" in answer.err


def test_the_summary_counts_by_journey_step_and_month(shop: ShopFolder) -> None:
    answer = shop.run("backtest", shop.write_calls(*carts(consent={"email": True})))
    assert "4 calls of 1 customer, 2026-01-05 to 2026-01-14" in answer.out
    lines = [line.split() for line in answer.out.splitlines()]
    assert ["cart", "2", "2", "0"] in lines
    assert ["cart", "reminder", "email", "reminder", "2"] in lines
    assert ["2026-01", "2", "2"] in lines


def test_machines_get_the_figures_as_json(shop: ShopFolder) -> None:
    answer = shop.run("backtest", shop.write_calls(*carts(consent=None)), "--json").json
    assert (answer["calls"], answer["customers"], answer["messages"]) == (4, 1, 0)
    assert answer["journeys"]["cart"]["not_sent"] == {"no_consent": 2}


def test_where_consent_refuses_most_the_option_is_named(shop: ShopFolder) -> None:
    answer = shop.run("backtest", shop.write_calls(*carts(consent=None)))
    assert "--assume-consent" in answer.out
    with_consent = shop.run("backtest", shop.write_calls(*carts(consent={"email": True})))
    assert "--assume-consent" not in with_consent.out


@pytest.mark.parametrize(
    ("consent", "messages"), [(None, 2), ({"email": True}, 2), ({"email": False}, 0)]
)
def test_assumed_consent_stops_at_an_explicit_no(
    shop: ShopFolder, consent: dict[str, bool] | None, messages: int
) -> None:
    file = shop.write_calls(*carts(consent=consent))
    assert shop.run("backtest", file, "--assume-consent", "--json").json["messages"] == messages


def test_caps_and_quiet_hours_hold_unless_they_are_left_out(shop: ShopFolder) -> None:
    quiet = '[quiet_hours]\nemail = {from = "00:00", to = "23:00"}'  # by her clock in Paris
    shop.write(
        "parcours.toml", f'[consent]\ndefault = "granted"\n[caps]\nemail = ["1/30d"]\n{quiet}'
    )
    shop.write(
        "journeys/cart.yaml",
        CART.replace("email: reminder", "email: {template: reminder, expires: 60d}"),
    )
    file, out = shop.write_calls(*carts(consent=None)), shop.folder / "sends.csv"

    def instants(*options: str) -> list[str]:
        assert shop.run("backtest", file, "--out", out, *options).code == 0
        return [row["at"] for row in read_csv(out)]

    assert instants() == ["2026-01-05T22:00:00.000Z", "2026-02-04T22:00:00.000Z"]
    assert instants("--no-caps") == ["2026-01-05T22:00:00.000Z", "2026-01-14T22:00:00.000Z"]
    assert instants("--no-quiet-hours") == ["2026-01-05T12:00:00.000Z", "2026-02-04T12:00:00.000Z"]
    assert instants("--no-caps", "--no-quiet-hours") == [
        "2026-01-05T12:00:00.000Z",
        "2026-01-14T11:00:00.000Z",
    ]


def test_until_is_exclusive(shop: ShopFolder) -> None:
    file = shop.write_calls(*carts(consent={"email": True}))
    assert (
        shop.run("backtest", file, "--until", "2026-01-05T12:00:00Z", "--json").json["messages"]
        == 0
    )
    assert (
        shop.run("backtest", file, "--until", "2026-01-05T12:00:00.001Z", "--json").json["messages"]
        == 1
    )


def test_without_an_address_a_message_is_counted_as_not_sent(shop: ShopFolder) -> None:
    file = shop.write_calls(track("bob", "Product Added", START))
    answer = shop.run("backtest", file, "--assume-consent", "--json").json
    assert answer["journeys"]["cart"]["not_sent"] == {"no_address": 1}


def test_several_files_are_one_history_however_their_lines_are_spread(shop: ShopFolder) -> None:
    calls = carts(consent={"email": True})
    whole = shop.run("backtest", shop.write_calls(*calls), "--out", "-").out
    late = shop.write_calls(*calls[2:], name="b.jsonl")
    early = shop.folder / "a.jsonl.gz"
    early.write_bytes(
        gzip.compress("".join(json.dumps(call) + "\n" for call in calls[:2]).encode())
    )
    assert shop.run("backtest", late, early, "--out", "-").out == whole


def test_duplicates_and_rejected_calls_are_counted_and_two_users_may_be_one(
    shop: ShopFolder,
) -> None:
    twice = track("ada", "Product Added", START) | {"messageId": "m1"}
    alias = {
        "type": "alias",
        "previousId": "bob",
        "userId": "ada",
        "timestamp": (START + timedelta(hours=1)).isoformat(),
    }
    no_time = {"type": "track", "userId": "ada", "event": "Product Added"}
    file = shop.write_calls(twice, twice, track("bob", "Page", START), alias, no_time)
    file.write_text(file.read_text() + "no json\n")
    answer = shop.run("backtest", file, "--json").json
    assert answer["duplicates"] == 1
    assert sum(answer["rejected"].values()) == 2, answer["rejected"]
    assert answer["customers"] == 1


def test_an_unknown_journey_is_a_wrong_call_with_a_suggestion(shop: ShopFolder) -> None:
    answer = shop.run("backtest", shop.write_calls(*carts(consent=None)), "--journey", "crat")
    assert answer.code == 2
    assert "there is no journey 'crat'; did you mean 'cart'?" in answer.err


def test_only_the_journeys_asked_for_are_replayed(shop: ShopFolder) -> None:
    shop.write("journeys/second.yaml", CART.replace("journey: cart", "journey: second"))
    file = shop.write_calls(*carts(consent={"email": True}))
    assert list(shop.run("backtest", file, "--journey", "second", "--json").json["journeys"]) == [
        "second"
    ]
    assert set(shop.run("backtest", file, "--json").json["journeys"]) == {
        "cart",
        "second",
        "call-back",
    }


def test_templates_need_not_be_there(shop: ShopFolder) -> None:
    (shop.folder / "templates/email/reminder.html").unlink()
    assert (
        shop.run("backtest", shop.write_calls(*carts(consent={"email": True})), "--json").json[
            "messages"
        ]
        == 2
    )


def test_a_journey_with_errors_is_refused(shop: ShopFolder) -> None:
    shop.write(
        "journeys/call-back.yaml", CALL_BACK.replace("trigger: manual", "trigger: {evnt: x}")
    )
    answer = shop.run("backtest", shop.write_calls(*carts(consent=None)))
    assert answer.code == 1
    assert "journeys/call-back.yaml:2:" in answer.err


def test_a_byte_order_mark_costs_no_call(shop: ShopFolder) -> None:
    file = shop.write_calls(*carts(consent={"email": True}))
    file.write_bytes(BOM_UTF8 + file.read_bytes().replace(b"\n", b"\r\n").strip())
    answer = shop.run("backtest", file, "--json").json
    assert (answer["calls"], answer["messages"], answer["rejected"]) == (4, 2, {})


def test_a_call_nested_without_end_is_rejected_and_stops_nothing(shop: ShopFolder) -> None:
    file = shop.write_calls(*carts(consent={"email": True}))
    deep = (
        '{"type":"identify","userId":"ada","timestamp":"2026-01-06","traits":{"x":'
        + "[" * 900
        + "]" * 900
        + "}}\n"
    )
    file.write_text(deep * 2 + file.read_text())
    answer = shop.run("backtest", file, "--json").json
    assert (answer["messages"], answer["rejected"]) == (
        2,
        {"objects and lists are nested too deeply": 2},
    )


def test_long_message_ids_that_begin_alike_are_not_one(shop: ShopFolder) -> None:
    calls = [
        {**call, "messageId": "x" * 200 + str(n)}
        for n, call in enumerate(carts(consent={"email": True}))
    ]
    assert shop.run("backtest", shop.write_calls(*calls), "--json").json["duplicates"] == 0


def test_a_customers_number_is_one_id_with_and_without_a_point(shop: ShopFolder) -> None:
    calls = [
        {**call, "userId": (7, 7.0)[n % 2]} for n, call in enumerate(carts(consent={"email": True}))
    ]
    answer = shop.run("backtest", shop.write_calls(*calls), "--json").json
    assert (answer["customers"], answer["messages"]) == (1, 2)


THANK = "journey: thank\ntrigger: {event: Reward Granted}\nsteps:\n  - email: reminder\n"
GIVE = (
    "journey: give\ntrigger: {event: A}\n%s\nsteps:\n  - delay: %s\n  - reward: {to: "
    "referrer, percent: 10}\n"
)


def test_nobody_is_rewarded_before_they_are_known(shop: ShopFolder) -> None:
    shop.write("journeys/thank.yaml", THANK)
    shop.write("journeys/give.yaml", GIVE % ("", "1h"))
    calls = [
        identify("u", START, referred_by="v", consent={"email": True}),
        track("u", "A", START + timedelta(days=1)),
        identify("v", START + timedelta(days=2), consent={"email": True}),
    ]
    out = shop.folder / "sends.csv"
    assert shop.run("backtest", shop.write_calls(*calls), "--out", out).code == 0
    assert read_csv(out) == []


def test_a_reward_that_another_reward_takes_away_is_not_told(shop: ShopFolder) -> None:
    shop.write("journeys/thank.yaml", THANK)
    shop.write("journeys/give.yaml", GIVE % ("exit: [{event: Reward Granted}]", "2d"))
    calls = [
        *(
            identify(user, START, referred_by=by, consent={"email": True})
            for user, by in (("u", "v"), ("v", "w"))
        ),
        identify("w", START, consent={"email": True}),
        track("u", "A", START + timedelta(hours=1)),
        track("v", "A", START + timedelta(days=1)),
        track("w", "Z", START + timedelta(days=30)),
    ]
    out = shop.folder / "sends.csv"
    assert shop.run("backtest", shop.write_calls(*calls), "--out", out).code == 0
    assert [row["user_id"] for row in read_csv(out)] == ["v"]


def test_an_invited_friend_is_the_customer_they_become(shop: ShopFolder) -> None:
    friend = {"anonymousId": referral_id("eve@example.com"), "userId": None}
    calls = [
        {**track("", "Product Added", START), **friend},
        identify(
            "eve", START + timedelta(minutes=30), email="eve@example.com", consent={"email": True}
        ),
    ]
    out = shop.folder / "sends.csv"
    assert (
        shop.run("backtest", shop.write_calls(*calls), "--journey", "cart", "--out", out).code == 0
    )
    assert [row["user_id"] for row in read_csv(out)] == ["eve"]


def test_at_one_instant_who_somebody_is_comes_before_what_they_did(shop: ShopFolder) -> None:
    both = {"anonymousId": "a"}
    calls = [
        identify("ada", START, consent={"email": True}),
        identify("bob", START, email="bob@example.com", consent={"email": True}),
        identify("ada", START + timedelta(hours=1)) | both,
        {**track("", "Product Added", START + timedelta(days=1)), **both, "userId": None},
        identify("bob", START + timedelta(days=1)) | both,
    ]
    out = shop.folder / "sends.csv"
    answer = shop.run("backtest", shop.write_calls(*calls), "--journey", "cart", "--out", out)
    assert answer.code == 0, answer.err
    assert [row["user_id"] for row in read_csv(out)] == ["bob"]


def test_a_damaged_file_is_refused_since_history_would_have_a_hole(shop: ShopFolder) -> None:
    file = shop.folder / "calls.jsonl.gz"
    file.write_bytes(gzip.compress(json.dumps(carts(consent=None)[0]).encode())[:-9])
    answer = shop.run("backtest", file)
    assert answer.code == 1
    assert "calls.jsonl.gz is damaged" in answer.err


def test_nothing_is_stored_by_a_back_test(shop: ShopFolder) -> None:
    shop.run("backtest", shop.write_calls(*carts(consent={"email": True})))
    assert not (shop.folder / "var").exists()


def test_files_without_one_call_that_can_be_read_end_with_1(shop: ShopFolder) -> None:
    assert shop.run("backtest", shop.write("calls.jsonl", "not a call\n")).code == 1
    assert shop.run("backtest", shop.write("none.jsonl", "")).code == 0
