"""What `up` tells: deployments for the Prefect UI, days of the demo, trouble."""

from __future__ import annotations

import io
from pathlib import Path

from rich.console import Console

from flows.gate import GateKind
from flows.project_deployments import describe_project
from orchestrator.domain.journey import Journey
from orchestrator.engine.report import ChannelTally, Failure, JourneyTally, TickReport
from orchestrator.language.project import load_project
from orchestrator.live.terminal import DayBook, Terminal, describe_trouble

FAILURE = Failure(
    "m1", "welcome", "hello", "rejected", "550", "no such mailbox", "parcours messages list"
)


def test_each_journey_and_each_channel_has_a_deployment_with_its_steps_and_text(
    shop: Path,
) -> None:
    found = load_project(shop, {})
    specs = {spec.name: spec for spec in describe_project(found)}
    assert specs.keys() == found.journeys.keys() | {"email", "sms"}
    for journey in found.journeys.values():
        assert_shows(specs[journey.id].steps, journey)
        assert (specs[journey.id].version, specs[journey.id].yaml) == (
            journey.version,
            journey.source,
        )
    facts = {row.name: row.does for row in specs["sms"].steps}
    assert facts == {
        "adapter": "`mailbox`",
        "caps": "1 in 1 d; 2 in 7 d",
        "quiet hours": "20:00 to 08:00 and on sun",
        "only to": "all",
    }
    assert specs["email"].kind is GateKind.DELIVERIES


def assert_shows(rows: object, journey: Journey) -> None:
    assert isinstance(rows, tuple)
    steps = [row for row in rows if row.name.startswith("`")]
    assert [row.name for row in steps] == [f"`{step}`" for step in journey.by_id]
    kinds = {row.kind for row in rows if row not in steps}
    assert "trigger" in kinds
    assert ("goal" in kinds) is (journey.goal is not None)
    assert all(row.kind for row in rows)


def test_steps_say_what_they_do(shop: Path) -> None:
    specs = {spec.name: spec for spec in describe_project(load_project(shop, {}))}
    does = {row.name.strip("`"): (row.kind, row.does) for row in specs["nps"].steps}
    assert does["nps-ask"] == ("email", "`templates/email/nps-ask`")
    assert does["first-answer"] == ("wait for", "Survey Answered, at most 4 d")
    assert ("wait until", "10:00 on tue or wed or thu (the customer’s zone)") in does.values()
    assert ("mute", "no marketing for 30 d") in does.values()
    assert ("task", "call, for a person") in does.values()
    assert ("reward", "to the referrer: 10 EUR, for 180 d") in [
        (r.kind, r.does) for r in specs["referral-reward"].steps
    ]


def test_another_adapter_is_another_version(shop: Path) -> None:
    def version() -> str:
        return next(
            spec.version
            for spec in describe_project(load_project(shop, {}))
            if spec.name == "email"
        )

    before = version()
    settings = shop / "parcours.toml"
    settings.write_text(settings.read_text().replace('email = "mailbox"', 'email = "console"'))
    assert version() != before


def test_a_day_tells_what_happened_and_only_that() -> None:
    book = DayBook()
    report = TickReport(accepted=3)
    report.journey("welcome").add(JourneyTally(entered=2))
    report.channel("email").add(ChannelTally(sent=2, failed=1))
    book.add(report)
    book.add(report)
    assert book.line() == "6 calls · 4 entered · 4 e-mails · 2 failed"


def test_trouble_is_said_with_its_reason_and_what_helps() -> None:
    assert describe_trouble(ChannelTally(failed=2, unknown=1, failures=[FAILURE])) == (
        "2 failed, 1 unknown (rejected: no such mailbox); parcours messages list"
    )
    assert (
        describe_trouble(ChannelTally(stopped="no API key"))
        == "the channel stands still: no API key"
    )


def test_a_thousand_failures_are_one_line_and_good_news_is_none() -> None:
    terminal, said = Terminal(demo=False), io.StringIO()
    terminal._errors = Console(file=said, soft_wrap=True)
    good, bad = TickReport(), TickReport()
    good.channel("email").add(ChannelTally(sent=10))
    bad.channel("email").add(ChannelTally(failed=1, failures=[FAILURE]))
    terminal.watch(good)
    assert said.getvalue() == ""
    for _ in range(1000):
        terminal.watch(bad)
    assert said.getvalue().count("\n") == 1
