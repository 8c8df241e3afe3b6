"""What a project is configured with: values with a working default, and the keys made once."""

from __future__ import annotations

import os
import secrets
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.outlets import Outlets
from orchestrator.domain.phrase import say
from orchestrator.domain.policy import Cap, Policy
from orchestrator.domain.schedule import QuietHours
from orchestrator.domain.topics import Topic

FILE = "parcours.toml"

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
class ChannelConfig:
    """One channel: the adapter through which messages of a medium leave."""

    medium: Medium
    adapter: str = "mailbox"
    from_email: str = ""  # its own sender, instead of the project's


def mailboxes() -> dict[ChannelName, ChannelConfig]:
    """A mailbox for each medium that every project has, called like it."""
    return {
        ChannelName(medium): ChannelConfig(medium) for medium in Medium if medium.spec.is_common
    }


@dataclass(frozen=True, slots=True)
class Channels:
    """The project's channels, in the order of its file: the first of a medium takes what names
    none. With `only_to` nobody else is written to (addresses and numbers).
    """

    by_name: Mapping[ChannelName, ChannelConfig] = field(default_factory=mailboxes)
    from_email: str = "hello@shop.example"
    only_to: tuple[str, ...] = ()

    @property
    def media(self) -> dict[ChannelName, Medium]:
        """What each channel carries."""
        return {name: channel.medium for name, channel in self.by_name.items()}

    def sender(self, name: ChannelName) -> str:
        """The From address of what leaves by a channel."""
        channel = self.by_name.get(name)  # none for a message of long ago
        return (channel and channel.from_email) or self.from_email

    def account(self, name: ChannelName) -> str:
        """What stands behind the names of a channel's variables in the environment: "" for the
        channel called like its medium, and for the only one of its adapter; else its own name.
        """
        own = self.by_name[name]
        of_adapter = [one for one in self.by_name.values() if one.adapter == own.adapter]
        is_plain = name == str(own.medium) or len(of_adapter) == 1
        return "" if is_plain else name.upper().replace("-", "_")


@dataclass(frozen=True, slots=True)
class Webhooks:
    """What webhooks may use and reach: environment variables by name, and hosts of one's own
    network beside all of the internet.
    """

    secrets: frozenset[str] = frozenset()
    allow: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Config:
    """A project's configuration. `environment` is the process's, over that of `.env`; it stays out
    of `repr`.
    """

    root: Path
    project: ProjectSettings = ProjectSettings()
    database_url: str = field(default="", repr=False)  # may hold a password
    channels: Channels = field(default_factory=Channels)
    consent_granted: bool = False  # what holds where a customer has made no choice
    double_opt_in: frozenset[Medium] = frozenset()
    topics: Mapping[str, Topic] | None = None  # None: the project declares none
    caps: Mapping[Medium, tuple[Cap, ...]] = field(default_factory=dict)
    quiet_hours: Mapping[Medium, QuietHours] = field(default_factory=dict)
    never: tuple[str, ...] = ()  # as written: `language.never_rules` reads them
    holdout_global: float = 0.0  # percent
    # whether opens and clicks of who said nothing about it are measured
    tracking_granted: bool = False
    tracking_opens_counted: bool = False  # without persons
    tracking_links: Mapping[str, str] = field(default_factory=lambda: UTM)
    ingest_max_age: timedelta = timedelta(hours=24)
    # whether predictions are written every night; None: where a file reads them
    predictions_nightly: bool | None = None
    public_url: str = "http://localhost:8000"
    webhooks: Webhooks = Webhooks()
    outlets: Outlets = field(default_factory=Outlets)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    var: Path | None = None  # instead of the project's own `var`: the demo keeps to itself

    @property
    def var_dir(self) -> Path:
        """Where Parcours keeps what it makes: database, mailbox, keys."""
        return self.var or self.root / "var"

    @property
    def policy(self) -> Policy:
        """Consent, caps and quiet hours, as the domain asks them."""
        asked = frozenset(one.id for one in (self.topics or {}).values() if one.asks_yes)
        return Policy(
            self.consent_granted,
            self.caps,
            self.quiet_hours,
            asked,
            confirmed_media=self.double_opt_in,
        )

    @property
    def admin_token(self) -> str | None:
        """What opens pages that show customers from another machine; None: only this machine may
        see them.
        """
        return self.environment.get("PARCOURS_ADMIN_TOKEN") or None


def absolute_database_url(root: Path, url: str) -> str:
    """The URL with a relative SQLite path (`sqlite:///var/x.db`) taken from the project's
    folder.
    """
    if not url.startswith("sqlite:///") or url.startswith(
        ("sqlite:////", "sqlite:///:memory:", "sqlite:///file:")
    ):
        return url
    return f"sqlite:///{root.resolve() / url.removeprefix('sqlite:///')}"


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


def load_read_key(config: Config) -> str:
    """The key with which pages read what they show: PARCOURS_READ_KEY, else made once in
    `var/read_key`.
    """
    return config.environment.get("PARCOURS_READ_KEY") or _made_once(config.var_dir / "read_key")


def load_onsite_secret(config: Config) -> str:
    """With what the shop's server signs who somebody is: PARCOURS_ONSITE_SECRET, else made once in
    `var/onsite_secret`.
    """
    made = config.var_dir / "onsite_secret"
    return config.environment.get("PARCOURS_ONSITE_SECRET") or _made_once(made)


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
            say(
                "{path} is empty: delete it, and a new key is made (links signed so far become "
                "invalid)",
                path=path,
            )
        )
    if not key.isascii():
        raise ParcoursError(
            say(
                "{path} holds no key: letters outside ASCII stand in it. Put the key back that was "
                "there, or delete the file, and a new one is made (links signed so far become "
                "invalid)",
                path=path,
            )
        )
    return key.decode()
