"""The channels that a project's configuration names: apart from the rest of the wiring, since
checking a project or sending a proof needs no database.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from channels import ChannelSettings, open_channel
from channels.channel_settings import trusted_tls
from channels.webhook_http import HttpWebhooks
from orchestrator.clock import Clock
from orchestrator.config import Config
from orchestrator.domain.channel import Channel
from orchestrator.domain.medium import ChannelName
from orchestrator.domain.webhook_port import WebhookCaller


def channel_settings(
    config: Config, name: ChannelName, now: Callable[[], datetime]
) -> ChannelSettings:
    """What the adapter of a channel may know of the project."""
    return ChannelSettings(
        var_dir=config.var_dir,
        clock=now,
        from_email=config.channels.sender(name),
        from_name=config.project.name,
        environment=config.environment,
        account=config.channels.account(name),
    )


def open_webhooks(config: Config) -> WebhookCaller:
    """What makes the webhooks of journeys; nothing is looked up or connected yet."""
    environment = config.environment
    secrets = {name: environment[name] for name in config.webhooks.secrets if environment.get(name)}
    return HttpWebhooks(secrets, config.webhooks.allow, partial(trusted_tls, environment))


def open_channels(config: Config, clock: Clock) -> dict[ChannelName, Channel]:
    """The channels the configuration names; raises ChannelMisconfigured with what to set."""
    return {
        name: open_channel(one.medium, one.adapter, channel_settings(config, name, clock.now))
        for name, one in config.channels.by_name.items()
    }
