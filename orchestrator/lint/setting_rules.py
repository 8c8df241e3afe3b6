"""Rules about parcours.toml: what would keep every message of a channel from leaving."""

from __future__ import annotations

from collections.abc import Iterator

from channels import ADAPTERS, LOCAL, SettingMissing, open_channel, refusals
from orchestrator.adapters import channel_settings
from orchestrator.clock import SystemClock
from orchestrator.config import FILE, Config
from orchestrator.domain.errors import ChannelMisconfigured
from orchestrator.domain.phrase import say, verbatim
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.domain.text_files import decode_text
from orchestrator.language.toml_keys import locate_keys
from orchestrator.lint.rules import ERROR, Finding, Rules, Spot

SETTINGS: Rules[Config] = Rules()  # asked whatever else is broken
CHANNELS: Rules[Config] = Rules()  # asked where the project's files hold no error

_DOUBLE = "recording"  # for tests: nobody is offered it


def setting(config: Config, *path: str) -> Spot:
    """Where a setting is written, or what holds it; the file's beginning for one that is not."""
    try:
        places = locate_keys(decode_text((config.root / FILE).read_bytes()))
    except (OSError, UnicodeDecodeError):  # there is none, or its fault is said already
        places = {}
    while path and path not in places:
        path = path[:-1]
    return FILE, *places.get(path, (1, 1))


@SETTINGS.rule(
    "unknown-channel",
    why="No message of that channel could leave.",
    mend="Name an adapter that carries the medium.",
    severity=ERROR,
)
def unknown_channels(config: Config) -> Iterator[Finding]:
    """Adapters that do not exist, or carry another medium."""
    for name, channel in config.channels.by_name.items():
        medium = channel.medium
        if channel.adapter in ADAPTERS and medium in ADAPTERS[channel.adapter].media:
            continue
        known = sorted(
            known
            for known, adapter in ADAPTERS.items()
            if medium in adapter.media and known != _DOUBLE
        )
        told = say(
            "no adapter '{adapter}' carries {medium} (these do: {listed}){hint}",
            adapter=channel.adapter,
            medium=medium,
            listed=", ".join(known),
            hint=did_you_mean(channel.adapter, known),
        )
        yield setting(config, "channels", name, "adapter"), told


@CHANNELS.rule(
    "channel-refuses",
    why="The channel's own rules would refuse every message.",
    mend="Do what the message says; the rule is the provider's.",
    severity=ERROR,
)
def channel_refusals(config: Config) -> Iterator[Finding]:
    """What an adapter says of its settings."""
    for name, channel in config.channels.by_name.items():
        settings = channel_settings(config, name, SystemClock().now)
        own = (name, "from_email") if channel.from_email else ("from_email",)
        for refusal in refusals(channel.medium, channel.adapter, settings):
            path = own if "`from_email`" in refusal else (name,)
            yield setting(config, "channels", *path), verbatim(refusal)


@CHANNELS.rule(
    "secret-missing",
    why="Advice only: whoever checks the files may not hold the secrets of production.",
    mend="Set the variable in the environment, or in `.env`.",
)
def missing_secrets(config: Config) -> Iterator[Finding]:
    """Secrets of webhooks that are not set."""
    for name in sorted(config.webhooks.secrets):
        if not config.environment.get(name):
            told = say(
                "a webhook with `secrets.{name}` cannot be made: set {name} in the environment",
                name=name,
            )
            yield setting(config, "webhooks", "secrets"), told


@CHANNELS.rule(
    "credential-missing",
    why="Advice only: whoever checks the files may not hold the credentials of production.",
    mend="Set the variable in the environment, or in `.env`.",
)
def missing_credentials(config: Config) -> Iterator[Finding]:
    """Credentials that a channel needs and that are not set."""
    for name, channel in config.channels.by_name.items():
        medium, adapter = channel.medium, channel.adapter
        if adapter not in ADAPTERS or adapter in LOCAL:
            continue
        try:
            settings = channel_settings(config, name, SystemClock().now)
            open_channel(medium, adapter, settings).close()
        except SettingMissing as lack:
            by = f"'{adapter}'" if name == str(medium) else f"'{name}' ({adapter})"
            told = say(
                "no {medium} would leave through {by}: {lack}", medium=medium, by=by, lack=lack
            )
            yield setting(config, "channels", name), told
        except ChannelMisconfigured:
            pass  # one of the refusals


@SETTINGS.rule(
    "global-share",
    why="The share of the global holdout is written in percent: 0.1 is one in a thousand.",
    mend="Write `10%`; where 0.1 % is meant, write `0.1%`.",
)
def global_share(config: Config) -> Iterator[Finding]:
    """A global holdout up to 1 without a percent sign."""
    spot = setting(config, "holdout", "global")
    share, line = config.holdout_global, _line(config, spot)
    if 0 < share <= 1 and "%" not in line:
        told = say(
            "{share:g} is {share:g} %, not {meant:g} %: write {meant:g}%",
            share=share,
            meant=share * 100,
        )
        yield spot, told


def _line(config: Config, spot: Spot) -> str:
    try:
        lines = decode_text((config.root / FILE).read_bytes()).splitlines()
    except (OSError, UnicodeDecodeError):  # there is none, or its fault is said already
        return ""
    return lines[spot[1] - 1] if spot[1] <= len(lines) else ""
