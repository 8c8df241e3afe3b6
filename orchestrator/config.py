"""`parcours.toml` and the environment: what a project is configured with.

Everything has a working default. Secrets come from the environment (or `.env`) only: a key that
looks like one in `parcours.toml` is an error, because that file is committed.
"""

from __future__ import annotations

import os
import re
import secrets
import tomllib
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from string import Formatter
from zoneinfo import available_timezones

from orchestrator.domain.errors import ParcoursError, Problem, ProjectInvalid, why_unreadable
from orchestrator.domain.message import Medium
from orchestrator.domain.policy import Cap, Policy
from orchestrator.domain.region import read_phone
from orchestrator.domain.schedule import (
    WEEKDAYS,
    QuietHours,
    find_zone,
    parse_clock,
    parse_duration,
)
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.domain.text_files import decode_text
from orchestrator.toml_table import Table, has_port, locate_keys

FILE = "parcours.toml"
_NO_TEXT = "this file is not UTF-8 text"
NOT_BUILT = "is part of the language but not built yet in this version"

LINK_FIELDS = ("channel", "journey", "template", "step")

#: What links in messages carry; `{channel}`, `{journey}`, `{template}` and `{step}` are filled in.
UTM = {"utm_source": "parcours", "utm_medium": "{channel}", "utm_campaign": "{journey}"}


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """Who writes: `name` is the sender people see; `website` the shop, "" when not given."""

    name: str = "Parcours"
    timezone: str = "UTC"
    locale: str = "en"
    currency: str = "EUR"
    postal_address: str = ""
    website: str = ""


@dataclass(frozen=True, slots=True)
class ChannelChoice:
    """Which adapter serves which medium. With `only_to` nobody else is written to (addresses and
    numbers).
    """

    email: str = "mailbox"
    sms: str = "mailbox"
    from_email: str = "hello@shop.example"
    only_to: tuple[str, ...] = ()

    def adapter(self, medium: Medium) -> str:
        """The name of the adapter of a medium."""
        return self.email if medium is Medium.EMAIL else self.sms


@dataclass(frozen=True, slots=True)
class Config:
    """A project's configuration. `environment` is the process's, over that of `.env`; it stays out
    of `repr`.
    """

    root: Path
    project: ProjectSettings = ProjectSettings()
    database_url: str = field(default="", repr=False)  # may hold a password
    channels: ChannelChoice = ChannelChoice()
    consent_granted: bool = False  # what holds where a customer has made no choice
    caps: Mapping[Medium, tuple[Cap, ...]] = field(default_factory=dict)
    quiet_hours: Mapping[Medium, QuietHours] = field(default_factory=dict)
    holdout_global: float = 0.0  # percent
    # whether opens and clicks of who said nothing about it are measured
    tracking_granted: bool = False
    tracking_links: Mapping[str, str] = field(default_factory=lambda: UTM)
    ingest_max_age: timedelta = timedelta(hours=24)
    public_url: str = "http://localhost:8000"
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    var: Path | None = None  # instead of the project's own `var`: the demo keeps to itself

    @property
    def var_dir(self) -> Path:
        """Where Parcours keeps what it makes: database, mailbox, keys."""
        return self.var or self.root / "var"

    @property
    def policy(self) -> Policy:
        """Consent, caps and quiet hours, as the domain asks them."""
        return Policy(self.consent_granted, self.caps, self.quiet_hours)

    @property
    def admin_token(self) -> str | None:
        """What opens pages that show customers from another machine; None: only this machine may
        see them.
        """
        return self.environment.get("PARCOURS_ADMIN_TOKEN") or None


def load_config(root: Path, environment: Mapping[str, str]) -> Config:
    """The configuration of the project in `root`; raises ProjectInvalid with all that is wrong in
    the file.
    """
    config, problems = read_config(root, environment)
    if any(problem.severity == "error" for problem in problems):
        raise ProjectInvalid(problems)
    return config


def read_config(root: Path, environment: Mapping[str, str]) -> tuple[Config, list[Problem]]:
    """The configuration, with defaults where the file is faulty, and the problems of the file."""
    try:
        environment = {**_read_dotenv(root / ".env"), **environment}
    except UnicodeDecodeError:
        return Config(root, environment=environment), [
            Problem(".env", 1, 1, "this file is not UTF-8 text")
        ]
    path = root / FILE
    try:
        text = decode_text(path.read_bytes()) if path.exists() else ""
        return _read_text(root, text, environment)
    except UnicodeDecodeError:
        problem = Problem(FILE, 1, 1, _NO_TEXT)
    except OSError as fault:
        problem = Problem(FILE, 1, 1, f"this file cannot be read: {why_unreadable(fault)}")
    except tomllib.TOMLDecodeError as fault:
        problem = _syntax_problem(str(fault))
    except RecursionError:
        problem = Problem(FILE, 1, 1, "this is nested too deeply")
    except ValueError:  # a number of more digits than Python reads
        problem = Problem(FILE, 1, 1, "a number in this file is too large")
    return Config(root, environment=environment), [problem]


def _read_text(
    root: Path, text: str, environment: Mapping[str, str]
) -> tuple[Config, list[Problem]]:
    top = Table(FILE, tomllib.loads(text), locate_keys(text))
    _refuse_secrets(top)
    config = _build(root, top, environment)
    top.refuse_unknown()
    top.problems += [
        Problem(FILE, 1, 1, f"the environment variable {name} is not UTF-8 text: set it anew")
        for name, value in environment.items()
        if name.startswith("PARCOURS_") and not _is_text(value)
    ]
    return config, sorted(top.problems, key=lambda problem: (problem.line, problem.column))


def _is_text(value: str) -> bool:
    """Whether a variable was UTF-8: other bytes become lone surrogates."""
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _build(root: Path, top: Table, environment: Mapping[str, str]) -> Config:
    _refuse_not_built(top)
    tracking = top.table("tracking")
    return Config(
        root=root,
        project=_project(top.table("project")),
        database_url=_database_url(root, top.table("database"), environment),
        channels=_channels(top.table("channels")),
        consent_granted=top.table("consent").choice("default", ("denied", "granted"), "denied")
        == "granted",
        caps=_caps(top.table("caps")),
        quiet_hours=_quiet_hours(top.table("quiet_hours")),
        holdout_global=_percent(top.table("holdout")),
        tracking_granted=tracking.choice("default", ("denied", "granted"), "denied") == "granted",
        tracking_links=_tracking_links(tracking),
        ingest_max_age=_duration(top.table("ingest"), "max_age", timedelta(hours=24)),
        public_url=top.table("web").url("public_url", "http://localhost:8000"),
        environment=environment,
    )


def _refuse_not_built(top: Table) -> None:
    for name in ("topics", "webhooks"):
        if top.written(name) is not None:
            top.error(name, f"`[{name}]` {NOT_BUILT}")
    tracking = top.table("tracking")
    for name in ("opens", "clicks"):
        if tracking.written(name) is not None:
            tracking.error(name, f"`{name}` {NOT_BUILT}")
    if top.table("never").texts("rules"):
        top.table("never").error("rules", f"`[never]` {NOT_BUILT}")
    if top.table("consent").flag("double_opt_in", False):
        top.table("consent").error("double_opt_in", f"`double_opt_in` {NOT_BUILT}")


def _project(table: Table) -> ProjectSettings:
    default = ProjectSettings()
    zone = table.text("timezone", default.timezone)
    if find_zone(zone) is None:
        hint = did_you_mean(zone, available_timezones())
        table.error(
            "timezone",
            f"there is no time zone '{zone}'{hint or ': write one such as Europe/Paris'}",
        )
        zone = default.timezone
    return ProjectSettings(
        name=table.matching(
            "name", r"[^\x00-\x1f\x7f]+", "one line of text, the sender people see", default.name
        ),
        timezone=zone,
        locale=table.matching(
            "locale", r"[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*", "such as en or fr-CA", default.locale
        ),
        currency=table.matching(
            "currency", r"[A-Z]{3}", "three capital letters, such as EUR", default.currency
        ),
        postal_address=table.text("postal_address", ""),
        website=table.url("website", ""),
    )


def _channels(table: Table) -> ChannelChoice:
    default = ChannelChoice()
    return ChannelChoice(
        email=table.text("email", default.email),
        sms=table.text("sms", default.sms),
        from_email=table.matching(
            "from_email",
            r"[^@\s<>]+@[^@\s<>]+|[^<>]*<[^@\s<>]+@[^@\s<>]+>",
            "an address such as hello@shop.example or The Shop <hello@shop.example>",
            default.from_email,
        ),
        only_to=tuple(_reached_at(text) for text in table.texts("only_to")),
    )


def _reached_at(text: str) -> str:
    """An address or an international number, in the spelling in which messages go to it."""
    return read_phone(text, "") or text.strip().lower()


# ---------------------------------------------------------------- values


def _tracking_links(table: Table) -> Mapping[str, str]:
    links = table.texts_by_key("links", UTM)
    for name, value in links.items():
        if not set(LINK_FIELDS).issuperset(_fields(value)):
            known = ", ".join(f"{{{field}}}" for field in LINK_FIELDS)
            table.error("links", f"'{name}' may hold {known}, and no other braces")
    return links


def _fields(text: str) -> Iterator[str]:
    """What stands between braces; a format after a colon or `!` is left on it, so that it is
    nothing we know.
    """
    try:
        for _, name, form, conversion in Formatter().parse(text):
            if name is not None:
                yield name + (form or "") + (conversion or "")
    except ValueError:  # a brace without its partner
        yield "{"


def _duration(table: Table, key: str, default: timedelta) -> timedelta:
    text = table.text(key, "")
    if not text:
        return default
    try:
        return parse_duration(text)
    except ValueError as fault:
        table.error(key, str(fault))
        return default


def _percent(table: Table) -> float:
    text = table.text("global", "0%")
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", text)
    if not match or float(match[1]) > 100:
        table.error("global", f"'{text}' is not a share: write 5%")
        return 0.0
    return float(match[1])


_PER = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}


def _caps(table: Table) -> dict[Medium, tuple[Cap, ...]]:
    caps = {}
    for medium in Medium:
        found = [_cap(table, medium, text) for text in table.texts(medium)]
        caps[medium] = tuple(cap for cap in found if cap is not None)
    return {medium: of_medium for medium, of_medium in caps.items() if of_medium}


def _cap(table: Table, key: str, text: str) -> Cap | None:
    count, _, per = text.partition("/")
    try:
        window = _PER.get(per.strip()) or parse_duration(per)
        if int(count) >= 1 and window > timedelta(0):
            return Cap(int(count), window)
    except ValueError:
        pass  # said below, with what is accepted
    table.error(key, f"'{text}' is not a cap: write 1/day, 3/week or 10/30d")
    return None


_LONG_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _quiet_hours(table: Table) -> dict[Medium, QuietHours]:
    found = {}
    for medium in Medium:
        if table.written(medium) in (None, "none"):
            table.read(medium)
            continue
        found[medium] = _quiet_hours_of(table.table(medium, '{from = "20:00", to = "08:00"}'))
    return found


def _quiet_hours_of(table: Table) -> QuietHours:
    if table.written("holidays") is not None:
        table.read("holidays")
        table.error("holidays", f"`holidays` {NOT_BUILT}")
    clocks = []
    for key in ("from", "to"):
        text = table.text(key, "")
        try:
            clocks.append(parse_clock(text) if text else None)
        except ValueError as fault:
            table.error(key, str(fault))
            clocks.append(None)
    if (table.written("from") is None) != (table.written("to") is None):
        table.error("from", "quiet hours need both `from` and `to`")
    days = [_weekday(table, word) for word in table.texts("days_off")]
    days_off = frozenset(day for day in days if day is not None)
    if len(days_off) == 7:
        table.error("days_off", "with seven days off nothing would ever be sent")
    return QuietHours(clocks[0], clocks[1], days_off)


def _weekday(table: Table, word: str) -> int | None:
    for number, short in enumerate(WEEKDAYS):
        if word.lower() in (short, _LONG_DAYS[number]):
            return number
    table.error("days_off", f"'{word}' is not a weekday{did_you_mean(word, _LONG_DAYS)}")
    return None


# ---------------------------------------------------------------- the database


def _database_url(root: Path, table: Table, environment: Mapping[str, str]) -> str:
    written = table.text("url", "sqlite:///var/parcours.db")
    if re.match(r"[^/]*://[^/@]*:[^/@]+@", written):
        table.error(
            "url", "a password stands here: set PARCOURS_DATABASE_URL in the environment instead"
        )
    url = environment.get("PARCOURS_DATABASE_URL") or written
    if not re.fullmatch(
        r"sqlite://(/[^\x00-\x1f]*)?|postgresql\+psycopg://[^\x00-\x1f]*", url
    ) or not has_port(url):
        table.error(
            "url",
            (
                "the database is sqlite:///… or postgresql+psycopg://… (here or in "
                "PARCOURS_DATABASE_URL)"
            ),
        )
    return absolute_database_url(root, url)


def absolute_database_url(root: Path, url: str) -> str:
    """The URL with a relative SQLite path (`sqlite:///var/x.db`) taken from the project's
    folder.
    """
    if not url.startswith("sqlite:///") or url.startswith(
        ("sqlite:////", "sqlite:///:memory:", "sqlite:///file:")
    ):
        return url
    return f"sqlite:///{root.resolve() / url.removeprefix('sqlite:///')}"


# ---------------------------------------------------------------- secrets

_SECRET = re.compile(
    r"secret|token|passw|credential|api_?key|write_?key|private_?key|auth|account_sid",
    re.IGNORECASE,
)


def _refuse_secrets(table: Table) -> None:
    for path in table.paths():
        if _SECRET.search(path[-1]):
            table.error_at(
                path,
                (
                    f"secrets come from the environment only: remove `{path[-1]}` and set it "
                    "there (or in .env)"
                ),
            )


def load_secret_key(config: Config) -> str:
    """The key that signs links: PARCOURS_SECRET_KEY, else made once in `var/secret_key`."""
    return config.environment.get("PARCOURS_SECRET_KEY") or _made_once(
        config.var_dir / "secret_key"
    )


def has_secret_key(config: Config) -> bool:
    """Whether there is one already."""
    return (
        bool(config.environment.get("PARCOURS_SECRET_KEY"))
        or (config.var_dir / "secret_key").exists()
    )


def load_write_key(config: Config) -> str:
    """The key that ingest asks for: PARCOURS_WRITE_KEY, else made once in `var/write_key`."""
    return config.environment.get("PARCOURS_WRITE_KEY") or _made_once(config.var_dir / "write_key")


def _made_once(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        with open(
            os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii"
        ) as file:
            file.write(secrets.token_urlsafe(32))
        try:
            os.link(draft, path)  # fails where another process was first: its key holds
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    key = path.read_bytes().removeprefix(BOM_UTF8).strip()
    if not key:
        raise ParcoursError(
            f"{path} is empty: delete it, and a new key is made (links signed so far "
            "become invalid)"
        )
    if not key.isascii():
        raise ParcoursError(
            f"{path} holds no key: letters outside ASCII stand in it. Put the key back that "
            f"was there, "
            "or delete the file, and a new one is made (links signed so far become invalid)"
        )
    return key.decode()


def _read_dotenv(path: Path) -> dict[str, str]:
    """The variables of a `.env`: `KEY=value` a line, optionally after `export`, quoted, or with a
    comment behind.
    """
    try:
        text = decode_text(path.read_bytes()) if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as fault:
        what = (
            f"this file cannot be read: {why_unreadable(fault)}"
            if isinstance(fault, OSError)
            else _NO_TEXT
        )
        raise ProjectInvalid([Problem(path.name, 1, 1, what)]) from None
    found = {}
    for line in text.splitlines():
        match = re.fullmatch(
            r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(?:'([^']*)'|\"([^\"]*)\"|(.*?))(?:\s+#.*)?\s*",
            line,
        )
        if match:
            found[match[1]] = next((group for group in match.groups()[1:] if group is not None), "")
    return found


def _syntax_problem(message: str) -> Problem:
    at = re.search(r"\(at line (\d+), column (\d+)\)", message)
    line, column = (int(at[1]), int(at[2])) if at else (1, 1)
    what = message.split(" (at ")[0]
    hint = "; put text between quotes" if what.startswith("Invalid") else ""
    if "overwrite" in what or "twice" in what:
        what, hint = "a key or table is written twice", "; keep one"
    return Problem(FILE, line, column, f"this is not TOML: {what[:1].lower()}{what[1:]}{hint}")
