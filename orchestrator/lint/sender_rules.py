"""Rules about what a sender owes, and seldom thinks of: by law, or so that links lead somewhere."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from channels import LOCAL
from orchestrator.config import FILE, Config
from orchestrator.domain.medium import Medium
from orchestrator.domain.message import Purpose
from orchestrator.domain.phrase import say
from orchestrator.domain.steps.first_of import messages_of
from orchestrator.language.project import Project
from orchestrator.lint.rules import Finding, Rules
from orchestrator.lint.setting_rules import setting

SENDERS: Rules[Project] = Rules()

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_EXAMPLE_SENDER = "hello@shop.example"
_HOURS = '{from = "20:00", to = "08:00"}'
_UNWRITTEN = (FILE, 1, 1)


@SENDERS.rule(
    "no-postal-address",
    why="Commercial mail without one is unlawful in many countries.",
    mend="Write `postal_address` in [project] of parcours.toml.",
)
def postal_address(project: Project) -> Iterator[Finding]:
    """Marketing mails of a shop that has written no address."""
    if project.config.project.postal_address:
        return
    if any(medium.spec.is_mail for medium in _marketing(project)):
        told = say(
            "commercial mail must carry a postal address: write one as `postal_address` in "
            "[project]"
        )
        yield _UNWRITTEN, told


@SENDERS.rule(
    "no-quiet-hours",
    why="Marketing texts at night are unlawful in many countries.",
    mend='Write the hours in [quiet_hours], such as `sms = {from = "20:00", to = "08:00"}`.',
)
def quiet_hours(project: Project) -> Iterator[Finding]:
    """Marketing texts that may leave at any hour."""
    for medium in _marketing(project):
        if not medium.spec.is_mail and medium not in project.config.quiet_hours:
            told = say(
                "marketing texts may leave at night: write `{medium} = {hours}` in [quiet_hours]",
                medium=medium,
                hours=_HOURS,
            )
            yield _UNWRITTEN, told


@SENDERS.rule(
    "example-sender",
    why="Nobody can answer, and no provider accepts it.",
    mend="Write your own `from_email` in [channels].",
)
def example_sender(project: Project) -> Iterator[Finding]:
    """Real mails that would come from the example's address."""
    config = project.config
    if _mails_leave(config) and config.channels.from_email == _EXAMPLE_SENDER:
        told = say(
            "mails would come from {sender}: write your own `from_email` in [channels]",
            sender=_EXAMPLE_SENDER,
        )
        yield setting(config, "channels", "from_email"), told


@SENDERS.rule(
    "no-website",
    why="Links to the shop in real mails would lead nowhere.",
    mend="Write the shop's address as `website` in [project].",
)
def website(project: Project) -> Iterator[Finding]:
    """Real mails of a shop that has written no address of its website."""
    if _mails_leave(project.config) and not project.config.project.website:
        told = say(
            "links to the shop would lead nowhere: write its address as `website` in [project]"
        )
        yield _UNWRITTEN, told


@SENDERS.rule(
    "local-links",
    why="Nobody who gets a real mail could unsubscribe.",
    mend="Write the address at which readers reach this server as `public_url` in [web].",
)
def local_links(project: Project) -> Iterator[Finding]:
    """Real mails whose links lead to this machine."""
    config = project.config
    if _mails_leave(config) and urlsplit(config.public_url).hostname in _THIS_MACHINE:
        told = say(
            "links to unsubscribe would lead to this machine only: write `public_url` in [web]"
        )
        yield setting(config, "web", "public_url"), told


def _mails_leave(config: Config) -> bool:
    channels = config.channels.by_name.values()
    return any(one.medium.spec.is_mail and one.adapter not in LOCAL for one in channels)


def _marketing(project: Project) -> list[Medium]:
    """The media by which marketing is sent."""
    return sorted(
        {
            message.medium
            for journey in project.journeys.values()
            for step in journey.walk_steps()
            for message in messages_of(step)
            if journey.purpose is Purpose.MARKETING
        }
    )
