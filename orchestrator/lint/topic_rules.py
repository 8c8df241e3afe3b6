"""Rules about consent: what a reader is shown who wants less of a shop's messages, and how a yes is
confirmed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orchestrator.domain.journey import Journey
from orchestrator.domain.message import Purpose
from orchestrator.domain.phrase import say
from orchestrator.domain.text_files import decode_text
from orchestrator.language.project import Project
from orchestrator.lint.rules import Finding, Rules, Spot
from orchestrator.lint.setting_rules import setting

TOPICS: Rules[Project] = Rules()


def _marketing(project: Project) -> Iterator[Journey]:
    """The journeys that send marketing."""
    for journey in project.journeys.values():
        sends = any(step.sends for step in journey.walk_steps())
        if journey.purpose is Purpose.MARKETING and sends:
            yield journey


def _head(project: Project, journey: Journey, key: str) -> Spot:
    """Where a journey writes a key of its head."""
    return f"journeys/{journey.id}.yaml", *project.position(journey.id, "", key)


@TOPICS.rule(
    "no-topic",
    why="Who unsubscribes refuses this journey alone, and goes on hearing the others.",
    mend="Write a `topic`, and its name into [topics] of parcours.toml.",
)
def without_topic(project: Project) -> Iterator[Finding]:
    """Marketing that names no topic."""
    for journey in _marketing(project):
        if not journey.topic:
            told = say(
                "this journey has no `topic`: one click in its mails refuses this journey alone, "
                "and readers are told its title: write `topic: offers`, and `offers` into "
                "[topics] of parcours.toml"
            )
            yield _head(project, journey, "journey"), told


@TOPICS.rule(
    "undeclared-topic",
    why="Readers are shown the topic's id, whatever their language.",
    mend="Give it a name in [topics] of parcours.toml.",
)
def undeclared_topics(project: Project) -> Iterator[Finding]:
    """Topics of a project that gives none of them a name."""
    if project.config.topics is not None:
        return  # an undeclared one is an error of its file
    for journey in _marketing(project):
        if journey.topic:
            name = journey.topic.replace("-", " ").replace("_", " ").capitalize()
            told = say(
                "readers who unsubscribe see the topic '{topic}' by its id: give it a "
                'name in parcours.toml, below [topics]: {topic} = {{en = "{name}"}}',
                topic=journey.topic,
                name=name,
            )
            yield _head(project, journey, "topic"), told


@TOPICS.rule(
    "nothing-confirms",
    why="With `double_opt_in` a yes counts once it is confirmed, and nobody could confirm one.",
    mend="Let a journey for `Consent Asked` send a mail that holds `{{ links.confirm }}`.",
)
def no_confirmation(project: Project) -> Iterator[Finding]:
    """A double opt-in without a template that leads to the page of confirmation."""
    config = project.config
    if config.double_opt_in and not any(map(_leads_to_confirmation, _templates(project))):
        told = say(
            "no template holds {{ links.confirm }}, so nobody can confirm a yes and nobody gets "
            "marketing"
        )
        yield setting(config, "consent", "double_opt_in"), told


def _templates(project: Project) -> Iterator[Path]:
    for medium in project.config.double_opt_in:
        yield from (project.root / "templates" / medium).glob("[!.]*.*")


def _leads_to_confirmation(template: Path) -> bool:
    try:
        return "links.confirm" in decode_text(template.read_bytes())
    except (OSError, UnicodeDecodeError):  # said elsewhere
        return False
