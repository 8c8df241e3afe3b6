"""Yes and no: how answers are read, and what of them holds."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from orchestrator.domain.consent import (
    AddressChoice,
    AddressRecord,
    ConsentAnswer,
    ConsentKey,
    Suppressed,
    address_key,
    address_medium,
    medium_key,
    read_answers,
    read_yes_no,
    topic_key,
    topic_of,
)
from orchestrator.domain.effects import ConsentChange, DecisionKind, Logged
from orchestrator.domain.event import Kind
from orchestrator.domain.medium import Medium
from tests.support.life import START, Life, after_start, instant
from tests.support.project import CONSENTING, read_program

ASKED = '[project]\ntimezone = "UTC"\n[consent]\ndefault = "denied"\n'
NEWS = (
    "journey: news\ntrigger: {event: Joined}\nreentry: always\ntopic: Offers\nsteps:\n  - "
    "email: news\n"
)


def sends(*said: dict[str, Any], toml: str = ASKED) -> list[str]:
    """What goes to somebody who has said these things one hour after the other, and then joins."""
    life = Life(read_program(NEWS, toml=toml))
    for hours, traits in enumerate(said):
        life.identify(f"{hours}h", **traits)
    life.track("10h", "Joined")
    life.run("11h")
    return [template for _, template in life.sends]


def consents(life: Life) -> list[tuple[str, str, bool | None, str]]:
    return [
        (after_start(change.at), change.key, change.choice.granted, change.choice.source)
        for change in life.of(ConsentChange)
    ]


@pytest.mark.parametrize("value", [True, 1, 1.0, "true", "TRUE", "True", "yes", "YES", "Yes"])
def test_these_are_a_yes(value: Any) -> None:
    assert read_yes_no(value) is True
    assert sends({"consent": {"email": value}}) == ["news"]


@pytest.mark.parametrize("value", [False, 0, 0.0, "false", "False", "FALSE", "no", "NO"])
def test_these_are_a_no(value: Any) -> None:
    assert read_yes_no(value) is False
    assert sends({"consent": {"email": True}}, {"consent": {"email": value}}) == []


@pytest.mark.parametrize(
    "value", ["", "maybe", "y", "on", "1", "0", 2, -1, 0.5, "oui", [], ["yes"], {}, {"ok": True}]
)
def test_what_is_neither_counts_as_a_no_for_what_it_names_and_is_told(value: Any) -> None:
    assert read_yes_no(value) is None
    life = Life(read_program(NEWS, toml=CONSENTING))
    life.identify("0h", consent={"email": True, "sms": True})
    life.identify("1h", consent={"email": value})
    life.track("2h", "Joined")
    life.run("3h")
    assert life.decisions(DecisionKind.NOT_SENT) == [("2h", "no_consent")]
    assert consents(life)[2:] == [("1h", "email", False, "identify, which is neither yes nor no")]
    assert life.state.consent["sms"].granted is True


def test_what_cannot_be_read_is_told_also_where_no_was_said_before_and_once_only() -> None:
    life = Life(read_program(NEWS))
    for hour, value in enumerate([False, "maybe", "maybe", False]):
        life.identify(f"{hour}h", consent={"email": value})
    life.run("4h")
    unread = "identify, which is neither yes nor no"
    assert consents(life) == [("0s", "email", False, "identify"), ("1h", "email", False, unread)]


def test_an_answer_older_than_the_one_that_is_known_changes_nothing_and_is_not_told() -> None:
    life = Life(read_program(NEWS, toml=CONSENTING))
    life.identify("2h", consent={"email": True})
    life.run("3h")
    life.identify("1h", consent={"email": False})
    life.run("4h")
    assert consents(life) == [("2h", "email", True, "identify")]
    assert life.state.consent["email"].granted is True


def test_null_takes_a_choice_back_and_the_default_holds() -> None:
    yes, no, back = ({"consent": {"email": value}} for value in (True, False, None))
    assert sends(yes, back) == []
    assert sends(no, back, toml=CONSENTING) == ["news"]
    assert sends(yes, back, yes) == ["news"]


def test_a_choice_that_was_taken_back_is_not_revived_by_an_older_one_that_comes_late() -> None:
    life = Life(read_program(NEWS, toml=ASKED))
    life.identify("2h", consent={"email": None})
    life.run("3h")
    life.identify("1h", consent={"email": True})
    life.track("4h", "Joined")
    life.run("5h")
    assert life.sends == []


@pytest.mark.parametrize("said", [False, "no", 0, "never", dict.fromkeys(Medium, False)])
def test_a_bare_no_refuses_every_medium_and_so_does_what_cannot_be_read(said: Any) -> None:
    life = Life(read_program(NEWS, toml=CONSENTING))
    life.identify("0h", consent=said)
    life.run("1h")
    assert {medium: life.state.chosen(medium) for medium in Medium} == dict.fromkeys(Medium, False)


@pytest.mark.parametrize("said", [True, "yes", 1, [], {}])
def test_a_bare_yes_names_nothing_and_changes_nothing(said: Any) -> None:
    assert read_answers(said) == []
    assert sends({"consent": said}) == []
    assert sends({"consent": {"email": True}}, {"consent": said}) == ["news"]


def test_a_bare_null_takes_the_choices_about_every_medium_back() -> None:
    assert sends({"consent": {"email": True}}, {"consent": None}) == []
    assert sends({"consent": {"email": False}}, {"consent": None}, toml=CONSENTING) == ["news"]


@pytest.mark.parametrize("maps", ["topics", "categoryPreferences"])
def test_topics_are_read_like_media_and_their_case_does_not_count(maps: str) -> None:
    yes = {"consent": {"email": True}}
    for refused in ("no", False, 0, "whatever"):
        assert sends(yes, {"consent": {maps: {"OFFERS": refused}}}) == []
    assert sends(
        yes, {"consent": {maps: {"offers": False}}}, {"consent": {maps: {"Offers": "yes"}}}
    ) == ["news"]
    assert sends(
        yes, {"consent": {maps: {"offers": False}}}, {"consent": {maps: {"Offers": None}}}
    ) == ["news"]
    assert sends(yes, {"consent": {maps: {"Email": "false"}}}) == []


def test_topics_refused_in_one_word_are_all_refused_until_one_is_wanted_again() -> None:
    yes, none = {"consent": {"email": True}}, {"consent": {"topics": False}}
    assert sends(yes, none) == []
    assert sends(yes, none, {"consent": {"topics": {"offers": True}}}) == ["news"]
    assert sends(yes, {"consent": {"topics": {"offers": True}}}, none) == []
    assert sends(yes, none, {"consent": {"topics": None}}) == ["news"]
    assert sends(yes, {"consent": {"topics": []}}) == ["news"]


def test_of_two_answers_in_one_call_the_stricter_holds() -> None:
    assert read_answers({"email": False, "Email": True}) == [ConsentAnswer("email", False)]
    life = Life(read_program(NEWS, toml=ASKED))
    life.tell(
        "0h", Kind.IDENTIFY, "", {"consent": {"email": False}}, context={"consent": {"email": True}}
    )
    life.run("1h")
    assert life.state.chosen("email") is False


@pytest.mark.parametrize("kind", [Kind.IDENTIFY, Kind.GROUP, Kind.TRACK, Kind.PAGE, Kind.SCREEN])
def test_every_call_may_carry_consent_in_its_context(kind: Kind) -> None:
    life = Life(read_program(NEWS, toml=ASKED))
    life.tell(
        "0h",
        kind,
        "Page Viewed",
        {},
        context={"consent": {"categoryPreferences": {"email": "yes"}}},
    )
    life.track("1h", "Joined")
    life.tell("2h", kind, "Page Viewed", {}, context={"consent": {"email": "0"}})
    life.track("3h", "Joined")
    life.run("4h")
    assert life.sends == [("1h", "news")]


def test_rules_and_templates_see_choices_that_are_made_and_topics_in_any_case() -> None:
    life = Life(read_program(NEWS, toml=ASKED))
    life.identify(
        "0h", consent={"email": True, "sms": None, "opens": True, "topics": {"Offers": False}}
    )
    life.run("1h")
    seen = life.state.get("consent", life.state.cursor or life.told[0].at)
    assert seen == {
        "email": True,
        "opens": True,
        "topics": {"offers": False},
    }  # what was taken back is missing
    assert seen["topics"].get("Offers") is False
    assert "OFFERS" in seen["topics"]


@pytest.mark.parametrize("topic", ["", "news"])
def test_of_two_answers_about_an_address_at_one_instant_the_no_holds(topic: str) -> None:
    older = AddressChoice(START, True, topic)
    said = [AddressChoice(instant("1h"), granted, topic) for granted in (True, False)]
    for choices in permutations([older, *said]):
        assert AddressRecord("", choices).refused_at(topic, instant("1h")) == instant("1h")


def test_what_is_said_of_an_address_holds_from_its_instant_on() -> None:
    record = AddressRecord("", (AddressChoice(instant("1h"), False),))
    assert record.refused_at("", instant("59m")) is None
    assert record.refused_at("", instant("1h")) == instant("1h")
    assert record.refused_at("news", instant("1h")) is None


def test_what_a_key_is_about_is_read_as_it_was_written() -> None:
    assert topic_of(topic_key(" Offers: new ")) == "offers: new"
    for medium in Medium:
        assert address_medium(address_key(medium)) is medium
        assert (topic_of(medium_key(medium)), address_medium(medium_key(medium))) == (None, None)


def test_what_is_suppressed_is_an_address_in_any_case_or_a_customer() -> None:
    assert Suppressed.of_address("email", "Ada@Example.com") == ("email", "ada@example.com")
    assert Suppressed.of_customer(7) == ("marketing", "customer:7")


@pytest.mark.parametrize(
    ("step", "key", "granted"),
    [
        ("subscribe: {channel: email}", "email", True),
        ("unsubscribe: {channel: sms}", "sms", False),
        ("unsubscribe: Offers", "topic:offers", False),
    ],
)
def test_a_step_speaks_of_a_topic_or_of_all_messages_of_a_medium(
    step: str, key: str, granted: bool
) -> None:
    journey = f"journey: choose\ntrigger: {{event: Joined}}\nsteps:\n  - {step}\n"
    life = Life(read_program(journey, toml=ASKED))
    life.track("1h", "Joined")
    life.run("2h")
    assert consents(life) == [("1h", key, granted, "journey choose")]
    assert life.state.chosen(ConsentKey(key)) is granted
    (logged,) = life.of(Logged)
    said = read_answers(logged.event.properties["consent"])
    assert said == [ConsentAnswer(ConsentKey(key), granted)]
