"""A whole project: configuration, lifecycle, segments, surveys, journeys and the names of the
templates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from orchestrator.config import Config
from orchestrator.documents.document import Document, Position
from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.domain.errors import Problem, ProjectInvalid, why_unreadable
from orchestrator.domain.expression import OF_RECEIPTS
from orchestrator.domain.journey import Journey
from orchestrator.domain.journey_tests import JourneyTest
from orchestrator.domain.lifecycle import Lifecycle
from orchestrator.domain.medium import MEDIA, Medium
from orchestrator.domain.never import NeverRule
from orchestrator.domain.phrase import Phrase, say
from orchestrator.domain.policy import Policy
from orchestrator.domain.steps.first_of import messages_of
from orchestrator.domain.survey import Survey
from orchestrator.domain.template_names import template_names
from orchestrator.domain.text_files import decode_text
from orchestrator.domain.topics import TopicNames
from orchestrator.domain.tracking_plan import NO_PLAN, TrackingPlan
from orchestrator.language.config_file import read_config
from orchestrator.language.journeys import read_journey
from orchestrator.language.lifecycle_file import names_in, read_lifecycle
from orchestrator.language.never_rules import read_never
from orchestrator.language.place import Known
from orchestrator.language.surveys import read_surveys
from orchestrator.language.tracking_plan_file import read_tracking_plan

JOURNEYS = "journeys"  # the folder that makes a folder a project
_TEMPLATE_ENDINGS = {f".{ending}" for spec in MEDIA.values() for ending in spec.endings} | {".txt"}
_OTHER_FILES = ("lifecycle", "segments", "surveys", "events")


@dataclass(frozen=True, slots=True)
class Project:
    """Everything a project's files say, checked. `known` is what `parse_journey` needs for one more
    journey; `places` says where steps and their options are written, by (journey, step id) and
    (journey, step id, option). `documents` are the files of `journeys/` by their stem.
    """

    root: Path
    config: Config
    lifecycle: Lifecycle
    journeys: dict[str, Journey]
    surveys: dict[str, Survey]
    tests: dict[str, tuple[JourneyTest, ...]]
    templates: frozenset[tuple[Medium, str]]
    known: Known
    warnings: tuple[Problem, ...] = ()
    places: Mapping[tuple[str, ...], Position] = field(default_factory=dict)
    documents: Mapping[str, Document] = field(default_factory=dict)
    plan: TrackingPlan = NO_PLAN
    never: tuple[NeverRule, ...] = ()
    settings: Document | None = None  # parcours.toml, where it holds conditions

    def position(self, journey: str, step_id: str, option: str = "") -> Position:
        """The line and column of a step's option, else of the step, else of the file."""
        at = self.places.get((journey, step_id, option))
        return at or self.places.get((journey, step_id), (1, 1))

    @property
    def names_for_templates(self) -> dict[str, frozenset[str]]:
        """What the functions of the language may name in templates, by function, and what
        `customer.stage` may be compared with."""
        sent = frozenset(
            {*(self.known.journeys or self.journeys), *(name for _, name in self.templates)}
        )
        of_messages = dict.fromkeys(("received", *OF_RECEIPTS), sent)
        of_stages = {"stage": self.known.stages} if self.known.stages else {}
        return {"in_segment": self.known.segments or frozenset(), **of_stages, **of_messages}

    @property
    def policy(self) -> Policy:
        """Who may be written to, and when, as the domain asks it."""
        return replace(self.config.policy, never=self.never)

    @property
    def topic_names(self) -> TopicNames:
        """How readers are told what messages are about."""
        titles = {one.id: one.title for one in self.journeys.values() if not one.topic}
        return TopicNames(self.config.topics or {}, titles)

    @property
    def subjects(self) -> dict[str, str]:
        """The subjects that steps write themselves, each with the file that holds it."""
        steps = (
            (step, name) for name, journey in self.journeys.items() for step in journey.walk_steps()
        )
        return {
            message.subject: f"journeys/{name}.yaml"
            for step, name in steps
            for message in messages_of(step)
            if message.subject
        }


def load_project(
    root: Path, environment: Mapping[str, str], *, need_templates: bool = True
) -> Project:
    """The project in a folder; raises ProjectInvalid with every error of every file, in the order
    of files and lines.

    Only journeys must be there: the rest has defaults. Without `need_templates` a missing template
    is a warning, since a back-test renders nothing.
    """
    project, problems = read_project(root, environment, need_templates=need_templates)
    if any(problem.severity == "error" for problem in problems):
        raise ProjectInvalid(problems)
    return project


def read_project(
    root: Path, environment: Mapping[str, str], *, need_templates: bool = True
) -> tuple[Project, list[Problem]]:
    """What is sound in a folder, and what is wrong with the rest: journeys with an error are left
    out.
    """
    config, config_problems = read_config(root, environment)
    reading = _Reading(root, list(config_problems))
    documents = reading.read_all()
    reading.open_templates()
    templates = find_templates(root / "templates")
    known = _names(documents, config, templates, need_templates)
    if config_problems:  # a channel, a topic or a secret may be there that cannot be read
        known = replace(known, channels=None, topics=None, secrets=None)
    problems = reading.problems
    lifecycle = read_lifecycle(
        documents.get("lifecycle"), documents.get("segments"), known, problems
    )
    never, settings = read_never(config, lifecycle, known, problems)
    surveys = read_surveys(documents.get("surveys"), known, problems)
    plan = read_tracking_plan(documents.get("events"), known, problems)
    journeys: dict[str, Journey] = {}
    tests: dict[str, tuple[JourneyTest, ...]] = {}
    places: dict[tuple[str, ...], Position] = {}
    for stem, document in documents.items():
        if stem in _OTHER_FILES:
            continue
        _check_id(stem, document, problems)
        found = read_journey(document, known, problems)
        if found.journey is not None:
            journeys[found.journey.id] = found.journey
            tests[found.journey.id] = found.tests
            places |= {(found.journey.id, *key): at for key, at in found.places.items()}
    ordered = sorted(problems, key=lambda problem: (problem.file, problem.line, problem.column))
    warnings = tuple(problem for problem in ordered if problem.severity != "error")
    project = Project(
        root, config, lifecycle, journeys, surveys, tests, templates, known, warnings, places,
        documents, plan, never, settings,
    )  # fmt: skip
    return project, ordered


def _names(
    documents: Mapping[str, Document],
    config: Config,
    templates: frozenset[tuple[Medium, str]],
    required: bool,
) -> Known:
    return Known(
        facts=names_in(documents.get("lifecycle"), "facts"),
        stages=names_in(documents.get("lifecycle"), "stages"),
        segments=names_in(documents.get("segments"), "segments"),
        journeys=frozenset(stem for stem in documents if stem not in _OTHER_FILES),
        templates=templates,
        templates_required=required,
        channels=config.channels.media,
        secrets=config.webhooks.secrets,
        timezone=config.project.timezone,
        topics=None if config.topics is None else frozenset(config.topics),
    )


def _check_id(stem: str, document: Document, problems: list[Problem]) -> None:
    written = document.get(("journey",))
    if isinstance(written, str) and written != stem:
        problems.append(
            document.problem(
                ("journey",),
                say(
                    "the journey's id is its file's name: write '{stem}', or rename the file",
                    stem=stem,
                ),
            )
        )


@dataclass(slots=True)
class _Reading:
    root: Path
    problems: list[Problem] = field(default_factory=list)

    def read_all(self) -> dict[str, Document]:
        """The documents of `journeys/` by the name of their file; those that are no YAML are
        reported and left out.
        """
        found: dict[str, Document] = {}
        folder = self.root / JOURNEYS
        for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
            if path.name.startswith("."):
                self._report(
                    path,
                    say("a name that begins with a dot is an editor's own: this file is not read"),
                    "warning",
                )
                continue
            document = self._read(path)
            if path.stem in found:
                self._report(
                    path,
                    say(
                        "there are two files '{stem}': keep the one that ends in .yaml",
                        stem=path.stem,
                    ),
                )
            elif document is not None:
                found[path.stem] = document
        for path in sorted(folder.glob("[!.]*/**/*.y*ml")):
            told = say("files lie in `journeys/` itself: this one, in a folder of it, is not read")
            self._report(path, told, "warning")
        return found

    def _read(self, path: Path) -> Document | None:
        try:
            text = decode_text(path.read_bytes())
        except UnicodeDecodeError:
            self._report(path, say("this file is not UTF-8 text"))
            return None
        except OSError as fault:
            self._report(
                path,
                say(
                    "this file cannot be read: {why}",
                    why=why_unreadable(fault),
                ),
            )
            return None
        document, problems = read_yaml(text, path.relative_to(self.root).as_posix())
        self.problems += problems
        return document if document.data is not None or not problems else None

    def open_templates(self) -> None:
        """Says which templates cannot be read; what stands in them is looked at elsewhere."""
        for medium in Medium:
            for path in sorted((self.root / "templates" / medium).glob("[!.]*")):
                if path.suffix not in _TEMPLATE_ENDINGS:
                    continue
                try:
                    with path.open("rb") as file:
                        file.read(1)
                except OSError as fault:
                    self._report(
                        path,
                        say(
                            "this file cannot be read: {why}",
                            why=why_unreadable(fault),
                        ),
                    )

    def _report(self, path: Path, message: Phrase, severity: str = "error") -> None:
        self.problems.append(
            Problem(path.relative_to(self.root).as_posix(), 1, 1, message, severity)
        )


def find_templates(folder: Path) -> frozenset[tuple[Medium, str]]:
    """The names of the templates in a folder, by medium; layouts (`_…`) and locales are not names
    of their own.
    """
    return frozenset(
        (medium, name)
        for medium in Medium
        for name in template_names(
            medium, [path.name for path in (folder / medium).glob("*") if path.is_file()]
        )
    )
