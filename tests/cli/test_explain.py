"""`parcours explain`: a customer's story, in order and in plain words."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from tests.cli.conftest import CART, TOML, Shop, identify, now, track


def test_the_story_is_told_in_the_order_of_time(stored_shop: Shop) -> None:
    at = stored_shop.leave_cart()
    stored_shop.run("tick", "--now", (at + timedelta(hours=2)).isoformat())
    answer = stored_shop.run("explain", "ada", "--json")
    assert answer.code == 0
    assert (answer.json["user_id"], answer.json["stage"]) == ("ada", "lead")
    story = answer.json["story"]
    assert [line["at"] for line in story] == sorted(line["at"] for line in story)
    told = [(line["journey"], line["step"], line["text"].split(" until")[0]) for line in story]
    assert told[0] == ("", "", "becomes lead (because of an event)")
    assert {text for _, _, text in told[1:3]} == {"agrees to email (identify)", "agrees to sms (identify)"}
    assert told[3:] == [
        ("cart", "", "enters"),
        ("cart", "delay-before-reminder", "waits"),
        ("cart", "reminder", "email reminder is decided"),
        ("cart", "", "reached the end"),
        ("cart", "reminder", "email reminder is sent"),
    ]


def test_lines_are_readable_and_in_the_project_s_time_zone(stored_shop: Shop) -> None:
    at = stored_shop.leave_cart()
    stored_shop.run("tick", "--now", (at + timedelta(hours=2)).isoformat())
    out = stored_shop.run("explain", "ada").out
    local = (at + timedelta(hours=1)).astimezone(ZoneInfo("Europe/Paris"))
    assert out.startswith("ada, lead since ")
    assert "Times are those of Europe/Paris." in out
    assert f"{local:%a %Y-%m-%d %H:%M:%S}  cart  reminder: email reminder is decided" in out
    assert "ada@example.com" not in out


def test_why_nothing_was_sent_is_told_in_plain_words(stored_shop: Shop) -> None:
    at = stored_shop.leave_cart(consent={})
    stored_shop.run("tick", "--now", (at + timedelta(hours=2)).isoformat())
    assert "reminder is not sent: no consent" in stored_shop.run("explain", "ada").out


def test_a_wait_without_a_date_and_a_wait_that_moves_are_told_in_plain_words(stored_shop: Shop) -> None:
    at = now() - timedelta(minutes=3)
    steps = "trigger: {event: A}\nsteps:\n  - wait_until: {date: customer.ends}\n  - email: reminder\n"
    stored_shop.write("journeys/trial.yaml", f"journey: trial\n{steps}")
    stored_shop.ingest(
        identify("ada", at),
        track("ada", "A", at),
        identify("eve", at, ends="16.03.2026"),
        track("eve", "A", at),
        identify("bob", at, ends=(at + timedelta(days=2)).isoformat()),
        track("bob", "A", at),
        identify("bob", at + timedelta(minutes=1), ends=(at + timedelta(days=5)).isoformat()),
    )
    stored_shop.run("tick")
    assert "has no date: customer.ends is missing; reminder is skipped" in stored_shop.run("explain", "ada").out
    assert "has no date: customer.ends is unreadable; reminder is skipped" in stored_shop.run("explain", "eve").out
    until = (at + timedelta(days=5)).astimezone(ZoneInfo("Europe/Paris"))
    told = f"now waits until {until:%a %Y-%m-%d %H:%M:%S}: the customer's date or zone changed"
    assert told in stored_shop.run("explain", "bob").out


def test_a_wait_that_an_edit_changed_is_told_with_its_new_time(stored_shop: Shop) -> None:
    at = stored_shop.leave_cart()
    stored_shop.run("tick")
    stored_shop.write("journeys/cart.yaml", CART.replace("1h", "3d"))
    stored_shop.run("tick")
    until = (at + timedelta(days=3)).astimezone(ZoneInfo("Europe/Paris"))
    told = f"now waits until {until:%a %Y-%m-%d %H:%M:%S}: the journey was edited"
    assert told in stored_shop.run("explain", "ada").out


def test_why_somebody_left_or_was_not_let_in_is_told(stored_shop: Shop) -> None:
    at = now() - timedelta(minutes=3)
    stored_shop.ingest(
        identify("ada", at),
        track("ada", "Product Added", at),
        track("ada", "Product Added", at + timedelta(minutes=1)),
        track("ada", "Order Completed", at + timedelta(minutes=2)),
    )
    stored_shop.run("tick")
    out = stored_shop.run("explain", "ada").out
    assert "a trigger is ignored: already inside" in out
    assert "leaves (Order Completed)" in out
    assert "becomes buyer, was lead (because of an event)" in out
    told = ("becomes lead", "enters", "already inside", "becomes buyer", "leaves")
    assert sorted(told, key=out.index) == list(told)


def test_the_control_group_is_named(stored_shop: Shop) -> None:
    stored_shop.write("journeys/cart.yaml", CART + "holdout: 100%\n")
    at = stored_shop.leave_cart()
    stored_shop.run("tick", "--now", (at + timedelta(hours=2)).isoformat())
    out = stored_shop.run("explain", "ada").out
    assert "enters, held out: in the control group, so nothing is done" in out
    assert "email reminder is not done: in the control group" in out


def test_what_holds_a_message_back_and_until_when_is_told(stored_shop: Shop) -> None:
    local = now().astimezone(ZoneInfo("Europe/Paris"))
    start, end = local - timedelta(hours=1), local + timedelta(hours=2)
    stored_shop.write("parcours.toml", TOML.replace("20:00", f"{start:%H:%M}").replace("08:00", f"{end:%H:%M}"))
    stored_shop.leave_cart()
    stored_shop.run("tick")
    stored_shop.run("start", "call-back", "ada")
    stored_shop.run("tick")
    held = f"nudge: the message is held back until {end:%a %Y-%m-%d %H:%M}:00 by quiet hours"
    assert held in stored_shop.run("explain", "ada", "call-back").out


def test_one_journey_leaves_the_others_out(stored_shop: Shop) -> None:
    stored_shop.leave_cart()
    stored_shop.run("tick")
    lines = stored_shop.run("explain", "ada", "call-back", "--json").json["story"]
    assert {line["journey"] for line in lines} == {""}


def test_an_anonymous_visitor_is_found_under_the_id_they_had_before(stored_shop: Shop) -> None:
    at = now() - timedelta(minutes=2)
    visit = {"type": "track", "event": "Product Added", "anonymousId": "anon-1", "timestamp": at.isoformat()}
    stored_shop.ingest(visit)
    stored_shop.run("tick")
    assert stored_shop.run("explain", "anon-1").out.startswith("anon-1 (anonymous), lead")
    stored_shop.ingest(identify("ada", at + timedelta(minutes=1)) | {"anonymousId": "anon-1"})
    stored_shop.run("tick")
    assert stored_shop.run("explain", "anon-1", "--json").json["user_id"] == "ada"


def test_a_customer_nobody_knows_is_not_found(shop: Shop) -> None:
    shop.begin()
    answer = shop.run("explain", "nobody")
    assert answer.code == 1
    assert "no customer has the id nobody" in answer.err


def test_who_gets_a_coupon_is_told_in_a_sentence(stored_shop: Shop) -> None:
    stored_shop.write("journeys/cart.yaml", CART.replace("  - delay: 1h\n", "  - coupon: {percent: 10}\n"))
    stored_shop.ingest(identify("ada", now(), email="ada@shop.example"), track("ada", "Product Added", now(), price=30))
    stored_shop.run("tick")
    assert ": gets a coupon\n" in stored_shop.run("explain", "ada").out


def test_a_journey_that_never_ran_is_a_wrong_call(stored_shop: Shop) -> None:
    stored_shop.leave_cart()
    stored_shop.run("tick")
    answer = stored_shop.run("explain", "ada", "crat")
    assert answer.code == 2
    assert "no journey 'crat' ever ran here; did you mean 'cart'?" in answer.err


def test_before_anything_ran_there_is_nothing_to_look_at_and_nothing_is_made(shop: Shop) -> None:
    for command in (["explain", "ada"], ["status"], ["messages", "list"]):
        answer = shop.run(*command)
        assert answer.code == 1
        assert "nothing has run here yet" in answer.err
    assert not list(shop.folder.glob("var/*.db"))


def test_a_number_and_an_answer_that_cannot_be_read_are_told_without_quoting_them(stored_shop: Shop) -> None:
    stored_shop.ingest(
        identify("ada", now(), phone="06 12", consent={"email": True, "sms": "perhaps", "topics": {"News": None}})
    )
    stored_shop.run("tick")
    out = stored_shop.run("explain", "ada").out
    assert "cannot be reached: the phone trait is no number that can be read" in out
    assert "says no to sms (identify, which is neither yes nor no)" in out
    assert "takes the choice about the topic news back (identify)" in out
    assert "06 12" not in out
    assert "perhaps" not in out
