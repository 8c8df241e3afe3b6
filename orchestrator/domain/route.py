"""Which channel a message takes: the one that its step names, else the project's for its medium."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.domain.medium import ChannelName, Medium

#: The channels of a project that names none: one for each medium, called like it.
PLAIN: Mapping[ChannelName, Medium] = {ChannelName(medium): medium for medium in Medium}


def route(
    channels: Mapping[ChannelName, Medium], medium: Medium, provider: str | None
) -> tuple[ChannelName, ...]:
    """The channels by which a message may leave, the first choice first.

    `channels` are the project's in the order of its file. A name that no channel of the medium has
    any more, in a journey that people entered long ago, counts as none.
    """
    of_medium = tuple(name for name, carried in channels.items() if carried is medium)
    return tuple(name for name in of_medium if name == provider) or of_medium


def first_channel(
    channels: Mapping[ChannelName, Medium], medium: Medium, provider: str | None
) -> ChannelName:
    """The channel that a message is queued for; where the project has none of its medium, the one
    that would be called like it."""
    first = None
    for name, carried in channels.items():
        if carried is medium:
            if name == provider:
                return name
            first = first or name
    return first or ChannelName(medium)
