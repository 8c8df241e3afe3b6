"""Rules about parcours.toml: what would keep every message of a medium from leaving."""

from __future__ import annotations

from collections.abc import Iterator

from channels import ADAPTERS, LOCAL, SettingMissing, open_channel, refusals
from orchestrator.adapters import channel_settings
from orchestrator.clock import SystemClock
from orchestrator.config import FILE, Config
from orchestrator.domain.errors import ChannelMisconfigured
from orchestrator.domain.medium import Medium
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.language.toml_keys import locate_keys
from orchestrator.lint.rules import ERROR, Finding, Rules, Spot

SETTINGS: Rules[Config] = Rules()  # asked whatever else is broken
CHANNELS: Rules[Config] = Rules()  # asked where the project's files hold no error

_DOUBLE = "recording"  # for tests: nobody is offered it


def setting(config: Config, *path: str) -> Spot:
    """Where a setting is written; the file's beginning for one that is not."""
    file = config.root / FILE
    places = locate_keys(file.read_text(encoding="utf-8-sig")) if file.exists() else {}
    return FILE, *places.get(path, (1, 1))


@SETTINGS.rule("unknown-channel", why="No message of that medium could leave.", severity=ERROR)
def unknown_channels(config: Config) -> Iterator[Finding]:
    """Adapters that do not exist, or carry another medium."""
    for medium in Medium:
        name = config.channels.adapter(medium)
        if name in ADAPTERS and medium in ADAPTERS[name].media:
            continue
        known = sorted(
            known
            for known, adapter in ADAPTERS.items()
            if medium in adapter.media and known != _DOUBLE
        )
        offered = f"(these do: {', '.join(known)}){did_you_mean(name, known)}"
        told = f"no channel '{name}' carries {medium} {offered}"
        yield setting(config, "channels", str(medium)), told


@CHANNELS.rule(
    "channel-refuses",
    why="The channel's own rules would refuse every message of that medium.",
    severity=ERROR,
)
def channel_refusals(config: Config) -> Iterator[Finding]:
    """What an adapter says of its settings."""
    settings = channel_settings(config, SystemClock().now)
    for medium in Medium:
        for refusal in refusals(medium, config.channels.adapter(medium), settings):
            key = "from_email" if "`from_email`" in refusal else str(medium)
            yield setting(config, "channels", key), refusal


@CHANNELS.rule(
    "credential-missing",
    why="Advice only: whoever checks the files may not hold the credentials of production.",
)
def missing_credentials(config: Config) -> Iterator[Finding]:
    """Credentials that a channel needs and that are not set."""
    settings = channel_settings(config, SystemClock().now)
    for medium in Medium:
        name = config.channels.adapter(medium)
        if name not in ADAPTERS or name in LOCAL:
            continue
        try:
            open_channel(medium, name, settings).close()
        except SettingMissing as lack:
            told = f"no {medium} would leave through '{name}': {lack}"
            yield setting(config, "channels", str(medium)), told
        except ChannelMisconfigured:
            pass  # one of the refusals
