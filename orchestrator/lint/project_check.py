"""A project checked: what its files' own language says, and what the rules of this folder find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from orchestrator.domain.errors import Problem, ProjectInvalid
from orchestrator.domain.medium import Medium
from orchestrator.domain.tracking_plan import NO_PLAN, TrackingPlan
from orchestrator.language.config_file import read_config
from orchestrator.language.project import Project, load_project
from orchestrator.lint.ignores import faults_of, find_ignores, silence
from orchestrator.lint.knowledge import Knowledge
from orchestrator.lint.language_rules import LANGUAGE, with_code
from orchestrator.lint.letter_rules import LETTERS, SOURCES, Letters
from orchestrator.lint.name_rules import NAMES
from orchestrator.lint.prediction_rules import PREDICTIONS
from orchestrator.lint.rules import ERROR, RuleTold
from orchestrator.lint.segment_rules import SEGMENTS
from orchestrator.lint.sender_rules import SENDERS
from orchestrator.lint.sense_rules import SENSE
from orchestrator.lint.setting_rules import CHANNELS, SETTINGS
from orchestrator.lint.step_rules import STEPS, SUBJECTS, Rendered
from orchestrator.lint.template_rules import FILES, TEMPLATES, Folder
from orchestrator.lint.topic_rules import TOPICS
from orchestrator.lint.trigger_rules import TRIGGERS
from orchestrator.render import Templates

RULES: tuple[RuleTold, ...] = (
    *LANGUAGE,
    *SETTINGS.all,
    *CHANNELS.all,
    *SENDERS.all,
    *STEPS.all,
    *TRIGGERS.all,
    *SEGMENTS.all,
    *TOPICS.all,
    *NAMES.all,
    *SENSE.all,
    *PREDICTIONS.all,
    *SUBJECTS.all,
    *TEMPLATES.all,
    *FILES.all,
    *LETTERS.all,
    *SOURCES.all,
)


@dataclass(frozen=True, slots=True)
class Report:
    """All problems of a project in the order of files and lines; `project` is None when its files
    hold errors.
    """

    project: Project | None
    problems: tuple[Problem, ...]
    templates: int = 0

    @property
    def has_errors(self) -> bool:
        """Whether nothing may run."""
        return any(problem.severity == ERROR for problem in self.problems)


def _learn_nothing(project: Project) -> TrackingPlan:
    return NO_PLAN


def check_project(
    root: Path,
    environment: Mapping[str, str],
    learn: Callable[[Project], TrackingPlan] = _learn_nothing,
) -> Report:
    """Looks at every file of the project in `root`. `learn` tells what came in: it knows more
    events, properties and traits than the files.
    """
    config, _ = read_config(root, environment)
    folder = Folder(root, config.project.locale)
    project, problems = _load(root, environment)
    templates, faults = _load_templates(root, config.project.locale, project)
    known = Knowledge(project, templates) if project else None
    full = replace(known, data=learn(known.project)) if known else None
    problems += [
        *faults,
        *SETTINGS.ask(config),
        *(_ask_project(full) if full else ()),
        *FILES.ask(folder),
        *SOURCES.ask(folder),
    ]
    ordered = sorted(
        _unsilenced(root, problems, known if full and full.data else None, is_sound=bool(known)),
        key=lambda problem: (problem.file, problem.line, problem.column, problem.message),
    )
    names = sum(len(templates.names(medium)) for medium in Medium) if templates else 0
    return Report(project, tuple(ordered), names)


def _unsilenced(
    root: Path, problems: Iterable[Problem], files_alone: Knowledge | None, *, is_sound: bool
) -> list[Problem]:
    """The problems by their codes, without those that a comment silences. Where files hold errors
    not all rules were asked, so nothing is said of comments that silence nothing; a comment that
    is needed where no data is at hand silences something.
    """
    coded, ignores = [with_code(one) for one in set(problems)], find_ignores(root)
    also = list(NAMES.ask(files_alone)) if files_alone else []
    faults = faults_of(ignores, [*coded, *also], RULES) if is_sound else ()
    return silence([*coded, *faults], ignores)


def _load(root: Path, environment: Mapping[str, str]) -> tuple[Project | None, list[Problem]]:
    try:
        project = load_project(root, environment)
    except ProjectInvalid as invalid:
        return None, list(invalid.problems)
    return project, list(project.warnings)


def _load_templates(
    root: Path, locale: str, project: Project | None
) -> tuple[Templates | None, list[Problem]]:
    """The sound templates, with the faults of the others; None where a file cannot be read: the
    project's own reading has said which.
    """
    names = project.names_for_templates if project else {}
    try:
        return Templates.load_sound(root, locale, names)
    except OSError:
        return None, []


def _ask_project(known: Knowledge) -> Iterator[Problem]:
    """What the rules find that need a project without errors."""
    project, templates = known.project, known.templates
    yield from CHANNELS.ask(project.config)
    yield from SENDERS.ask(project)
    yield from STEPS.ask(project)
    yield from TRIGGERS.ask(project)
    yield from SEGMENTS.ask(project)
    yield from TOPICS.ask(project)
    yield from NAMES.ask(known)
    yield from SENSE.ask(known)
    yield from PREDICTIONS.ask(known)
    if templates is not None:
        rendered = Rendered(project, templates)
        yield from SUBJECTS.ask(rendered)
        yield from TEMPLATES.ask(rendered)
        yield from LETTERS.ask(Letters(rendered))
