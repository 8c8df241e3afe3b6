"""`parcours status`, `messages` and the health cards: what is, and what a person has to settle."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from orchestrator.language.project import load_project
from orchestrator.measure.health_cards import channel_card, journey_card
from orchestrator.measure.recent_trouble import late_messages, late_steps, read_failures
from orchestrator.store import settings
from orchestrator.store.opens import OpenedMail, add_opens
from orchestrator.store.tables import MESSAGES
from tests.cli.conftest import ShopFolder, database_of, identify, now


def send_one(shop: ShopFolder, user: str = "ada") -> str:
    """A message that left; its id."""
    at = shop.leave_cart(user)
    shop.run("tick", "--now", (at + timedelta(hours=2)).isoformat())
    return str(shop.run("messages", "list", "--json").json[0]["public_id"])


def lose_the_answer(shop: ShopFolder) -> None:
    """As when a process died in the middle of sending: nobody knows what became of the messages."""
    with database_of(shop) as database, database.write() as connection:
        connection.execute(MESSAGES.update().values(state="unknown", reason="the process ended"))


def hold(shop: ShopFolder, kind: str, name: str) -> None:
    with database_of(shop) as database, database.write() as connection:
        settings.write_gates(connection, kind, {name: "on hold in Prefect"}, now())


def test_an_empty_project_stands_at_nothing(stored_shop: ShopFolder) -> None:
    answer = stored_shop.run("status")
    assert answer.code == 0
    assert "0 customers; the last tick: never" in answer.out
    assert "While `parcours up` runs" not in answer.out  # it never did


def test_people_messages_and_the_inbox_are_counted(stored_shop: ShopFolder) -> None:
    stored_shop.leave_cart("bob")
    assert stored_shop.run("status", "--json").json["inbox"] == 2
    stored_shop.run("tick")
    found = stored_shop.run("status", "--json").json
    assert found["stages"] == {"lead": 1}
    assert {one["id"]: one["inside"] for one in found["journeys"]} == {"cart": 1, "call-back": 0}
    send_one(stored_shop)
    assert stored_shop.run("status", "--json").json["messages"] == {"email": {"accepted": 2}}


def test_who_entered_lately_is_told_in_the_words_of_results(stored_shop: ShopFolder) -> None:
    send_one(stored_shop)
    assert stored_shop.run("status", "--json").json["lately"] == {
        "cart": {"entered": 1, "held_out": 0, "reached": 1, "converted": 0}
    }
    assert "ENTERED IN 30 DAYS  ENTERED  HELD OUT  REACHED" in stored_shop.run("status").out


def test_what_is_held_is_named_with_its_reason(stored_shop: ShopFolder) -> None:
    hold(stored_shop, "journey", "cart")
    out = stored_shop.run("status").out
    (line,) = [line for line in out.splitlines() if line.startswith("cart")]
    assert line.endswith("on hold in Prefect")


def test_a_project_with_errors_still_says_how_things_stand(stored_shop: ShopFolder) -> None:
    stored_shop.leave_cart()
    stored_shop.run("tick")
    stored_shop.write("journeys/cart.yaml", "journey: [")
    answer = stored_shop.run("status")
    assert answer.code == 0
    assert "problem in the project: `parcours check`" in answer.err
    assert any(line.split()[:2] == ["cart", "1"] for line in answer.out.splitlines())


def test_rejected_calls_are_counted_by_reason(stored_shop: ShopFolder) -> None:
    stored_shop.run("ingest", stored_shop.write("calls.jsonl", "no json\n"))
    assert "1 call rejected: invalid_json" in stored_shop.run("status").out


def test_what_hangs_in_the_air_is_named_with_the_command_that_settles_it(
    stored_shop: ShopFolder,
) -> None:
    public_id = send_one(stored_shop)
    lose_the_answer(stored_shop)
    out = stored_shop.run("status").out
    assert "1 message in the air" in out
    assert f"parcours messages settle {public_id} --sent" in out


@pytest.mark.parametrize(
    ("verdict", "state"), [("--sent", "accepted"), ("--again", "queued"), ("--drop", "not_sent")]
)
def test_a_person_settles_what_hangs_in_the_air_and_it_is_noted(
    stored_shop: ShopFolder, verdict: str, state: str
) -> None:
    public_id = send_one(stored_shop)
    lose_the_answer(stored_shop)
    assert stored_shop.run("messages", "settle", public_id, verdict).code == 0
    (message,) = stored_shop.run("messages", "list", "--json").json
    assert (message["state"], message["reason"]) == (state, "by hand")
    assert "a person settles a message" in stored_shop.run("explain", "ada").out


def test_what_is_queued_again_leaves_once_more(stored_shop: ShopFolder) -> None:
    public_id = send_one(stored_shop)
    for path in (stored_shop.folder / "var/mailbox/new").iterdir():
        path.unlink()
    lose_the_answer(stored_shop)
    stored_shop.run("messages", "settle", "--all-unknown", "--again")
    report = stored_shop.run(
        "tick", "--now", (now() + timedelta(hours=3)).isoformat(), "--json"
    ).json
    assert report["channels"]["email"]["sent"] == 1
    assert [path.name for path in (stored_shop.folder / "var/mailbox/new").iterdir()] == [public_id]


def test_only_unknown_messages_are_settled(stored_shop: ShopFolder) -> None:
    public_id = send_one(stored_shop)
    answer = stored_shop.run("messages", "settle", public_id, "not-an-id", "--again")
    assert answer.code == 1
    assert f"{public_id} is accepted, not unknown: left alone" in answer.err
    assert "there is no message not-an-id" in answer.err
    assert stored_shop.run("messages", "list", "--json").json[0]["state"] == "accepted"


@pytest.mark.parametrize(
    "arguments", [["x"], ["x", "--sent", "--drop"], ["--sent"], ["x", "--all-unknown", "--sent"]]
)
def test_a_verdict_and_its_messages_must_be_clear(shop: ShopFolder, arguments: list[str]) -> None:
    assert shop.run("messages", "settle", *arguments).code == 2


def test_messages_are_listed_by_state_and_journey(stored_shop: ShopFolder) -> None:
    send_one(stored_shop)

    def count(*options: str) -> int:
        return len(stored_shop.run("messages", "list", "--json", *options).json)

    assert (count(), count("--state", "accepted"), count("--state", "queued")) == (1, 1, 0)
    assert (count("--journey", "cart"), count("--journey", "call-back")) == (1, 0)
    assert stored_shop.run("messages", "list", "--state", "sleeping").code == 2


def test_the_health_cards_say_where_people_stand_and_what_became_of_messages(
    stored_shop: ShopFolder,
) -> None:
    journey = load_project(stored_shop.folder, {}).journeys["cart"]
    stored_shop.leave_cart("bob")
    stored_shop.run("tick")
    with database_of(stored_shop) as database:
        card = journey_card(database, journey, now())
        assert "`parcours results cart`" in card
    assert card.startswith("# Cart reminder\n\n1 inside\n")
    assert "| delay-before-reminder | 1 |" in card
    send_one(stored_shop)
    hold(stored_shop, "channel", "email")
    with database_of(stored_shop) as database:
        soon, later = now() + timedelta(hours=2), now() + timedelta(days=2)
        assert "| people reached | 2 |" in journey_card(database, journey, soon)
        assert "| messages sent | 2 |" in journey_card(database, journey, soon)
        assert "| messages sent | 0 |" in journey_card(database, journey, later)
        channel = channel_card(database, "email", {}, soon)
        assert "| messages sent | 0 |" in channel_card(database, "email", {}, later)
    assert channel.startswith("# Deliveries by email\n\nno message due, held: on hold in Prefect\n")
    assert "| messages sent | 2 |" in channel


def test_a_health_card_says_what_is_due_since_when_and_why_others_got_nothing(
    stored_shop: ShopFolder,
) -> None:
    journey = load_project(stored_shop.folder, {}).journeys["cart"]
    stored_shop.leave_cart("bob")
    stored_shop.run("tick")
    with database_of(stored_shop) as database:
        card = journey_card(database, journey, now() + timedelta(hours=3))
    assert "1 step due, the oldest since" in card
    assert "| outcome unknown | 0 |" in card


def test_the_failures_of_the_last_day_are_read_from_the_ledger_with_what_helps(
    stored_shop: ShopFolder,
) -> None:
    message = send_one(stored_shop)
    after = now() + timedelta(hours=3)

    def fail(**values: object) -> list[tuple[str, str, str]]:
        with database_of(stored_shop) as database:
            with database.write() as connection:
                connection.execute(MESSAGES.update().values(**values))
            found = read_failures(database, "email", after)
            assert read_failures(database, "sms", after) == []
            assert read_failures(database, "email", after + timedelta(days=1)) == []
        return [(one.message_id, one.outcome, one.help) for one in found]

    assert fail(state="accepted") == []
    listed = "parcours messages list --journey cart --state rejected"
    assert fail(state="rejected") == [(message, "rejected", listed)]
    settle = f"look at the provider, then parcours messages settle {message}"
    assert fail(state="unknown") == [(message, "unknown", settle)]
    again = "nothing to do: tried again by itself"
    assert fail(state="queued", attempts=1) == [(message, "to be tried again", again)]
    assert fail(state="queued", attempts=0) == []


def test_steps_are_late_since_they_were_due_unless_their_journey_is_held(
    stored_shop: ShopFolder,
) -> None:
    stored_shop.leave_cart("bob")
    stored_shop.run("tick")
    with database_of(stored_shop) as database:
        assert late_steps(database, "cart", now()) == timedelta(0)
        assert late_steps(database, "cart", now() + timedelta(days=1)) > timedelta(hours=12)
    hold(stored_shop, "journey", "cart")
    with database_of(stored_shop) as database:
        assert late_steps(database, "cart", now() + timedelta(days=1)) == timedelta(0)


def test_messages_are_late_since_they_could_leave_unless_their_channel_is_held(
    stored_shop: ShopFolder,
) -> None:
    send_one(stored_shop)
    with database_of(stored_shop) as database, database.write() as connection:
        connection.execute(MESSAGES.update().values(state="queued", not_before=now()))
    with database_of(stored_shop) as database:
        late = late_messages(database, "email", now() + timedelta(days=1))
        assert timedelta(hours=23) < late < timedelta(hours=25)
    hold(stored_shop, "channel", "email")
    with database_of(stored_shop) as database:
        assert late_messages(database, "email", now() + timedelta(days=1)) == timedelta(0)


def test_it_says_where_up_answered_last(stored_shop: ShopFolder) -> None:
    with database_of(stored_shop) as database, database.write() as connection:
        settings.write(connection, settings.BASE_URL, "http://127.0.0.1:8471")
    assert (
        "While `parcours up` runs, http://127.0.0.1:8471 leads to" in stored_shop.run("status").out
    )
    assert stored_shop.run("status", "--json").json["home"] == "http://127.0.0.1:8471"


def test_what_the_policy_said_no_to_is_counted_with_its_reasons(stored_shop: ShopFolder) -> None:
    at = stored_shop.leave_cart("ada", consent={})
    stored_shop.leave_cart("bob", consent={})
    stored_shop.leave_cart("cyd", email=None)
    stored_shop.leave_cart("dan")
    report = stored_shop.run("tick", "--now", (at + timedelta(hours=2)).isoformat(), "--json").json
    assert report["journeys"]["cart"]["not_sent"] == 3
    answer = stored_shop.run("status", "--json").json
    assert answer["not_sent"] == {"email": {"no_consent": 2, "no_address": 1}}
    out = stored_shop.run("status").out.splitlines()
    assert ["email", "0", "1", "3", "0", "0", "-"] in [line.split() for line in out]
    place = next(number for number, line in enumerate(out) if "WHY NOT SENT" in line)
    assert [line.split() for line in out[place + 1 : place + 3]] == [
        ["email", "no", "consent", "2"],
        ["email", "no", "address", "to", "write", "to", "1"],
    ]


def test_what_was_refused_at_the_last_moment_is_counted_once(stored_shop: ShopFolder) -> None:
    at = stored_shop.leave_cart()
    stored_shop.run("tick", "--now", (at + timedelta(hours=2)).isoformat())
    with database_of(stored_shop) as database, database.write() as connection:
        connection.execute(
            MESSAGES.update().values(state="queued", leased_at=None, settled_at=None)
        )
    stored_shop.ingest(identify("ada", at + timedelta(minutes=90), consent={"email": False}))
    stored_shop.run("tick", "--now", (at + timedelta(hours=3)).isoformat())
    assert stored_shop.run("status", "--json").json["not_sent"] == {"email": {"no_consent": 1}}
    (row,) = stored_shop.run("messages", "list", "--state", "not-sent", "--json").json
    assert row["public_id"]


def test_what_a_step_that_is_gone_did_not_send_is_counted_too(stored_shop: ShopFolder) -> None:
    at = stored_shop.leave_cart("ada", consent={})
    stored_shop.run("tick", "--now", (at + timedelta(hours=2)).isoformat())
    (stored_shop.folder / "journeys/cart.yaml").unlink()
    assert stored_shop.run("status", "--json").json["not_sent"] == {"": {"no_consent": 1}}
    assert "of steps that are gone  no consent           1" in stored_shop.run("status").out


@pytest.mark.parametrize("word", ["sent", "SENT", "accepted"])
def test_messages_are_listed_by_the_words_of_status(stored_shop: ShopFolder, word: str) -> None:
    send_one(stored_shop)
    assert len(stored_shop.run("messages", "list", "--state", word, "--json").json) == 1
    for other in ("queued", "NOT SENT", "not-sent", "not_sent", "failed", "UNKNOWN"):
        assert stored_shop.run("messages", "list", "--state", other, "--json").json == []


def test_what_was_not_sent_is_listed_with_who_and_why_though_it_never_became_a_message(
    stored_shop: ShopFolder,
) -> None:
    at = stored_shop.leave_cart("ada", consent={})
    stored_shop.run("tick", "--now", (at + timedelta(hours=2)).isoformat())
    (row,) = stored_shop.run("messages", "list", "--state", "not-sent", "--json").json
    told = [
        row[name]
        for name in ("external_id", "journey", "step", "medium", "template", "state", "reason")
    ]
    assert told == ["ada", "cart", "reminder", "email", "reminder", "not_sent", "no_consent"]
    assert (
        stored_shop.run("messages", "list", "--state", "not-sent", "--journey", "call-back").out
        == "No messages.\n"
    )


def test_a_state_that_no_message_is_ever_in_is_answered_by_those_there_are(
    stored_shop: ShopFolder,
) -> None:
    answer = stored_shop.run("messages", "list", "--state", "snet")
    assert answer.code == 2
    assert "no message is ever 'snet'; did you mean 'sent'?" in answer.err


def test_times_are_those_of_the_project_everywhere(stored_shop: ShopFolder) -> None:
    send_one(stored_shop)
    local = now().astimezone(ZoneInfo("Europe/Paris"))
    (first, *_) = stored_shop.run("status").out.splitlines()
    assert "Europe/Paris" in first
    assert f"{local + timedelta(hours=2):%a %Y-%m-%d}" in first
    assert "DECIDED (Europe/Paris)" in stored_shop.run("messages", "list").out


def test_opens_that_are_counted_without_persons_are_told(stored_shop: ShopFolder) -> None:
    stored_shop.begin()
    with database_of(stored_shop) as database, database.write() as transaction:
        add_opens(transaction, {OpenedMail("cart", "reminder", "cart-reminder"): 12}, now())
    told = " ".join(stored_shop.run("status").out.split())
    assert "OPENS, WITHOUT PERSONS MAIL OPENS cart cart-reminder 12" in told
    assert stored_shop.run("status", "--json").json["opens"] == [["cart", "cart-reminder", 12]]


def test_people_inside_a_journey_without_a_file_are_told_to_stand(stored_shop: ShopFolder) -> None:
    stored_shop.leave_cart()
    stored_shop.run("tick")
    (stored_shop.folder / "journeys/cart.yaml").unlink()
    found = stored_shop.run("status", "--json").json["journeys"]
    held = {one["id"]: (one["inside"], one["held"]) for one in found}
    assert held["cart"] == (1, "has no file any more")
    assert held["call-back"] == (0, "")
