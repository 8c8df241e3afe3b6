"""`parcours explain`: a customer's story, in order and in plain words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from orchestrator.store.tables import CUSTOMERS, DECISIONS, GRANTS
from tests.cli.conftest import TOML, ShopFolder, database_of, identify, now, track
from tests.support.journeys import BUYERS_AND_LEADS, CART


def test_the_story_is_told_in_the_order_of_time(stored_shop: ShopFolder) -> None:
    at = stored_shop.leave_cart()
    stored_shop.run("tick", "--now", (at + timedelta(hours=2)).isoformat())
    answer = stored_shop.run("explain", "ada", "--json")
    assert answer.code == 0
    assert (answer.json["user_id"], answer.json["stage"]) == ("ada", "lead")
    story = answer.json["story"]
    assert [line["at"] for line in story] == sorted(line["at"] for line in story)
    assert {
        "name": "Ada",
        "email": "ada@example.com",
        "phone": "+33612345678",
    }.items() <= answer.json.items()
    assert answer.json["facts"] == {"orders": 0}
    told = [(line["journey"], line["step"], line["text"].split(" until")[0]) for line in story]
    assert told[0] == ("", "", "becomes lead (because of an event)")
    assert {text for _, _, text in told[1:3]} == {
        "agrees to email (identify)",
        "agrees to sms (identify)",
    }
    assert told[3:] == [
        ("cart", "", "enters (Product Added: 80)"),
        ("cart", "delay-before-reminder", "waits"),
        ("cart", "reminder", "email reminder is to be sent"),
        ("cart", "", "reached the end"),
        ("cart", "reminder", "email reminder is sent"),
    ]


def test_lines_are_readable_and_in_the_project_s_time_zone(stored_shop: ShopFolder) -> None:
    at = stored_shop.leave_cart()
    stored_shop.run("tick", "--now", (at + timedelta(hours=2)).isoformat())
    out = stored_shop.run("explain", "ada").out
    local = (at + timedelta(hours=1)).astimezone(ZoneInfo("Europe/Paris"))
    assert out.startswith("ada, lead since ")
    assert "Times are those of Europe/Paris." in out
    assert f"{local:%a %Y-%m-%d %H:%M:%S}  cart  email reminder is to be sent" in out
    assert f"cart  delay before reminder: waits until {local:%a %Y-%m-%d %H:%M:%S}" in out
    assert "Ada · ada@example.com · +33612345678\norders 0\n" in out


def test_why_nothing_was_sent_is_told_in_plain_words(stored_shop: ShopFolder) -> None:
    at = stored_shop.leave_cart(consent={})
    stored_shop.run("tick", "--now", (at + timedelta(hours=2)).isoformat())
    assert "reminder is not sent: no consent" in stored_shop.run("explain", "ada").out


def test_a_wait_without_a_date_and_a_wait_that_moves_are_told_in_plain_words(
    stored_shop: ShopFolder,
) -> None:
    at = now() - timedelta(minutes=3)
    steps = (
        "trigger: {event: A}\nsteps:\n  - wait_until: {date: customer.ends}\n  - email: reminder\n"
    )
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
    assert (
        "has no date: customer.ends is missing; reminder is skipped"
        in stored_shop.run("explain", "ada").out
    )
    assert (
        "has no date: customer.ends is unreadable; reminder is skipped"
        in stored_shop.run("explain", "eve").out
    )
    until = (at + timedelta(days=5)).astimezone(ZoneInfo("Europe/Paris"))
    told = f"now waits until {until:%a %Y-%m-%d %H:%M:%S}: the customer's date or zone changed"
    assert told in stored_shop.run("explain", "bob").out


def test_a_wait_that_an_edit_changed_is_told_with_its_new_time(stored_shop: ShopFolder) -> None:
    at = stored_shop.leave_cart()
    stored_shop.run("tick")
    stored_shop.write("journeys/cart.yaml", CART.replace("1h", "3d"))
    stored_shop.run("tick")
    until = (at + timedelta(days=3)).astimezone(ZoneInfo("Europe/Paris"))
    told = f"now waits until {until:%a %Y-%m-%d %H:%M:%S}: the journey was edited"
    assert told in stored_shop.run("explain", "ada").out


def test_why_somebody_left_or_was_not_let_in_is_told(stored_shop: ShopFolder) -> None:
    at = now() - timedelta(minutes=3)
    stored_shop.ingest(
        identify("ada", at),
        track("ada", "Product Added", at),
        track("ada", "Product Added", at + timedelta(minutes=1)),
        track("ada", "Order Completed", at + timedelta(minutes=2)),
    )
    stored_shop.run("tick")
    out = stored_shop.run("explain", "ada").out
    assert "is not let in (Product Added): already inside" in out
    assert "leaves (Order Completed)" in out
    assert "becomes buyer, was lead (because of an event)" in out
    told = ("becomes lead", "enters", "already inside", "becomes buyer", "leaves")
    assert sorted(told, key=out.index) == list(told)


def test_the_control_group_is_named(stored_shop: ShopFolder) -> None:
    stored_shop.write("journeys/cart.yaml", CART + "holdout: 100%\n")
    at = stored_shop.leave_cart()
    stored_shop.run("tick", "--now", (at + timedelta(hours=2)).isoformat())
    out = stored_shop.run("explain", "ada").out
    assert "enters (Product Added: 80), held out: in the control group, so nothing is done" in out
    assert "email reminder is not done: in the control group" in out


def test_what_holds_a_message_back_and_until_when_is_told(stored_shop: ShopFolder) -> None:
    local = now().astimezone(ZoneInfo("Europe/Paris"))
    start, end = local - timedelta(hours=1), local + timedelta(hours=2)
    stored_shop.write(
        "parcours.toml", TOML.replace("20:00", f"{start:%H:%M}").replace("08:00", f"{end:%H:%M}")
    )
    stored_shop.leave_cart()
    stored_shop.run("tick")
    stored_shop.run("start", "call-back", "ada")
    stored_shop.run("tick")
    held = f"nudge: the message is held back until {end:%a %Y-%m-%d %H:%M}:00 by quiet hours"
    assert held in stored_shop.run("explain", "ada", "call-back").out


def test_one_journey_leaves_the_others_out(stored_shop: ShopFolder) -> None:
    stored_shop.leave_cart()
    stored_shop.run("tick")
    lines = stored_shop.run("explain", "ada", "call-back", "--json").json["story"]
    assert {line["journey"] for line in lines} == {""}


def test_an_anonymous_visitor_is_found_under_the_id_they_had_before(
    stored_shop: ShopFolder,
) -> None:
    at = now() - timedelta(minutes=2)
    visit = {
        "type": "track",
        "event": "Product Added",
        "anonymousId": "anon-1",
        "timestamp": at.isoformat(),
    }
    stored_shop.ingest(visit)
    stored_shop.run("tick")
    assert stored_shop.run("explain", "anon-1").out.startswith("anon-1 (anonymous), lead")
    stored_shop.ingest(identify("ada", at + timedelta(minutes=1)) | {"anonymousId": "anon-1"})
    stored_shop.run("tick")
    assert stored_shop.run("explain", "anon-1", "--json").json["user_id"] == "ada"


def test_a_customer_nobody_knows_is_not_found(shop: ShopFolder) -> None:
    shop.begin()
    answer = shop.run("explain", "nobody")
    assert answer.code == 1
    assert "no customer has the id, e-mail address or phone number nobody" in answer.err


def test_who_gets_a_coupon_is_told_in_a_sentence(stored_shop: ShopFolder) -> None:
    steps = (
        "  - coupon: {percent: 10}\n  - task: {type: call, note: 'Ask {{ customer.first_name "
        "}} about the oak'}\n"
    )
    stored_shop.write("journeys/cart.yaml", CART.replace("  - delay: 1h\n", steps))
    stored_shop.ingest(
        identify("ada", now(), email="ada@shop.example", consent={"phone": True}),
        track("ada", "Product Added", now(), price=30),
    )
    stored_shop.run("tick")
    with database_of(stored_shop) as database, database.read() as connection:
        code = connection.execute(select(GRANTS.c.code)).scalar_one()
    out = stored_shop.run("explain", "ada").out
    assert f"coupon before reminder: gets the coupon {code}\n" in out
    assert "task before reminder: a task for a person: call, “Ask Ada about the oak”\n" in out


def test_a_journey_that_never_ran_is_a_wrong_call(stored_shop: ShopFolder) -> None:
    stored_shop.leave_cart()
    stored_shop.run("tick")
    answer = stored_shop.run("explain", "ada", "crat")
    assert answer.code == 2
    assert "no journey 'crat' ever ran here; did you mean 'cart'?" in answer.err


def test_before_anything_ran_there_is_nothing_to_look_at_and_nothing_is_made(
    shop: ShopFolder,
) -> None:
    for command in (["explain", "ada"], ["status"], ["messages", "list"]):
        answer = shop.run(*command)
        assert answer.code == 1
        assert "nothing has run here yet" in answer.err
    assert not list(shop.folder.glob("var/*.db"))


def test_a_number_and_an_answer_that_cannot_be_read_are_told_without_quoting_them(
    stored_shop: ShopFolder,
) -> None:
    stored_shop.ingest(
        identify(
            "ada",
            now(),
            phone="06 12",
            consent={"email": True, "sms": "perhaps", "topics": {"News": None}},
        )
    )
    stored_shop.run("tick")
    out = stored_shop.run("explain", "ada").out.partition("Times are those")[
        2
    ]  # behind who it is about
    assert "cannot be reached: the phone trait is no number that can be read" in out
    assert "says no to sms (identify, which is neither yes nor no)" in out
    assert "takes the choice about the topic news back (identify)" in out
    assert "06 12" not in out
    assert "perhaps" not in out


# ---------------------------------------------------------------- whom it means


WAYS_TO_WRITE_IT = (
    "ada@example.com",
    "Ada@Example.COM",
    "+33612345678",
    "06 12 34 56 78",
    "+33 (0)6-12.34.56.78",
)


def test_a_customer_is_found_by_address_and_by_number_however_it_is_written(
    stored_shop: ShopFolder,
) -> None:
    stored_shop.leave_cart()
    stored_shop.leave_cart("bob", email="bob@example.com", phone="+33687654321")
    stored_shop.run("tick")
    for asked in WAYS_TO_WRITE_IT:
        assert stored_shop.run("explain", asked, "--json").json["user_id"] == "ada", asked


def test_who_shares_an_address_is_named_by_id(stored_shop: ShopFolder) -> None:
    stored_shop.leave_cart()
    stored_shop.leave_cart("bob")
    stored_shop.run("tick")
    answer = stored_shop.run("explain", "ada@example.com")
    assert answer.code == 1
    assert "2 customers share ada@example.com: name one by the id (ada, bob)" in answer.err


NOBODY = ("12", "000000", "%@%", "_@_", "a' OR 1=1", "☎ 12345678", "+" * 9, "")


def test_what_names_nobody_finds_nobody(stored_shop: ShopFolder) -> None:
    stored_shop.leave_cart()
    stored_shop.run("tick")
    for asked in NOBODY:
        assert stored_shop.run("explain", asked).code == 1, asked


# ---------------------------------------------------------------- values of customers

WITH_A_GOAL = CART.replace(
    "exit: [{event: Order Completed}]", "goal: {event: Order Completed, value: event.total}"
)


WORTHS: list[tuple[Any, str]] = [
    (80, ", worth 80\n"),
    (1_000_000, ", worth 1,000,000\n"),
    (1e6, ", worth 1,000,000\n"),
    (1234.5, ", worth 1,234.5\n"),
    (1e300, ", worth 1e+300\n"),
    (2**62, ", worth 4,611,686,018,427,387,904\n"),
    ("80.00", ", worth 80.00\n"),
    ("a\nb\x1b[2J", ", worth a b [2J\n"),
    ("9" * 5000, f", worth {'9' * 120}…\n"),
    (True, ", worth true\n"),
    ([1, {"a": None}], ', worth [1, {"a": null}]\n'),
    (None, "reaches the goal: Order Completed\n"),
]


def test_a_goal_s_worth_is_told_whatever_the_shop_sends(stored_shop: ShopFolder) -> None:
    stored_shop.write("journeys/cart.yaml", WITH_A_GOAL)
    at = now() - timedelta(minutes=1)
    for number, (total, _) in enumerate(WORTHS):
        user = f"buyer-{number}"
        stored_shop.ingest(
            identify(user, at),
            track(user, "Product Added", at, price=80),
            track(user, "Order Completed", at + timedelta(seconds=1), total=total),
        )
    assert stored_shop.run("tick").code == 0
    for number, (_, told) in enumerate(WORTHS):
        answer = stored_shop.run("explain", f"buyer-{number}")
        assert answer.code == 0
        assert told in answer.out
        story = stored_shop.run("explain", f"buyer-{number}", "--json").json["story"]
        (line,) = [one for one in story if one["kind"] == "converted"]
        assert told.strip().removeprefix(", ") in line["text"]


def test_traits_of_any_type_are_told_on_one_line(stored_shop: ShopFolder) -> None:
    odd = {
        "first_name": ["Ada", {"x": 1}],
        "last_name": 5,
        "phone": 33612345678.0,
        "email": {"a": "b"},
    }
    stored_shop.ingest(identify("ada", now()) | {"traits": odd})
    stored_shop.run("tick")
    answer = stored_shop.run("explain", "ada")
    assert answer.code == 0
    assert "['Ada', {'x': 1}] 5 · {\"a\": \"b\"} · 33,612,345,678" in answer.out
    assert stored_shop.run("explain", "ada", "--json").json["email"] == {"a": "b"}


def write_decision(shop: ShopFolder, **values: Any) -> None:
    """A row as a later version, or another part of Parcours, may write it."""
    with database_of(shop) as database, database.write() as connection:
        customer = connection.execute(select(CUSTOMERS.c.id)).scalar_one()
        row = {
            "customer_id": customer,
            "at": now(),
            "journey": "cart",
            "step": "",
            "reason": "",
            "detail": {},
        }
        connection.execute(DECISIONS.insert(), [row | values])


@pytest.mark.parametrize(
    ("row", "told"),
    [
        (
            {"kind": "decided_late", "reason": "before Order Completed was known"},
            "decided late: before Order Completed was",
        ),
        ({"kind": "put_off"}, "put off\n"),
        (
            {"kind": "overtaken", "reason": "decided before Paid was known"},
            "cart  decided before Paid was known\n",
        ),
        (
            {"kind": "no_date", "reason": "customer.due is missing"},
            "has no date: customer.due is missing",
        ),
        ({"kind": "waiting", "reason": "no_address"}, "waits: no address to write to yet"),
        ({"kind": "waiting", "reason": "the delay was edited"}, "now waits: the delay was edited"),
        (
            {"kind": "changed", "reason": "by hand", "detail": {"verdict": "x"}},
            "a person settles a message: x",
        ),
        ({"kind": "not_sent", "reason": "moon_phase"}, "the message is not sent: moon phase"),
        (
            {"kind": "deferred", "reason": "moon", "detail": {"until": "soon"}},
            "the message is held back by moon",
        ),
        ({"kind": "waiting", "detail": {"until": 5}}, "waits\n"),
        ({"kind": "changed", "reason": "by hand"}, "a person settles a message: by hand"),
        ({"kind": "changed", "reason": "due later: Mon 10:00"}, "due later: Mon 10:00"),
        ({"kind": "left", "reason": "x", "detail": {"status": "banished"}}, "leaves (x)"),
        ({"kind": "granted", "reason": "voucher"}, "gets a voucher"),
        (
            {"kind": "branched", "reason": "no date in customer.due: x skipped"},
            "goes on: no date in customer.due",
        ),
        ({"kind": "converted", "reason": "Order Completed", "detail": {"value": {}}}, "worth {}"),
    ],
)
def test_kinds_and_reasons_without_words_of_their_own_are_told_all_the_same(
    shop: ShopFolder, row: dict[str, Any], told: str
) -> None:
    shop.leave_cart()
    shop.run("tick")
    write_decision(shop, **row)
    answer = shop.run("explain", "ada")
    assert answer.code == 0
    assert told in answer.out


# ---------------------------------------------------------------- what a decision was about


def test_the_event_that_let_somebody_in_is_named_with_what_it_was_about(
    stored_shop: ShopFolder,
) -> None:
    at = now() - timedelta(minutes=5)
    stored_shop.ingest(
        identify("ada", at),
        track("ada", "Page Liked", at + timedelta(minutes=1), name="Home"),
        track("ada", "Product Added", at + timedelta(minutes=1), name="Lamp", price=149.0),
        track("ada", "Product Added", at + timedelta(minutes=2), name="Stool", price=60),
    )
    stored_shop.run("tick")
    out = stored_shop.run("explain", "ada").out
    assert "cart  enters (Product Added: Lamp, 149)\n" in out
    assert "cart  is not let in (Product Added: Stool, 60): already inside\n" in out


def test_an_answer_is_told_with_its_score_and_a_wait_in_vain_with_what_did_not_come(
    stored_shop: ShopFolder,
) -> None:
    steps = (
        "  - wait_for: {event: Survey Answered, within: 1h, then: [{wait_for: {id: pay, "
        "event: Paid, within: 1h}}]}\n"
    )
    stored_shop.write(
        "journeys/cart.yaml", CART.replace("  - delay: 1h\n  - email: reminder\n", steps)
    )
    at = stored_shop.leave_cart()
    stored_shop.ingest(
        track(
            "ada",
            "Survey Answered",
            at + timedelta(seconds=1),
            survey="nps",
            score=3,
            comment="The oak split",
        )
    )
    stored_shop.run("tick", "--now", (at + timedelta(hours=3)).isoformat())
    out = stored_shop.run("explain", "ada").out
    assert (
        "wait for an event at the end: the wait is over: Survey Answered: nps, 3, “The "
        "oak split” came\n"
    ) in out
    assert "pay: waited in vain: no Paid came in time\n" in out


def test_a_change_of_stage_and_a_person_are_named_as_what_let_somebody_in(
    stored_shop: ShopFolder,
) -> None:
    stored_shop.write(
        "journeys/hello.yaml", "journey: hello\ntrigger: {stage: lead}\nsteps:\n  - sms: nudge\n"
    )
    stored_shop.leave_cart()
    stored_shop.run("tick")
    stored_shop.run("start", "call-back", "ada")
    stored_shop.run("tick")
    out = stored_shop.run("explain", "ada").out
    assert "hello      enters (became lead)\n" in out
    assert "call-back  enters (started by hand)\n" in out


def test_what_is_held_back_for_less_than_a_second_is_held_back_for_a_moment(
    stored_shop: ShopFolder,
) -> None:
    stored_shop.leave_cart()
    stored_shop.run("tick")
    at = now()
    until = (at + timedelta(milliseconds=400)).isoformat()
    write_decision(
        stored_shop, kind="deferred", reason="frequency_cap", at=at, detail={"until": until}
    )
    out = stored_shop.run("explain", "ada").out
    assert "the message is held back for a moment by the frequency cap\n" in out


# ---------------------------------------------------------------- why not

DEAR = CART.replace(
    "{event: Product Added}",
    "{event: Product Added, if: event.price >= 20 and customer.orders == 0}",
)


def test_a_trigger_that_did_not_hold_is_told_with_what_it_read(stored_shop: ShopFolder) -> None:
    stored_shop.write("journeys/cart.yaml", DEAR)
    at = now() - timedelta(minutes=5)
    stored_shop.ingest(
        identify("ada", at),
        track("ada", "Product Added", at + timedelta(minutes=1), name="Cup", price=12),
        track("ada", "Product Added", at + timedelta(minutes=2), name="Bowl"),
        track("ada", "Order Completed", at + timedelta(minutes=3)),
        track("ada", "Product Added", at + timedelta(minutes=4), name="Sofa", price=900),
    )
    stored_shop.run("tick")
    told = [
        line
        for line in stored_shop.run("explain", "ada", "cart").out.splitlines()
        if "is not let in" in line
    ]
    told = [line.split("  cart  ")[1] for line in told]
    assert told[0] == (
        "is not let in (Product Added: Cup, 12): `if` does not hold "
        "(event.price >= 20 and customer.orders == 0; event.price is 12, customer.orders is 0)"
    )
    assert told[1].endswith("; event.price is missing, customer.orders is 0)")
    assert told[2].endswith("; event.price is 900, customer.orders is 1)")
    assert len(told) == 3
    assert (
        "is not let in" not in stored_shop.run("explain", "ada").out
    )  # without a journey nothing is asked


def test_who_was_let_in_is_not_told_why_not(stored_shop: ShopFolder) -> None:
    stored_shop.write("journeys/cart.yaml", DEAR)
    stored_shop.leave_cart()
    stored_shop.run("tick")
    lines = stored_shop.run("explain", "ada", "cart", "--json").json["story"]
    assert [line["kind"] for line in lines if line["journey"]] == ["entered", "waiting"]


def test_history_is_told_to_start_nothing(stored_shop: ShopFolder) -> None:
    at = now() - timedelta(days=30)
    stored_shop.ingest(identify("ada", at), track("ada", "Product Added", at, name="Lamp"))
    stored_shop.run("tick")
    out = stored_shop.run("explain", "ada", "cart").out
    assert "is not let in (Product Added: Lamp): older than `max_age` when it came in" in out


def test_what_never_came_is_named(stored_shop: ShopFolder) -> None:
    stored_shop.ingest(identify("ada", now() - timedelta(minutes=1)))
    stored_shop.run("tick")
    out = stored_shop.run("explain", "ada", "cart").out
    assert "Nothing could let them into cart: there is no Product Added of theirs.\n" in out


def test_a_stage_that_did_not_suffice_is_told(stored_shop: ShopFolder) -> None:
    hello = (
        "journey: hello\ntrigger: {stage: lead, if: customer.plan == 'pro'}\nsteps:\n  - "
        "sms: nudge\n"
    )
    stored_shop.write("journeys/hello.yaml", hello)
    stored_shop.leave_cart()
    stored_shop.run("tick")
    out = stored_shop.run("explain", "ada", "hello").out
    assert (
        "hello  is not let in (became lead): `if` does not hold (customer.plan == 'pro'; "
        "customer.plan is missing)"
    ) in out


def test_a_schedule_that_did_not_mean_somebody_is_told(stored_shop: ShopFolder) -> None:
    hello = (
        "journey: hello\ntrigger: {schedule: '* * * * *', if: customer.plan == 'pro'}\nsteps:\n  - "
        "sms: nudge\n"
    )
    stored_shop.write("journeys/hello.yaml", hello)
    at = now() - timedelta(minutes=3)
    stored_shop.ingest(identify("ada", at, plan="free"))
    stored_shop.run("tick", "--now", (at + timedelta(minutes=5)).isoformat())
    out = stored_shop.run("explain", "ada", "hello").out
    assert out.count(
        "hello  is not let in (its time came): `if` does not hold (customer.plan == 'pro'; "
        "customer.plan is free)"
    ) in (5, 6)  # an instant may fall on the very first


def test_a_time_that_has_not_come_is_told(stored_shop: ShopFolder) -> None:
    text = "journey: news\ntrigger: {once: 2199-01-01 10:00}\nsteps:\n  - sms: nudge\n"
    stored_shop.write("journeys/news.yaml", text)
    stored_shop.ingest(identify("ada", now() - timedelta(minutes=1)))
    stored_shop.run("tick")
    out = stored_shop.run("explain", "ada", "news").out
    told = "it begins once, on 2199-01-01 10:00 in Europe/Paris."
    assert f"Nothing has let them into news so far; {told}\n" in out


def test_what_happened_before_a_journey_ran_is_told_so(stored_shop: ShopFolder) -> None:
    stored_shop.leave_cart()
    stored_shop.run("tick")
    stored_shop.write("journeys/later.yaml", CART.replace("journey: cart", "journey: later"))
    stored_shop.run("tick")
    out = stored_shop.run("explain", "ada", "later").out
    assert (
        "is not let in (Product Added: 80): today's trigger would; when this happened, "
        "the journey did not"
    ) in out


def test_of_many_only_the_newest_are_told_and_the_rest_is_counted(stored_shop: ShopFolder) -> None:
    stored_shop.write("journeys/cart.yaml", DEAR)
    at = now() - timedelta(minutes=50)
    adds = [
        track("ada", "Product Added", at + timedelta(minutes=n), price=n % 20) for n in range(30)
    ]
    stored_shop.ingest(identify("ada", at), *adds)
    stored_shop.run("tick")
    out = stored_shop.run("explain", "ada", "cart").out
    assert "cart  10 times before they were not let in either\n" in out
    assert out.count("is not let in (Product Added") == 20


def test_a_project_with_errors_still_tells_the_story(stored_shop: ShopFolder) -> None:
    stored_shop.leave_cart()
    stored_shop.run("tick")
    stored_shop.write("journeys/lifecycle.yaml", BUYERS_AND_LEADS + "  - [\n")
    answer = stored_shop.run("explain", "ada", "cart")
    assert answer.code == 0
    assert "so its rules cannot be asked: `parcours check`" in answer.err
    assert "enters (Product Added: 80)" in answer.out


def test_a_zone_that_does_not_exist_is_told_with_the_clock_that_holds(
    stored_shop: ShopFolder,
) -> None:
    stored_shop.leave_cart(timezone="Mars/Olympus", phone="+33639981234")
    stored_shop.run("tick")
    told = "This customer lives by the project's clock: Mars/Olympus is no time zone."
    assert f"Times are those of Europe/Paris. {told}" in stored_shop.run("explain", "ada").out
    assert stored_shop.run("explain", "ada", "--json").json["clock"] == told


TEAM = """\
journey: team
trigger: {event: Trial Started, if: 'account.plan == "trial"'}
one_per: account
exit: {event: Order Completed, scope: account}
topic: offers
steps:
  - delay: 1d
  - email: reminder
"""


def test_the_account_of_a_customer_and_what_others_of_it_did_are_told(shop: ShopFolder) -> None:
    shop.write("journeys/team.yaml", TEAM)
    at = now() - timedelta(hours=5)

    def group(user: str, **traits: Any) -> dict[str, Any]:
        told = {"type": "group", "userId": user, "groupId": "acme", "traits": traits}
        return {**told, "timestamp": at.isoformat()}

    shop.ingest(
        group("ada", plan="trial", seats=3),
        group("bob"),
        group("cy"),
        track("bob", "Trial Started", at + timedelta(hours=1)),
        track("ada", "Trial Started", at + timedelta(hours=2)),
        track("cy", "Order Completed", at + timedelta(hours=3), order_id="A7"),
        {**group("cy", plan="paid"), "timestamp": (at + timedelta(hours=3)).isoformat()},
    )
    shop.run("tick")
    answer = shop.run("explain", "ada")
    assert "of the account acme, plan paid, seats 3" in answer.out
    assert "is not let in (Trial Started): already inside: bob, of the same account" in answer.out
    assert shop.run("explain", "ada", "--json").json["account"] == {
        "id": "acme", "plan": "paid", "seats": 3,
    }  # fmt: skip
    left = "leaves (Order Completed: A7, another of the account)"
    assert left in shop.run("explain", "bob").out
    shop.ingest(track("dan", "Trial Started", now()))
    shop.run("tick")
    why = shop.run("explain", "dan", "team").out
    assert '(account.plan == "trial"; account.plan is missing)' in why


def test_who_belongs_to_no_account_is_told_of_none(stored_shop: ShopFolder) -> None:
    stored_shop.leave_cart()
    stored_shop.run("tick")
    assert "account" not in stored_shop.run("explain", "ada").out
    assert stored_shop.run("explain", "ada", "--json").json["account"] is None
