"""`parcours.toml`, `.env` and the environment become a project's configuration.

Everything has a working default. Secrets come from the environment (or `.env`) only: a key that
looks like one in `parcours.toml` is an error, because that file is committed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream
from pydantic import ValidationError

from orchestrator.config import (
    FILE,
    ChannelConfig,
    Channels,
    Config,
    ProjectSettings,
    Webhooks,
    absolute_database_url,
    mailboxes,
)
from orchestrator.documents.document import Path as Keys
from orchestrator.domain.errors import Problem, ProjectInvalid, why_unreadable
from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.outlets import Outlets
from orchestrator.domain.phrase import say
from orchestrator.domain.schedule import QuietHours
from orchestrator.domain.text_files import decode_text
from orchestrator.language.config_forms import ChannelsForm, ConfigForm, QuietHoursForm, has_port
from orchestrator.language.form_errors import report_form_errors
from orchestrator.language.outlet_urls import read_url
from orchestrator.language.place import Known, Place
from orchestrator.language.toml_keys import read_toml
from orchestrator.language.topic_forms import read_topics

DOTENV = ".env"

_SECRET = re.compile(
    r"secret|token|passw|credential|api_?key|write_?key|private_?key|auth|account_sid",
    re.IGNORECASE,
)
_NAMES_OF_SECRETS = ("webhooks", "secrets")  # names, not what they hold
_LOCALE = re.compile(
    r"""^\[project\](?:(?!^\[).)*?^locale\s*=\s*["']([\w-]+)""", re.MULTILINE | re.DOTALL
)
_DATABASE = r"sqlite://(/[^\x00-\x1f]*)?|postgresql\+psycopg://[^\x00-\x1f]*"


def load_config(root: Path, environment: Mapping[str, str]) -> Config:
    """The configuration of the project in `root`; raises ProjectInvalid with all that is wrong in
    the file.
    """
    config, problems = read_config(root, environment)
    if any(problem.severity == "error" for problem in problems):
        raise ProjectInvalid(problems)
    return config


def read_config(root: Path, environment: Mapping[str, str]) -> tuple[Config, list[Problem]]:
    """The configuration, with defaults where the file is faulty, and the problems of the files."""
    problems: list[Problem] = []
    dotenv = _read_text(root / DOTENV, problems)
    environment = {**_variables(dotenv, problems), **environment}
    document, faults = read_toml(_read_text(root / FILE, problems), FILE)
    place = Place(document, Known(), problems)
    problems += faults
    try:
        form = _read_form(place)
    except RecursionError:
        problems.append(Problem(FILE, 1, 1, say("this is nested too deeply")))
        form = ConfigForm()
    config = _config(root, form, place, environment)
    problems += _variables_without_text(environment)
    return config, sorted(
        problems, key=lambda problem: (problem.file, problem.line, problem.column)
    )


def read_locale(root: Path) -> str:
    """The project's locale as it is written, also where the file is faulty; "" where it is not."""
    text = _read_text(root / FILE, [])
    document, _ = read_toml(text, FILE)
    locale = document.get(("project", "locale"))
    found = re.search(
        r"""^\[project\](?:(?!^\[).)*?^locale\s*=\s*["']([\w-]+)""", text, re.M | re.S
    )
    return locale if isinstance(locale, str) else found[1] if found else ""


def _read_text(path: Path, problems: list[Problem]) -> str:
    """The text of a file; "" when there is none, or none that can be read (then reported)."""
    try:
        return decode_text(path.read_bytes()) if path.exists() else ""
    except UnicodeDecodeError:
        problems.append(Problem(path.name, 1, 1, say("this file is not UTF-8 text")))
    except OSError as fault:
        what = say("this file cannot be read: {why}", why=why_unreadable(fault))
        problems.append(Problem(path.name, 1, 1, what))
    return ""


def _variables(dotenv: str, problems: list[Problem]) -> dict[str, str]:
    # Its parser only, for the lines of faults; and a `$`, which stands in many a password, is left
    # as it is.
    found = {}
    for written in parse_stream(StringIO(dotenv)):
        if written.error:
            what = say("this line is no KEY=value, and is not read")
            problems.append(Problem(DOTENV, written.original.line, 1, what, "warning"))
        elif written.key is not None and written.value is not None:
            found[written.key] = written.value
    return found


def _variables_without_text(environment: Mapping[str, str]) -> Iterator[Problem]:
    for name, value in environment.items():
        # Bytes that were no UTF-8 have become lone surrogates.
        if name.startswith("PARCOURS_") and re.search("[\ud800-\udfff]", value):
            what = say("the environment variable {name} is not UTF-8 text: set it anew", name=name)
            yield Problem(FILE, 1, 1, what)


def _read_form(place: Place) -> ConfigForm:
    """What is sound in the file; the rest is reported and left at its default."""
    data = place.document.map
    for path in list(_secrets_in(data)):
        what = say("remove `{path}` and set it there (or in .env)", path=path[-1])
        place.at(*path).error(say("secrets come from the environment only: {what}", what=what))
        data = _without(data, path)
    try:
        return ConfigForm.model_validate(data)
    except ValidationError as fault:
        for path in report_form_errors(fault, ConfigForm, place):
            data = _without(data, path)
        return ConfigForm.model_validate(data)


def _secrets_in(data: Mapping[str, object]) -> Iterator[Keys]:
    for key, value in data.items():
        if _SECRET.search(key):
            yield (key,)
        elif isinstance(value, dict):
            inside = ((key, *path) for path in _secrets_in(value))
            yield from (path for path in inside if path != _NAMES_OF_SECRETS)


def _without(data: dict[str, object], path: Keys) -> dict[str, object]:
    """The data without the innermost key that a path leads to."""
    key, *rest = path
    inner = data.get(str(key))
    if isinstance(inner, dict) and rest and rest[0] in inner:
        return {**data, str(key): _without(inner, tuple(rest))}
    return {name: value for name, value in data.items() if name != key}


# ---------------------------------------------------------------- from the form to its values


def _config(root: Path, form: ConfigForm, place: Place, environment: Mapping[str, str]) -> Config:
    _refuse_not_built(form, place)
    quiet_hours = {
        medium: _quiet_hours(hours, place.at("quiet_hours", medium))
        for medium, hours in form.quiet_hours.items()
        if hours is not None
    }
    return Config(
        root=root,
        project=ProjectSettings(**form.project.model_dump()),
        database_url=_database_url(root, form.database.url, place, environment),
        channels=_channels(form.channels, root, place.at("channels")),
        consent_granted=form.consent.default == "granted",
        double_opt_in=frozenset(form.consent.double_opt_in),
        topics=None if form.topics is None else read_topics(form.topics, place.at("topics")),
        caps={medium: tuple(caps) for medium, caps in form.caps.items() if caps},
        quiet_hours=quiet_hours,
        never=tuple(map(str, form.never.rules)),
        holdout_global=form.holdout.global_,
        tracking_granted=form.tracking.default == "granted",
        tracking_opens_counted=form.tracking.opens is not None,
        tracking_links=form.tracking.links,
        ingest_max_age=form.ingest.max_age,
        predictions_nightly=form.predictions.nightly,
        public_url=form.web.public_url,
        webhooks=Webhooks(frozenset(form.webhooks.secrets), frozenset(form.webhooks.allow)),
        outlets=_outlets(form, place),
        environment=environment,
    )


def _outlets(form: ConfigForm, place: Place) -> Outlets:
    secrets = form.webhooks.secrets
    return Outlets(
        coupons=read_url(form.coupons.webhook, secrets, place.at("coupons", "webhook")),
        tasks=read_url(form.tasks.webhook, secrets, place.at("tasks", "webhook")),
        audiences=read_url(form.audiences.webhook, secrets, place.at("audiences", "webhook")),
    )


def _channels(form: ChannelsForm, root: Path, place: Place) -> Channels:
    found = {}
    for name, channel in form.by_name.items():
        here = place.at(name)
        if not re.fullmatch("[a-z][a-z0-9_-]*", name):
            here.error(
                say("a channel's name is made of a-z, 0-9, - and _: '{name}' is not", name=name)
            )
        elif name in list(Medium) and name != channel.medium:
            here.error(
                say("the channel '{name}' carries {name}: call this one differently", name=name)
            )
        else:
            found[ChannelName(name)] = ChannelConfig(
                channel.medium, channel.adapter, channel.from_email or ""
            )
    named = {channel.medium for channel in found.values()}
    found |= {name: box for name, box in mailboxes().items() if box.medium not in named}
    found |= {
        ChannelName(medium): ChannelConfig(medium)
        for medium in Medium
        if medium not in named and (root / "templates" / medium).is_dir()
    }
    return Channels(found, form.from_email, tuple(form.only_to))


def _refuse_not_built(form: ConfigForm, place: Place) -> None:
    if form.tracking.clicks is not None:
        place.at("tracking", "clicks").not_built(say("`{key}`", key="clicks"))


def _quiet_hours(form: QuietHoursForm, place: Place) -> QuietHours:
    written = [key for key in ("from", "to") if place.at(key).written is not None]
    if len(written) == 1:
        place.at(*written).error(say("quiet hours need both `from` and `to`"))
    if len(set(form.days_off)) == 7:
        place.at("days_off").error(say("with seven days off nothing would ever be sent"))
    off = frozenset(form.days_off)
    return QuietHours(form.from_, form.to, off, tuple(form.holidays))


def _database_url(root: Path, written: str, place: Place, environment: Mapping[str, str]) -> str:
    url = environment.get("PARCOURS_DATABASE_URL") or written
    if not (re.fullmatch(_DATABASE, url) and has_port(url)):
        place.at("database", "url").error(
            say(
                "the database is sqlite:///… or postgresql+psycopg://… (here or in "
                "PARCOURS_DATABASE_URL)"
            )
        )
    return absolute_database_url(root, url)
