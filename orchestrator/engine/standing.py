"""What stands still, and until when: read from the database at the beginning of each unit of work.

Ops hold journeys and channels in Prefect; a channel rests by itself when its provider takes
nothing. Both are rows, so that a restart, or another process that takes its turn, knows of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.domain.message import Medium
from orchestrator.engine.parts import Parts
from orchestrator.engine.report import Held
from orchestrator.store import customers, settings
from orchestrator.store.settings import Rest
from orchestrator.store.transaction import Transaction

JOURNEY, CHANNEL = "journey", "channel"  # the kinds of what is held
_WHY_HELD = "on hold in Prefect"


@dataclass(slots=True)
class Standing:
    """What is held by people, and the channels that rest by themselves; as the database."""

    held: Held = field(default_factory=Held)
    rests: dict[Medium, Rest] = field(default_factory=dict)


def read_standing(transaction: Transaction) -> Standing:
    """What stands still now."""
    rests = {Medium(name): rest for name, rest in settings.read_rests(transaction).items()}
    return Standing(read_held(transaction), rests)


def read_held(transaction: Transaction) -> Held:
    """What people hold now."""
    journeys = settings.read_gates(transaction, JOURNEY)
    channels = settings.read_gates(transaction, CHANNEL)
    return Held(frozenset(journeys), frozenset(channels))


def hold(parts: Parts, held: Held, now: datetime) -> None:
    """Remembers what is held from now on; people in released journeys are looked at again."""
    with parts.database.write() as transaction:
        released = read_held(transaction).journeys - held.journeys
        for kind, names in ((JOURNEY, held.journeys), (CHANNEL, held.channels)):
            settings.write_gates(transaction, kind, dict.fromkeys(names, _WHY_HELD), now)
        if released:
            customers.mark_inside_due(transaction, released, now)
