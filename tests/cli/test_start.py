"""`parcours start`: customers into a journey by hand."""

from __future__ import annotations

from datetime import timedelta

from tests.cli.conftest import ShopFolder, identify, now, track


def known(shop: ShopFolder, *users: str) -> None:
    """Customers who did nothing but say who they are."""
    shop.ingest(*(identify(user, now() - timedelta(minutes=5)) for user in users))
    shop.run("tick")


def entered(shop: ShopFolder, user: str) -> int:
    story = shop.run("explain", user, "call-back", "--json").json["story"]
    return sum(line["kind"] == "entered" for line in story)


def test_customers_enter_with_the_next_tick(stored_shop: ShopFolder) -> None:
    known(stored_shop, "ada", "bob", "eve")
    answer = stored_shop.run("start", "call-back", "ada", "bob")
    assert answer.code == 0
    assert "2 customers will enter call-back" in answer.out
    stored_shop.run("tick")
    assert [entered(stored_shop, user) for user in ("ada", "bob", "eve")] == [1, 1, 0]


def test_a_start_is_no_event_of_the_customer_s(stored_shop: ShopFolder) -> None:
    stored_shop.write(
        "journeys/echo.yaml", "journey: echo\ntrigger: {event: call-back}\nsteps: [{sms: nudge}]\n"
    )
    known(stored_shop, "ada")
    stored_shop.run("start", "call-back", "ada")
    stored_shop.run("tick")
    assert {
        one["id"]: one["inside"] for one in stored_shop.run("status", "--json").json["journeys"]
    }["echo"] == 0
    assert stored_shop.run("explain", "ada", "echo", "--json").json["story"][-1]["journey"] == ""


def test_starting_twice_is_two_triggers(stored_shop: ShopFolder) -> None:
    known(stored_shop, "ada")
    for _ in range(2):
        stored_shop.run("start", "call-back", "ada")
        stored_shop.run("tick")
    story = stored_shop.run("explain", "ada", "call-back", "--json").json["story"]
    assert sum(line["kind"] in ("entered", "ignored") for line in story) == 2


def test_an_anonymous_customer_may_be_started(stored_shop: ShopFolder) -> None:
    call = track("x", "Page", now() - timedelta(minutes=1)) | {"anonymousId": "anon-1"}
    del call["userId"]
    stored_shop.ingest(call)
    stored_shop.run("tick")
    assert stored_shop.run("start", "call-back", "anon-1").code == 0
    stored_shop.run("tick")
    assert entered(stored_shop, "anon-1") == 1
    assert stored_shop.run("status", "--json").json["customers"] == 1


def test_all_are_started_or_none(stored_shop: ShopFolder) -> None:
    known(stored_shop, "ada")
    answer = stored_shop.run("start", "call-back", "ada", "nobody")
    assert answer.code == 1
    assert "nobody was started: no customer has the id nobody" in answer.err
    stored_shop.run("tick")
    assert entered(stored_shop, "ada") == 0


def test_a_journey_without_a_manual_trigger_is_refused(stored_shop: ShopFolder) -> None:
    known(stored_shop, "ada")
    answer = stored_shop.run("start", "cart", "ada")
    assert answer.code == 1
    assert "cart cannot be started by hand: add `- manual` to its `trigger`" in answer.err


def test_an_unknown_journey_is_a_wrong_call(shop: ShopFolder) -> None:
    answer = shop.run("start", "call-bakc", "ada")
    assert answer.code == 2
    assert "did you mean 'call-back'?" in answer.err


def test_all_who_belong_to_a_segment_are_started(stored_shop: ShopFolder) -> None:
    stored_shop.write("journeys/segments.yaml", "segments: {named: customer.vip is true}\n")
    known(stored_shop, "bob", "ada")
    assert (
        stored_shop.run("start", "call-back", "--segment", "named").out
        == "nobody belongs to named, so nobody will enter call-back\n"
    )
    stored_shop.ingest(identify("ada", now(), vip=True))
    stored_shop.run("tick")
    answer = stored_shop.run("start", "call-back", "--segment", "named")
    assert answer.out.startswith("1 customer will enter call-back")
    stored_shop.run("tick")
    assert [entered(stored_shop, user) for user in ("ada", "bob")] == [1, 0]


def test_a_start_names_customers_or_a_segment(stored_shop: ShopFolder) -> None:
    for named in ((), ("ada", "--segment", "named")):
        answer = stored_shop.run("start", "call-back", *named)
        assert (answer.code, "name customers, or `--segment NAME`" in answer.err) == (2, True)
    unknown = stored_shop.run("start", "call-back", "--segment", "named")
    assert unknown.err == "this project has no segments: write journeys/segments.yaml\n"


def test_a_start_on_a_virtual_clock_is_of_its_time(stored_shop: ShopFolder) -> None:
    later = now() + timedelta(days=400)
    stored_shop.ingest(identify("ada", later))
    stored_shop.run("tick", "--now", later.isoformat())
    stored_shop.run("start", "call-back", "ada")
    stored_shop.run("tick", "--now", (later + timedelta(minutes=1)).isoformat())
    [line] = stored_shop.run("explain", "ada", "call-back", "--json").json["story"][-1:]
    assert line["at"] >= later.isoformat()[:10]
    assert entered(stored_shop, "ada") == 1
