"""Previews of messages: which of a project's, in which language, for whom; and what is told of
each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from orchestrator.config import FILE
from orchestrator.domain.answer import Heading, Notice, Part
from orchestrator.domain.errors import Problem, ProjectInvalid
from orchestrator.domain.formatting import count
from orchestrator.domain.values import as_mapping
from orchestrator.language.project import Project, read_project
from orchestrator.render import Templates
from orchestrator.render.formats import tell_language
from orchestrator.render.sms_size import measure_sms
from orchestrator.trial.drafts import Draft, Target, find_targets, render

_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Sound:
    """A project without what is broken in it, and the errors that were left out: nobody waits for a
    fourteenth template to see a first mail.
    """

    project: Project
    errors: list[Problem]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is to be rendered, and how many errors there are elsewhere in the project."""

    project: Project
    templates: Templates
    targets: list[Target]
    errors_elsewhere: int

    def render_all(self, own: Mapping[str, object], locale: str | None) -> list[Draft]:
        """Every message with the sections of `own` in place of the made-up ones, in the language
        asked for. Raises TemplateFailed."""
        spoken = locale or _spoken_by(self.project, own)
        return [
            render(self.project, self.templates, target, own=own, locale=spoken)
            for target in self.targets
        ]

    def warn(self) -> Iterator[Part]:
        """Says that there are errors elsewhere, where there are."""
        if self.errors_elsewhere:
            yield Notice(
                f"{count(self.errors_elsewhere, 'error')} elsewhere in the project: `parcours "
                "check` shows what and where",
                apart=True,
            )


def read_sound(root: Path, environment: Mapping[str, str]) -> Sound:
    """What is sound of a project; raises ProjectInvalid for settings that are not."""
    project, problems = read_project(root, environment)
    errors = [problem for problem in problems if problem.severity == "error"]
    if settings := [problem for problem in errors if problem.file == FILE]:
        raise ProjectInvalid(settings)
    return Sound(project, errors)


def choose(sound: Sound, name: str) -> Chosen:
    """The messages of a journey, or the template, of that name; raises NotThere, and ProjectInvalid
    with the faults of what was asked for.
    """
    project, problems = sound.project, sound.errors
    targets = find_targets(project, name)
    locale, names = project.config.project.locale, project.names_for_templates
    templates, faults = Templates.load_sound(project.root, locale, names)
    own_faults = [
        fault for target in targets for fault in templates.broken(target.medium, target.template)
    ]
    if not targets:
        own_faults = [
            problem for problem in problems if problem.file.startswith(f"journeys/{name}.y")
        ]
    if own_faults:
        raise ProjectInvalid(list(dict.fromkeys(own_faults)))
    return Chosen(project, templates, targets, len({*problems, *faults}))


def is_language(text: str) -> bool:
    """Whether a text is the tag of a language, such as fr or en-GB."""
    return _LOCALE.fullmatch(text) is not None


def _spoken_by(project: Project, own: Mapping[str, object]) -> str:
    """The customer's language, else the project's; what is no language tag is none."""
    theirs = as_mapping(own.get("customer")).get("locale")
    if isinstance(theirs, str) and is_language(theirs):
        return theirs
    return project.config.project.locale


def tell_draft(draft: Draft, paths: list[Path]) -> Iterator[Part]:
    """A draft at a glance, and its files."""
    target = draft.target
    yield Heading(f"{target.medium} {target.template} ({draft.locale})")
    if note := tell_language(draft.locale, draft.language):
        yield Notice(f"  {note}")
    yield from _tell_email(draft) if target.medium.spec.is_mail else _tell_sms(draft)
    yield from (f"  {path}" for path in paths)


def _tell_email(draft: Draft) -> Iterator[str]:
    yield f"  subject    {draft.subject}"
    yield f"  preheader  {draft.preheader or '-'}"


def _tell_sms(draft: Draft) -> Iterator[str]:
    if draft.target.medium.spec.is_content:
        yield f"  {draft.text}"
        return
    size = measure_sms(draft.text)
    yield f"  {count(size.units, 'character')} in {count(size.parts, 'part')}, {size.alphabet}"
    if size.foreign:
        yield f"  not in the small alphabet, which halves the room: {' '.join(size.foreign)}"
    yield f"  {draft.text}"
