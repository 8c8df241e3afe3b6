"""When work was last done on a database, and the refusal to do any before that."""

from __future__ import annotations

from datetime import datetime

from orchestrator.clock import Clock, SystemClock, VirtualClock
from orchestrator.domain.errors import TimeWentBack
from orchestrator.engine.parts import Parts
from orchestrator.store import settings
from orchestrator.store.database import Database
from orchestrator.store.transaction import Transaction

LAST_TICK = "last_tick"
CLOCK, VIRTUAL = "clock", "virtual"  # on a virtual clock it is as late as the last tick says


def refuse_a_past(parts: Parts, now: datetime) -> None:
    """Refuses to go on by the machine's clock where `tick --now` has already been later:
    TimeWentBack.
    """
    with parts.database.read() as transaction:
        _read_last_tick(parts, transaction, now)


def note_tick(parts: Parts, transaction: Transaction, now: datetime) -> None:
    """Remembers when this work was done; raises TimeWentBack for an instant before the last."""
    last = _read_last_tick(parts, transaction, now)
    if last is not None and now < last:
        return  # the machine's clock was set back: go on, nothing is repeated
    settings.write(transaction, LAST_TICK, now.isoformat())
    clock = VIRTUAL if parts.clock.is_virtual else "system"
    settings.write(transaction, CLOCK, clock)


def own_time(transaction: Transaction, now: datetime) -> datetime:
    """What time it is for a database: what runs on a virtual clock (the demo) is as late as its
    last tick.
    """
    last = settings.read_time(transaction, LAST_TICK)
    is_virtual = settings.read(transaction, CLOCK) == VIRTUAL
    return last if last is not None and is_virtual else now


def read_own_time(database: Database) -> datetime:
    """What time it is for a database now."""
    with database.read() as transaction:
        return own_time(transaction, SystemClock().now())


def own_clock(database: Database) -> Clock:
    """What tells a database's time: the machine's clock, or one that stands at its last tick."""
    system = SystemClock()
    with database.read() as transaction:
        now = system.now()
        own = own_time(transaction, now)
    return system if own == now else VirtualClock(own)


def _read_last_tick(parts: Parts, transaction: Transaction, now: datetime) -> datetime | None:
    """When the last tick was; raises TimeWentBack where `now` may not lie before it."""
    last = settings.read_time(transaction, LAST_TICK)
    if last is None or now >= last:
        return last
    if parts.clock.is_virtual:
        raise TimeWentBack(
            f"{now.isoformat()} lies before what was already processed ({last.isoformat()})"
        )
    if settings.read(transaction, CLOCK) == VIRTUAL:
        raise TimeWentBack(
            f"`tick --now` has taken this database to {last.isoformat()}, and it is "
            f"{now.isoformat()}: "
            "try things out on a database of their own, and go on here with `tick --now` or wait"
        )
    return last
