"""The segments that somebody is in, as the row of a customer holds them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from orchestrator.domain.state import Membership

Stored = dict[str, list[str | None]]


def read_memberships(stored: Stored | None) -> dict[str, Membership]:
    """What the row says of the segments that are watched."""
    return {
        name: Membership(answer, None if since is None else datetime.fromisoformat(since))
        for name, (answer, since) in (stored or {}).items()
    }


def write_memberships(known: Mapping[str, Membership]) -> Stored | None:
    """The same as the row holds it; None where no segment is watched."""
    return {
        name: [one.answer, None if one.since is None else one.since.isoformat()]
        for name, one in known.items()
    } or None
