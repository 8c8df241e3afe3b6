"""The channels that a project's configuration names: apart from the rest of the wiring, since
checking a project or sending a proof needs no database.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from channels import ChannelSettings, open_channel
from orchestrator.clock import Clock
from orchestrator.config import Config
from orchestrator.domain.channel import Channel
from orchestrator.domain.message import Medium


def channel_settings(config: Config, now: Callable[[], datetime]) -> ChannelSettings:
    """What the project's adapters may know of it."""
    return ChannelSettings(
        var_dir=config.var_dir,
        clock=now,
        from_email=config.channels.from_email,
        from_name=config.project.name,
        environment=config.environment,
    )


def open_channels(config: Config, clock: Clock) -> dict[Medium, Channel]:
    """The channels the configuration names; raises ChannelMisconfigured with what to set."""
    chosen = channel_settings(config, clock.now)
    return {
        medium: open_channel(medium, config.channels.adapter(medium), chosen) for medium in Medium
    }
