"""One message by the first of several channels: chosen once, deferred and never changed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.medium import Medium
from orchestrator.domain.steps.message_step import QueueMessage
from orchestrator.language.journeys import read_journey
from orchestrator.language.place import Known
from tests.support.life import ADA, Life
from tests.support.project import CONSENTING, read_program

NEWS = """
journey: news
trigger: {event: A}
%s
steps:
  - {first_of: [sms, email], template: hello}
  - delay: 1h
  - email: end
"""
ASKED = '[project]\ntimezone = "UTC"\n[consent]\ndefault = "denied"\n'
QUIET = CONSENTING + '[quiet_hours]\nsms = {from = "09:00", to = "18:00"}\n'
TICKS = [None, timedelta(minutes=3), timedelta(days=2)]


def live(toml: str = CONSENTING, head: str = "", **traits: object) -> Life:
    life = Life(read_program(NEWS % head, toml=toml), traits=traits or None)
    life.track("0h", "A")
    return life


def run(life: Life, every: timedelta | None = None) -> list[tuple[str, str]]:
    """What was sent of the step itself: (when, medium)."""
    if every is None:
        life.run("20d")
    else:
        life.run_in_ticks(every, "20d")
    queued = [one for one in life.of(QueueMessage) if one.step.template == "hello"]
    return [
        (at, str(one.step.medium))
        for (at, template), one in zip(life.sends, life.of(QueueMessage), strict=True)
        if template == "hello" and one in queued
    ]


def not_sent(life: Life) -> list[tuple[str, str]]:
    return [one for one in life.decisions(DecisionKind.NOT_SENT) if one[0] != "1h"]


@pytest.mark.parametrize("every", TICKS)
@pytest.mark.parametrize(
    ("traits", "medium"),
    [
        (ADA, "sms"),
        ({"email": "ada@example.com"}, "email"),
        ({"email": "ada@example.com", "phone": "none"}, "email"),
        ({**ADA, "consent": {"sms": False}}, "email"),
        ({**ADA, "consent": {"email": False}}, "sms"),
    ],
)
def test_the_first_channel_with_an_address_and_consent_is_taken(
    every: timedelta | None, traits: dict[str, object], medium: str
) -> None:
    assert run(live(**traits), every) == [("0s", medium)]


@pytest.mark.parametrize(
    ("consent", "medium"),
    [({}, "whatsapp"), ({"whatsapp": False}, "sms"), ({"whatsapp": False, "sms": False}, "email")],
)
def test_one_number_may_be_reached_by_one_medium_and_not_by_another(
    consent: dict[str, bool], medium: str
) -> None:
    text = (NEWS % "").replace("[sms, email]", "[whatsapp, sms, email]")
    life = Life(read_program(text), traits={**ADA, "consent": consent})
    life.track("0h", "A")
    assert run(life) == [("0s", medium)]


def test_a_yes_to_a_later_channel_goes_before_silence_about_an_earlier_one() -> None:
    assert run(live(ASKED, **ADA, consent={"email": True})) == [("0s", "email")]


def test_without_consent_to_any_it_is_not_sent_at_once() -> None:
    life = live(ASKED, **ADA)
    life.identify("1m", consent={"sms": True})
    assert run(life) == []
    assert not_sent(life) == [("0s", "no_consent")]


@pytest.mark.parametrize("every", TICKS)
def test_where_no_channel_has_an_address_it_waits_for_one(every: timedelta | None) -> None:
    life = live()
    life.identify("2m", email="ada@example.com")
    life.identify("3m", phone=ADA["phone"])
    assert run(life, every) == [("2m", "email")]
    assert ("1h", "end") in life.sends


def test_after_the_first_minutes_it_is_not_sent_for_want_of_an_address() -> None:
    life = live()
    assert run(life) == []
    assert not_sent(life) == [("5m", "no_address")]


@pytest.mark.parametrize("every", TICKS)
def test_quiet_hours_defer_it_and_never_change_it(every: timedelta | None) -> None:
    life = live(QUIET, **ADA)
    assert run(life, every) == [("8h", "sms")]
    assert life.sends[-1] == ("9h", "end")
    assert life.state.enrollments == [] or life.state.enrollments[0].kept is None


def test_a_channel_that_is_free_again_does_not_change_what_was_chosen() -> None:
    life = live(QUIET, email="ada@example.com", phone=ADA["phone"])
    life.identify("1h", phone=None)
    assert run(life) == []
    assert not_sent(life) == [("8h", "no_address")]
    again = live(QUIET, **ADA)
    again.identify("1h", consent={"sms": False})
    assert run(again) == []
    assert not_sent(again) == [("8h", "no_consent")]


def test_each_entry_chooses_anew() -> None:
    life = live(head="reentry: always", email="ada@example.com")
    life.identify("2d", phone=ADA["phone"])
    life.track("3d", "A")
    assert run(life) == [("0s", "email"), ("3d", "sms")]


def test_an_only_if_that_does_not_hold_lets_go_whatever_the_channel() -> None:
    life = live(head="only_if: customer.blocked is not defined", **ADA)
    life.identify("0h", blocked=True)
    assert run(life) == []


def test_to_the_control_group_nothing_is_sent() -> None:
    life = live(head="holdout: 100%", **ADA)
    assert run(life) == []
    assert len(life.decisions(DecisionKind.HELD_OUT)) == 2


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("{first_of: [sms], template: hello}", "`first_of` needs at least 2 entries"),
        ("{first_of: [sms, sms], template: hello}", "`sms` stands here twice"),
        ("{first_of: [sms, email]}", "`template` is missing here"),
        ("{first_of: [sms, email], template: hallo}", "template 'sms/hallo' not found"),
        ("{first_of: [sms, email], template: mail}", "template 'sms/mail' not found"),
        (
            "{first_of: [sms, fax], template: hello}",
            "each entry of `first_of` is one of whatsapp, sms, email",
        ),
    ],
)
def test_a_choice_that_cannot_be_meant_is_refused(step: str, said: str) -> None:
    text = f"journey: news\ntrigger: {{event: A}}\nsteps:\n  - {step}\n"
    document, problems = read_yaml(text, "news.yaml")
    media = [(Medium.EMAIL, "hello"), (Medium.SMS, "hello"), (Medium.EMAIL, "mail")]
    read_journey(document, Known(templates=frozenset(media)), problems)
    assert any(said in problem.message for problem in problems), problems
