"""What the HTTP side, a process of its own, and `up`, which started it, say to each other.

They speak pickled values over a socket pair that nobody else can reach. The end of the line is the
end of the other: a HTTP side without its `up` ends, and `up` starts an ended one again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.clock import Clock
from orchestrator.config import Config
from orchestrator.domain.friend_offer import FriendOffer
from orchestrator.domain.survey import Survey
from orchestrator.domain.topics import TopicNames


@dataclass(frozen=True, slots=True)
class Served:
    """What of a project is served; said at the start, and again after an edit."""

    config: Config
    clock: Clock
    surveys: Mapping[str, Survey]
    friend_offer: FriendOffer | None
    topics: TopicNames
    demo: bool = False
    prefect_ui_url: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The HTTP side serves what it was told."""


@dataclass(frozen=True, slots=True)
class Nudge:
    """New calls are durable: the engine may look at once."""


@dataclass(frozen=True, slots=True)
class CopyWanted:
    """The HTML of a mail, rendered anew from the ledger, is asked for."""

    public_id: str
    number: int  # of the question


@dataclass(frozen=True, slots=True)
class Copy:
    """The answer; `trouble` says why the database could not be asked."""

    number: int
    html: str | None
    trouble: str = ""
