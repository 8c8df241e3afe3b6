"""What stands still, and until when: read from the database at the beginning of each unit of work.

Ops hold journeys and channels in Prefect; a channel rests by itself when its provider takes
nothing. Both are rows, so that a restart, or another process that takes its turn, knows of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from orchestrator.domain.medium import ChannelName
from orchestrator.domain.program import Program
from orchestrator.engine.parts import Parts
from orchestrator.engine.report import Held
from orchestrator.store import customers, settings
from orchestrator.store.settings import Rest
from orchestrator.store.transaction import Transaction

_HELD = (settings.JOURNEY, settings.CHANNEL, settings.SHIFT)  # in the order of `Held`
_PAUSED, _CANCELLED = "on hold in Prefect", "cancelled in Prefect"


@dataclass(slots=True)
class Standing:
    """What is held by people, and the channels that rest by themselves; as the database."""

    held: Held = field(default_factory=Held)
    rests: dict[ChannelName, Rest] = field(default_factory=dict)


def read_standing(transaction: Transaction, program: Program) -> Standing:
    """What stands still now; who is inside a journey that became a draft stands too, and who is
    inside one that has no file any more.
    """
    rests = {ChannelName(name): rest for name, rest in settings.read_rests(transaction).items()}
    held, drafts = read_held(transaction), [one for one in program.journeys.values() if one.draft]
    if drafts or program.without_file:
        still = program.without_file.union(one.id for one in drafts)
        held = replace(held, journeys=held.journeys | still)
    return Standing(held, rests)


def read_held(transaction: Transaction) -> Held:
    """What people hold now."""
    gates = settings.read_gates(transaction)
    return Held(*(frozenset(gates[kind]) for kind in _HELD))


def read_paused(transaction: Transaction) -> Held:
    """What people hold until they release it: a cancelled run held for its own minute only."""
    gates = settings.read_gates(transaction)
    return Held(*(_paused(gates[kind]) for kind in _HELD))


def _paused(reasons: Mapping[str, str]) -> frozenset[str]:
    return frozenset(name for name, reason in reasons.items() if reason != _CANCELLED)


def hold(parts: Parts, held: Held, now: datetime) -> None:
    """Remembers what is held from now on; people in released journeys are looked at again."""
    with parts.database.write() as transaction:
        released = read_held(transaction).journeys - held.journeys
        names_held = (held.journeys, held.channels, held.shifts)
        for kind, names in zip(_HELD, names_held, strict=True):
            why = {name: _CANCELLED if name in held.cancelled else _PAUSED for name in names}
            settings.write_gates(transaction, kind, why, now)
        if released:
            customers.mark_inside_due(transaction, released, now)
