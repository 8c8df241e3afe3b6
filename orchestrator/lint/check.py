"""What `parcours check` looks at besides the files' own language: templates, locales, what a sender
forgets.

Errors mean that nothing runs; warnings are advice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from channels import ADAPTERS, LOCAL, SettingMissing, open_channel, refusals
from channels.acceptance import reply_to_refusal, sender_refusal
from orchestrator.adapters import channel_settings
from orchestrator.clock import SystemClock
from orchestrator.config import FILE, Config
from orchestrator.domain.errors import ChannelMisconfigured, Problem, ProjectInvalid, in_one_line
from orchestrator.domain.journey import Journey
from orchestrator.domain.message import Medium, Purpose
from orchestrator.domain.steps.message import Message
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.domain.template_names import is_misnamed, read_file_name, suggest_name
from orchestrator.domain.text_files import decode_text
from orchestrator.language.config_file import read_config
from orchestrator.language.project import Project, load_project
from orchestrator.language.toml_keys import locate_keys
from orchestrator.language.yaml_nodes import read_yaml
from orchestrator.render import Templates
from orchestrator.render.source import TemplateBroken
from orchestrator.render.trying import try_templates

_DOUBLE = "recording"  # for tests: nobody is offered it
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_EXAMPLE_SENDER = "hello@shop.example"


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
        return any(problem.severity == "error" for problem in self.problems)


def check_project(root: Path, environment: Mapping[str, str]) -> Report:
    """Looks at every file of the project in `root`."""
    config, _ = read_config(root, environment)
    problems = list(_check_adapters(config))
    project = None
    try:
        project = load_project(root, environment)
        problems += [
            *project.warnings,
            *_advise(project),
            *_try_channels(project.config),
            *_look_at_senders(project),
        ]
    except ProjectInvalid as invalid:
        problems += invalid.problems
    names = project.names_for_templates if project else {}
    templates = 0
    try:
        loaded, faults = Templates.load_sound(root, config.project.locale, names)
        templates = sum(len(loaded.names(medium)) for medium in Medium)
        problems += faults
        problems += (
            [*_look_at_messages(project, loaded), *_try_templates(project, loaded)]
            if project
            else []
        )
    except OSError:
        pass  # a file that cannot be read: the project's own reading has said which
    problems += _missing_locales(root, config.project.locale)
    problems += _misnamed(root)
    ordered = sorted(
        set(problems),
        key=lambda problem: (problem.file, problem.line, problem.column, problem.message),
    )
    return Report(project, tuple(ordered), templates)


def _check_adapters(config: Config) -> Iterator[Problem]:
    for medium in Medium:
        name = config.channels.adapter(medium)
        if name not in ADAPTERS or medium not in ADAPTERS[name].media:
            known = sorted(
                known
                for known, adapter in ADAPTERS.items()
                if medium in adapter.media and known != _DOUBLE
            )
            hint = did_you_mean(name, known)
            yield Problem(
                FILE,
                1,
                1,
                f"no channel '{name}' carries {medium} (these do: {', '.join(known)}){hint}",
            )


def _try_channels(config: Config) -> Iterator[Problem]:
    """What would keep every message of a medium from leaving, by the channel's own rules.

    A credential that is not set is advice: whoever checks the files may not hold it.
    """
    settings = channel_settings(config, SystemClock().now)
    path = config.root / FILE
    places = locate_keys(path.read_text(encoding="utf-8-sig") if path.exists() else "")
    for medium in Medium:
        name = config.channels.adapter(medium)
        for refusal in refusals(medium, name, settings):
            key = (
                ("channels", "from_email")
                if "`from_email`" in refusal
                else ("channels", str(medium))
            )
            yield Problem(FILE, *places.get(key, (1, 1)), in_one_line(refusal))
        if name in ADAPTERS and name not in LOCAL:
            try:
                open_channel(medium, name, settings).close()
            except SettingMissing as lack:
                yield _advice(f"no {medium} would leave through '{name}': {lack}")
            except ChannelMisconfigured:
                pass  # one of the refusals


def _look_at_senders(project: Project) -> Iterator[Problem]:
    """Senders that steps write themselves, by the rules of the channels: such messages would all be
    refused.
    """
    for journey in project.journeys.values():
        for step in journey.walk_steps():
            if not isinstance(step, Message):
                continue
            if step.sender is not None and (refusal := sender_refusal(step.medium, step.sender)):
                yield _at(journey, "from", step.sender, f"step '{step.id}': {refusal}")
            if step.reply_to is None:
                continue
            if not step.medium.spec.is_mail:
                yield _at(
                    journey,
                    "reply_to",
                    step.reply_to,
                    f"step '{step.id}': an {step.medium.spec.noun} has no `reply_to`",
                    "warning",
                )
            elif refusal := reply_to_refusal(step.reply_to):
                yield _at(journey, "reply_to", step.reply_to, f"step '{step.id}': {refusal}")


def _at(journey: Journey, key: str, value: str, message: str, severity: str = "error") -> Problem:
    """A problem at the place in a journey's file where a step writes `key: value`."""
    document, _ = read_yaml(journey.source, f"journeys/{journey.id}.yaml")
    paths = (path for path in document.values if path[-1:] == (key,) and "steps" in path)
    path = next((path for path in paths if document.get(path) == value), ())
    return document.problem(path, message, severity=severity)


def _look_at_messages(project: Project, templates: Templates) -> Iterator[Problem]:
    """Subjects that steps write themselves, and what a marketing mail must hold."""
    for journey in project.journeys.values():
        for step in journey.walk_steps():
            if isinstance(step, Message) and step.medium.spec.is_mail and step.subject:
                yield from _look_at_subject(journey, step, templates)
    mails = {
        (step.medium, step.template)
        for journey in project.journeys.values()
        for step in journey.walk_steps()
        if isinstance(step, Message) and step.medium.spec.is_mail
        if journey.purpose is Purpose.MARKETING
    }
    for medium, name in sorted(mails):
        for missing, *words in _MUST_HOLD:
            for tag in templates.variants_without(name, *words):
                path = _file_of(project.root, medium, name, tag)
                message = (
                    f"a marketing mail without {missing}: write {words[0]}, or extend a "
                    "layout that has it"
                )
                yield Problem(path, 1, 1, message, "warning")


def _file_of(root: Path, medium: Medium, name: str, tag: str) -> str:
    return _variants(root / "templates" / medium, medium)[name][tag].relative_to(root).as_posix()


def _try_templates(project: Project, templates: Templates) -> Iterator[Problem]:
    """What a made-up customer would get: templates that fail, texts that are paid more than
    once.
    """
    segments = {segment.name: segment.condition.test for segment in project.lifecycle.segments}
    for remark in try_templates(templates, project.config, segments):
        path = _file_of(project.root, remark.medium, remark.name, remark.tag)
        before = (
            decode_text((project.root / path).read_bytes()).partition(remark.sign)[0]
            if remark.sign
            else ""
        )
        line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
        yield Problem(path, line, column, remark.message, "warning")


_MUST_HOLD = (
    ("an unsubscribe link", "{{ links.unsubscribe }}", "links.unsubscribe", "links.preferences"),
    ("a postal address", "{{ project.postal_address }}", "project.postal_address"),
)


def _look_at_subject(journey: Journey, step: Message, templates: Templates) -> Iterator[Problem]:
    assert step.subject is not None  # asked by the caller
    try:
        templates.compile_subject(step.subject)
        return
    except TemplateBroken as broken:
        faults = [problem.message for problem in broken.problems]
    except (SyntaxError, ValueError, OverflowError, RecursionError):
        faults = ["nested too deeply, or with a number that is too large"]
    for what in faults:
        yield Problem(
            f"journeys/{journey.id}.yaml",
            1,
            1,
            in_one_line(f"step '{step.id}': the subject: {what}"),
        )


# ---------------------------------------------------------------- advice


def _advise(project: Project) -> Iterator[Problem]:
    """What is allowed, and seldom meant."""
    config = project.config
    marketing = sorted(
        {
            step.medium
            for journey in project.journeys.values()
            for step in journey.walk_steps()
            if isinstance(step, Message) and journey.purpose is Purpose.MARKETING
        }
    )
    has_mails = any(medium.spec.is_mail for medium in marketing)
    if has_mails and not config.project.postal_address:
        yield _advice(
            "commercial mail must carry a postal address: write one as `postal_address` "
            "in [project]"
        )
    for medium in marketing:
        if not medium.spec.is_mail and medium not in config.quiet_hours:
            hours = '{from = "20:00", to = "08:00"}'
            yield _advice(
                f"marketing texts may leave at night: write `{medium} = {hours}` in [quiet_hours]"
            )
    leaves = config.channels.email not in LOCAL
    if leaves and config.channels.from_email == _EXAMPLE_SENDER:
        yield _advice(
            f"mails would come from {_EXAMPLE_SENDER}: write your own `from_email` in [channels]"
        )
    if leaves and not config.project.website:
        yield _advice(
            "links to the shop would lead nowhere: write its address as `website` in [project]"
        )
    if leaves and urlsplit(config.public_url).hostname in _THIS_MACHINE:
        yield _advice(
            "links to unsubscribe would lead to this machine only: write `public_url` in [web]"
        )


def _advice(message: str) -> Problem:
    return Problem(FILE, 1, 1, message, "warning")


def _missing_locales(root: Path, project_locale: str) -> Iterator[Problem]:
    """Templates that lack a locale which another template of the project has: one line for each
    locale.
    """
    found = {medium: _variants(root / "templates" / medium, medium) for medium in Medium}
    own = {
        "",
        project_locale.lower(),
        _language(project_locale),
    }  # the file without a locale is in the project's
    wanted = {tag for by_name in found.values() for tags in by_name.values() for tag in tags} - own
    for tag in sorted(wanted):
        lacking = {
            f"{medium}/{name}": tags.get("") or next(iter(tags.values()))
            for medium, by_name in found.items()
            for name, tags in sorted(by_name.items())
            if tag not in tags and _language(tag) not in tags
        }
        if lacking:
            path = next(iter(lacking.values())).relative_to(root).as_posix()
            message = f"not there in {tag}, while other templates are: {_listed(list(lacking))}"
            yield Problem(path, 1, 1, message, "warning")


def _listed(names: list[str], shown: int = 6) -> str:
    """The first of many names, and how many more there are."""
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(f"'{name}'" for name in names[:shown]) + more


def _misnamed(root: Path) -> Iterator[Problem]:
    """Files that look like templates, and that no step can name."""
    for medium in Medium:
        folder = root / "templates" / medium
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            inside = path.relative_to(folder)
            is_deeper = len(inside.parts) > 1 and read_file_name(medium, path.name) is not None
            if is_deeper or is_misnamed(medium, path.name):
                right = suggest_name(inside.with_suffix("").as_posix()) + path.suffix
                message = (
                    f"no step can send this: a template's file is called like {right}, in "
                    f"templates/{medium}"
                )
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
