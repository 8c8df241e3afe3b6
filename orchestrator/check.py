"""What `parcours check` looks at besides the files' own language: templates, locales, what a sender forgets.

Errors mean that nothing runs; warnings are advice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from channels import ADAPTERS, open_channel
from channels.settings import ChannelSettings
from orchestrator.clock import SystemClock
from orchestrator.config import FILE, Config, read_config
from orchestrator.domain.errors import ChannelMisconfigured, Problem, ProjectInvalid
from orchestrator.domain.journey import Journey, Message
from orchestrator.domain.message import Medium, Purpose
from orchestrator.domain.policy import address, has_consent
from orchestrator.domain.schedule import find_zone
from orchestrator.domain.state import Choice, CustomerState
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.domain.template_names import is_misnamed, read_file_name, suggest_name
from orchestrator.domain.text_files import decode_text
from orchestrator.render import Templates
from orchestrator.render.source import TemplateBroken
from orchestrator.render.trying import try_templates
from orchestrator.spec.project import Project, load_project

if TYPE_CHECKING:
    from orchestrator.engine.edits import Stranded
    from orchestrator.store.database import Database

_LOCAL_ADAPTERS = ("mailbox", "console", "recording")  # nothing leaves the machine
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_EXAMPLE_SENDER = "hello@shop.example"


@dataclass(frozen=True, slots=True)
class Report:
    """All problems of a project in the order of files and lines; `project` is None when its files hold errors."""

    project: Project | None
    problems: tuple[Problem, ...]
    templates: int = 0

    @property
    def has_errors(self) -> bool:
        """Whether nothing may run."""
        return any(problem.severity == "error" for problem in self.problems)


def check_project(root: Path, environment: Mapping[str, str]) -> Report:
    """Looks at every file of the project in `root`."""
    config, _ = read_config(root, environment)
    problems = list(_check_adapters(config))
    project, templates = None, 0
    try:
        project = load_project(root, environment)
        problems += [*project.warnings, *_advise(project), *_try_channels(project.config)]
    except ProjectInvalid as invalid:
        problems += invalid.problems
    try:
        loaded = Templates.load(root, config.project.locale, project.names_for_templates if project else {})
        templates = sum(len(loaded.names(medium)) for medium in Medium)
        problems += [*_look_at_messages(project, loaded), *_try_templates(project, loaded)] if project else []
    except ProjectInvalid as invalid:
        problems += invalid.problems
    problems += _missing_locales(root, config.project.locale)
    problems += _misnamed(root)
    ordered = sorted(set(problems), key=lambda problem: (problem.file, problem.line, problem.column, problem.message))
    return Report(project, tuple(ordered), templates)


def _check_adapters(config: Config) -> Iterator[Problem]:
    for medium in Medium:
        name = config.channels.adapter(medium)
        known = sorted(known for known, adapter in ADAPTERS.items() if medium in adapter.media)
        if name not in known:
            hint = did_you_mean(name, known)
            yield Problem(FILE, 1, 1, f"no channel '{name}' carries {medium} (these do: {', '.join(known)}){hint}")


def _try_channels(config: Config) -> Iterator[Problem]:
    """What the chosen providers still lack. Advice: whoever checks the files may not hold the credentials."""
    settings = ChannelSettings.of(config, SystemClock().now)
    for medium in Medium:
        name = config.channels.adapter(medium)
        if name in ADAPTERS and name not in _LOCAL_ADAPTERS:
            try:
                open_channel(medium, name, settings).close()
            except ChannelMisconfigured as lack:
                yield _advice(f"no {medium} would leave through '{name}': {lack}")


def _look_at_messages(project: Project, templates: Templates) -> Iterator[Problem]:
    """Subjects that steps write themselves, and what a marketing mail must hold."""
    for journey in project.journeys.values():
        for step in journey.walk_steps():
            if isinstance(step, Message) and step.medium is Medium.EMAIL and step.subject:
                yield from _look_at_subject(journey, step, templates)
    names = {step.template for journey, step in _steps(project, Medium.EMAIL) if journey.purpose is Purpose.MARKETING}
    for name in sorted(names):
        for missing, *words in _MUST_HOLD:
            for tag in templates.variants_without(name, *words):
                path = _file_of(project.root, name, tag)
                message = f"a marketing mail without {missing}: write {words[0]}, or extend a layout that has it"
                yield Problem(path, 1, 1, message, "warning")


def _file_of(root: Path, name: str, tag: str, medium: Medium = Medium.EMAIL) -> str:
    return _variants(root / "templates" / medium, medium)[name][tag].relative_to(root).as_posix()


def _try_templates(project: Project, templates: Templates) -> Iterator[Problem]:
    """What a made-up customer would get: templates that fail, texts that are paid more than once."""
    segments = {segment.name: segment.condition.test for segment in project.lifecycle.segments}
    for remark in try_templates(templates, project.config, segments):
        path = _file_of(project.root, remark.name, remark.tag, remark.medium)
        before = decode_text((project.root / path).read_bytes()).partition(remark.sign)[0] if remark.sign else ""
        line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
        yield Problem(path, line, column, remark.message, "warning")


_MUST_HOLD = (
    ("a way out", "{{ links.unsubscribe }}", "links.unsubscribe", "links.preferences"),
    ("a postal address", "{{ project.postal_address }}", "project.postal_address"),
)


def _look_at_subject(journey: Journey, step: Message, templates: Templates) -> Iterator[Problem]:
    assert step.subject is not None  # asked by the caller
    try:
        templates.compile_subject(step.subject)
    except TemplateBroken as broken:
        for problem in broken.problems:
            message = f"step '{step.id}': the subject: {problem.message}"
            yield Problem(f"journeys/{journey.id}.yaml", 1, 1, message)


def _steps(project: Project, medium: Medium) -> Iterator[tuple[Journey, Message]]:
    for journey in project.journeys.values():
        for step in journey.walk_steps():
            if isinstance(step, Message) and step.medium is medium:
                yield journey, step


# ---------------------------------------------------------------- advice


def _advise(project: Project) -> Iterator[Problem]:
    """What is allowed, and seldom meant."""
    config = project.config
    marketing = {
        medium for medium in Medium for journey, _ in _steps(project, medium) if journey.purpose is Purpose.MARKETING
    }
    if Medium.EMAIL in marketing and not config.project.postal_address:
        yield _advice("commercial mail must carry a postal address: write one as `postal_address` in [project]")
    if Medium.SMS in marketing and Medium.SMS not in config.quiet_hours:
        yield _advice(
            'marketing texts may leave at night: write `sms = {from = "20:00", to = "08:00"}` in [quiet_hours]'
        )
    leaves = config.channels.email not in _LOCAL_ADAPTERS
    if leaves and config.channels.from_email == _EXAMPLE_SENDER:
        yield _advice(f"mails would come from {_EXAMPLE_SENDER}: write your own `from_email` in [channels]")
    if leaves and not config.project.website:
        yield _advice("links to the shop would lead nowhere: write its address as `website` in [project]")
    if leaves and urlsplit(config.public_url).hostname in _THIS_MACHINE:
        yield _advice("links to unsubscribe would lead to this machine only: write `public_url` in [web]")


def _advice(message: str) -> Problem:
    return Problem(FILE, 1, 1, message, "warning")


def _missing_locales(root: Path, project_locale: str) -> Iterator[Problem]:
    """Templates that lack a locale which another template of the project has."""
    found = {medium: _variants(root / "templates" / medium, medium) for medium in Medium}
    own = {"", project_locale.lower(), _language(project_locale)}  # the file without a locale is in the project's
    wanted = {tag for by_name in found.values() for tags in by_name.values() for tag in tags} - own
    for medium, by_name in found.items():
        for name, tags in sorted(by_name.items()):
            missing = sorted(tag for tag in wanted if tag not in tags and _language(tag) not in tags)
            if missing:
                path = tags.get("") or next(iter(tags.values()))
                message = f"'{medium}/{name}' is not there in {', '.join(missing)}, and other templates are"
                yield Problem(path.relative_to(root).as_posix(), 1, 1, message, "warning")


def _misnamed(root: Path) -> Iterator[Problem]:
    """Files that look like templates, and that no step can name."""
    for medium in Medium:
        folder = root / "templates" / medium
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            inside = path.relative_to(folder)
            is_deeper = len(inside.parts) > 1 and read_file_name(medium, path.name) is not None
            if is_deeper or is_misnamed(medium, path.name):
                right = suggest_name(inside.with_suffix("").as_posix()) + path.suffix
                message = f"no step can send this: a template's file is called like {right}, in templates/{medium}"
                yield Problem(path.relative_to(root).as_posix(), 1, 1, message, "warning")


def _variants(folder: Path, medium: Medium) -> dict[str, dict[str, Path]]:
    """The files of each template by locale tag, "" being the one without."""
    found: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.glob("*")):
        template = read_file_name(medium, path.name)
        if template is not None:
            found.setdefault(template.name, {})[template.tag] = path
    return found


def _language(tag: str) -> str:
    return tag.lower().replace("_", "-").partition("-")[0]


# ---------------------------------------------------------------- the customers


@dataclass(slots=True)
class Findings:
    """What the customers lack, in numbers. `stranded` people stand on steps that are gone: nothing runs before that
    is mended. `gone` counts people inside journeys that have no file any more."""

    customers: int = 0
    no_zone: int = 0  # they live by the project's
    unknown_zone: int = 0  # likewise, though they have one written
    no_address: Counter[str] = field(default_factory=Counter)  # by medium
    no_consent: Counter[str] = field(default_factory=Counter)  # by medium, for marketing
    stranded: list[Stranded] = field(default_factory=list)
    gone: Counter[str] = field(default_factory=Counter)  # by journey


def check_customers(project: Project, database: Database) -> Findings:
    """Walks over all customers of a project; numbers only, nobody is named."""
    # Imported here: the project itself is checked without waiting for a database driver.
    from orchestrator.engine.edits import find_stranded
    from orchestrator.store import figures

    found = Findings()
    with database.read() as connection:
        found.stranded = find_stranded(connection, project.journeys)
        inside = figures.count_inside(connection)
        found.gone.update({name: people for name, people in inside.items() if name not in project.journeys})
        for row in figures.walk_customers(connection):
            _look_at(project, row, found)
    return found


def _look_at(project: Project, row: Any, found: Findings) -> None:
    found.customers += 1
    zone = row.traits.get("timezone")
    if zone is None:
        found.no_zone += 1
    elif not isinstance(zone, str) or find_zone(zone) is None:
        found.unknown_zone += 1
    home = find_zone(project.config.project.timezone)
    assert home is not None  # config refuses unknown zones
    choices = {key: Choice(value["granted"], datetime.fromisoformat(value["at"])) for key, value in row.consent.items()}
    state = CustomerState("", project.lifecycle, home, traits=row.traits, consent=choices)
    for medium in Medium:
        found.no_address[medium] += address(state, medium) is None
        found.no_consent[medium] += not has_consent(project.config.policy, state, medium, topic="")
