"""`[never]`: marketing is held back while a rule holds, and leaves when it no longer does."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.domain.effects import Decision, DecisionKind
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import Purpose
from orchestrator.domain.reasons import Reason
from orchestrator.domain.release import Letter, Queued, ask
from orchestrator.domain.release_answers import Later
from orchestrator.language.project import read_project
from tests.support.life import Life, instant
from tests.support.project import CONSENTING, LIFECYCLE, read_program, write_project

NEWS = """\
journey: news
trigger: {event: Joined}
steps:
  - email: news
  - delay: 1h
  - email: more
"""


def life(*rules: str, journey: str = NEWS) -> Life:
    toml = f"{CONSENTING}[never]\nrules = {list(rules)}\n"
    return Life(read_program(journey, toml=toml, lifecycle=LIFECYCLE))


def held(one: Life) -> list[tuple[str, str | None]]:
    return [
        (str(d.kind), d.detail.get("condition"))
        for d in one.of(Decision)
        if d.kind in (DecisionKind.DEFERRED, DecisionKind.EXPIRED)
    ]


def test_marketing_waits_while_a_rule_holds_and_leaves_at_the_news_that_ends_it() -> None:
    ada = life("customer.open_ticket", "customer.stage == 'loyal'")
    ada.identify("1h", open_ticket=True)
    ada.track("2h", "Joined")
    ada.identify("3h", city="Lyon")
    ada.identify("5h", open_ticket=False)
    ada.run("10d")
    assert ada.sends == [("5h", "news"), ("6h", "more")]
    assert held(ada) == [("deferred", "customer.open_ticket")]


def test_a_message_that_is_held_back_for_too_long_expires_and_the_journey_goes_on() -> None:
    ada = life("customer.open_ticket")
    ada.identify("1h", open_ticket=True)
    ada.track("2h", "Joined")
    ada.identify("74h 30m", open_ticket=False)
    ada.run("10d")
    assert ada.sends == [("3d 3h", "more")]
    assert held(ada)[-1] == ("expired", "customer.open_ticket")


@pytest.mark.parametrize(
    "rule",
    [
        "days_since(customer.complained_at) < 2",
        'performed("Complained", within="2d")',
        "customer.complaints_2d >= 1",
        'in_segment("angry")',
    ],
)
def test_a_rule_that_time_ends_lets_go_at_that_very_instant(rule: str) -> None:
    toml = f"{CONSENTING}[never]\nrules = ['{rule}']\n"
    facts = LIFECYCLE.replace(
        "facts:\n",
        "facts:\n  complaints_2d: {count: Complained, within: 2d}\n"
        "  complained_at: {last: Complained}\n",
    )
    segments = "segments: {angry: customer.complaints_2d >= 1}\n"
    ada = Life(read_program(NEWS, toml=toml, lifecycle=facts, segments=segments))
    ada.track("1h", "Complained")
    ada.track("2h", "Joined")
    ada.run("10d")
    assert ada.sends == [("2d 1h", "news"), ("2d 2h", "more")]


def test_what_a_customer_must_be_told_is_not_held_back() -> None:
    ada = life("true", journey=f"{NEWS}purpose: transactional\n")
    ada.track("2h", "Joined")
    ada.run("10d")
    assert [template for _, template in ada.sends] == ["news", "more"]


def test_a_queued_message_is_asked_about_each_hour() -> None:
    ada = life("customer.open_ticket")
    ada.track("2h", "Joined")
    ada.identify("2h 30m", open_ticket=True)
    ada.run("2h 30m")
    (enrollment,) = ada.state.enrollments
    letter = Letter(enrollment, Medium.EMAIL, Purpose.MARKETING, "news", Queued(None))
    answer = ask(ada.program, ada.state, letter, instant("2h 30m"))
    detail = {"condition": "customer.open_ticket"}
    assert answer == Later(instant("3h 30m"), Reason.NEVER, detail=detail)


def test_a_rule_that_names_what_does_not_exist_is_refused_at_its_line(tmp_path: Path) -> None:
    toml = f"{CONSENTING}[never]\nrules = [\"in_segment('angry')\", 'now']\n"
    write_project(tmp_path, NEWS, toml=toml, segments="segments: {vip: customer.orders >= 2}\n")
    line = len(toml.splitlines())
    assert [str(problem) for problem in read_project(tmp_path, {})[1]] == [
        f"parcours.toml:{line}:1: there is no segment 'angry' (known: vip)",
        f"parcours.toml:{line}:1: here `now` can only be compared: `customer.trial_ends_at <= now`",
    ]
