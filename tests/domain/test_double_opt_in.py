"""Double opt-in: a yes is asked until a person confirms it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from orchestrator.domain.consent import ConsentKey
from orchestrator.domain.effects import ConsentChange, Emitted
from orchestrator.domain.event import Kind
from orchestrator.language.program_building import build_program
from orchestrator.trial.rehearsal import rehearse
from tests.support.life import Life, after_start
from tests.support.project import read_program, read_project

TOML = '[project]\ntimezone = "UTC"\n[consent]\ndouble_opt_in = ["email"]\n'
NEWS = """\
journey: news
trigger: {event: Joined}
reentry: always
steps:
  - email: news
"""
YES: dict[str, Any] = {"consent": {"email": True}}
NO: dict[str, Any] = {"consent": {"email": False}}
PAGE = (Path(__file__).parents[2] / "docs/consent.md").read_text("utf-8")


def life(toml: str = TOML) -> Life:
    return Life(read_program(NEWS, toml=toml))


def confirm(one: Life, at: str, **more: Any) -> None:
    properties = {"channel": "email", "email_id": "m1", "journey": "ask"}
    one.tell(at, Kind.EMITTED, "Consent Confirmed", {**properties, **more})


def asked(one: Life) -> list[str]:
    told = (e.event for e in one.of(Emitted) if e.event.name == "Consent Asked")
    return [after_start(event.at) for event in told]


def changes(one: Life) -> list[tuple[str, str, bool | None, str]]:
    return [
        (after_start(change.at), change.key, change.choice.granted, change.choice.source)
        for change in one.of(ConsentChange)
    ]


def test_a_yes_counts_from_the_moment_at_which_it_is_confirmed() -> None:
    ada = life()
    ada.identify("1h", **YES)
    ada.track("2h", "Joined")
    ada.identify("3h", **YES)
    confirm(ada, "4h")
    ada.track("5h", "Joined")
    ada.identify("6h", **YES)
    ada.run("7h")
    assert ada.sends == [("5h", "news")]
    assert asked(ada) == ["1h"]
    assert changes(ada) == [
        ("1h", "asked:email", True, "identify"),
        ("4h", "email", True, "confirmed, message m1"),
    ]
    proof = ada.of(ConsentChange)[-1].proof
    assert proof == {"channel": "email", "email_id": "m1", "journey": "ask"}


def test_an_older_no_holds_while_a_yes_is_asked_and_a_newer_one_ends_the_asking() -> None:
    ada = life()
    for hours, said in enumerate((NO, YES, YES, NO, YES)):
        ada.identify(f"{hours}h", **said)
        ada.track(f"{hours}h 30m", "Joined")
    ada.run("10h")
    assert ada.sends == []
    assert asked(ada) == ["1h", "4h"]
    confirm(ada, "11h")
    ada.track("12h", "Joined")
    ada.run("13h")
    assert ada.sends == [("12h", "news")]


def test_who_is_asked_gets_nothing_even_where_silence_means_yes() -> None:
    ada = life(f'{TOML}default = "granted"\n')
    ada.track("0h", "Joined")
    ada.identify("1h", **YES)
    ada.track("2h", "Joined")
    ada.run("3h")
    assert ada.sends == [("0s", "news")]


def test_other_media_and_topics_need_no_confirmation() -> None:
    ada = life()
    ada.identify("1h", consent={"sms": True, "topics": {"news": True}, "opens": True})
    ada.run("2h")
    assert asked(ada) == []
    assert ada.state.chosen(ConsentKey("sms")) is True


def test_an_event_of_that_name_from_elsewhere_confirms_nothing() -> None:
    ada = life()
    ada.identify("1h", **YES)
    ada.track("2h", "Consent Confirmed", channel="email")
    confirm(ada, "3h", channel="pigeon")
    ada.run("4h")
    assert ada.state.chosen(ConsentKey("email")) is None
    consent = ada.state.get("consent", ada.state.cursor)
    assert isinstance(consent, dict)
    assert (consent["asked"], consent.get("email")) == (["email"], None)


def test_a_yes_that_comes_late_is_asked_once_and_asks_nobody_who_said_no_since() -> None:
    ada = life()
    ada.track("3h", "Joined")
    ada.run("3h")
    ada.identify("1h", **YES)
    ada.run("4h", late=True)
    assert asked(ada) == ["1h"]
    ada.identify("5h", **NO)
    ada.run("5h")
    ada.identify("4h 30m", **YES)
    ada.run("6h", late=True)
    assert asked(ada) == ["1h"]


def test_a_message_that_waits_for_consent_leaves_when_it_is_confirmed() -> None:
    ada = life()
    ada.track("1h", "Joined")
    ada.identify("1h 1m", **YES)
    confirm(ada, "1h 3m")
    ada.run("2h")
    assert ada.sends == [("1h 3m", "news")]


@pytest.mark.parametrize("number", [0, 1])
def test_the_journey_of_the_page_about_consent_does_as_its_tests_say(number: int) -> None:
    (journey,) = re.findall(r"```yaml\n(journey: confirm.*?)```", PAGE, re.DOTALL)
    project = read_project(journey, toml=TOML)
    (test, told) = project.tests["confirm-subscription"][number], project.journeys
    done = rehearse(build_program(project), told["confirm-subscription"], test)
    assert done.passed, str(done)
