"""Rules about what steps write themselves: senders and subjects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from channels.acceptance import reply_to_refusal, sender_refusal
from orchestrator.domain.journey import Journey
from orchestrator.domain.phrase import say
from orchestrator.domain.steps.first_of import messages_of
from orchestrator.domain.steps.message_step import Message
from orchestrator.language.project import Project
from orchestrator.lint.rules import ERROR, Finding, Rules, Spot
from orchestrator.render import Templates
from orchestrator.render.compiled import CompiledText
from orchestrator.render.source import TemplateBroken

STEPS: Rules[Project] = Rules()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A project with those of its templates that are sound."""

    project: Project
    templates: Templates


SUBJECTS: Rules[Rendered] = Rules()


def messages(project: Project) -> Iterator[tuple[Journey, Message]]:
    """Every message step, with its journey."""
    for journey in project.journeys.values():
        for step in journey.walk_steps():
            for message in messages_of(step):
                yield journey, message


def written(project: Project, journey: Journey, step: Message, option: str) -> Spot:
    """Where a step writes an option."""
    return f"journeys/{journey.id}.yaml", *project.position(journey.id, step.id, option)


@dataclass(frozen=True, slots=True)
class Subject:
    """The subject that a step writes itself, where it stands, and the journey that sends it."""

    spot: Spot
    journey: str
    text: CompiledText


def subjects(project: Project, templates: Templates) -> Iterator[Subject]:
    """Those that can be read; `broken_subjects` tells of the others."""
    for journey, step in messages(project):
        if step.medium.spec.is_mail and step.subject and not _faults(templates, step.subject):
            text = templates.compile_subject(step.subject)
            yield Subject(written(project, journey, step, "subject"), journey.id, text)


@STEPS.rule(
    "sender-refused",
    why="No channel could send with it.",
    mend="Write an address such as `Shop <care@shop.example>`.",
    severity=ERROR,
)
def refused_senders(project: Project) -> Iterator[Finding]:
    """A `from` that the channels' own rules refuse."""
    for journey, step in messages(project):
        if step.sender is not None and (refusal := sender_refusal(step.medium, step.sender)):
            told = say("step '{id}': {refusal}", id=step.id, refusal=refusal)
            yield written(project, journey, step, "from"), told


@STEPS.rule(
    "reply-to-refused",
    why="No channel could send with it.",
    mend="Write an address such as `care@shop.example`.",
    severity=ERROR,
)
def refused_reply_addresses(project: Project) -> Iterator[Finding]:
    """A `reply_to` of a mail that the channels' own rules refuse."""
    for journey, step in messages(project):
        if step.reply_to is None or not step.medium.spec.is_mail:
            continue
        if refusal := reply_to_refusal(step.reply_to):
            told = say("step '{id}': {refusal}", id=step.id, refusal=refusal)
            yield written(project, journey, step, "reply_to"), told


@STEPS.rule(
    "reply-to-ignored",
    why="Only a mail can be answered to another address.",
    mend="Take `reply_to` away.",
)
def ignored_reply_addresses(project: Project) -> Iterator[Finding]:
    """A `reply_to` of what is no mail."""
    for journey, step in messages(project):
        if step.reply_to is not None and not step.medium.spec.is_mail:
            told = say("step '{id}': {one} has no `reply_to`", id=step.id, one=step.medium.spec.one)
            yield written(project, journey, step, "reply_to"), told


@SUBJECTS.rule(
    "subject-broken",
    why="The message could never be rendered.",
    mend="Mend the tag that the message names.",
    severity=ERROR,
)
def broken_subjects(rendered: Rendered) -> Iterator[Finding]:
    """A `subject` that is no template."""
    for journey, step in messages(rendered.project):
        if not step.medium.spec.is_mail or not step.subject:
            continue
        for what in _faults(rendered.templates, step.subject):
            at = written(rendered.project, journey, step, "subject")
            yield at, say("step '{id}': the subject: {what}", id=step.id, what=what)


def _faults(templates: Templates, subject: str) -> list[str]:
    try:
        templates.compile_subject(subject)
    except TemplateBroken as broken:
        return [problem.message for problem in broken.problems]
    except (SyntaxError, ValueError, OverflowError, RecursionError):
        return [say("nested too deeply, or with a number that is too large")]
    return []
