"""What the engine must remember about itself, and what stands still."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import func, select

from orchestrator.store.tables import ENROLLMENTS, GATES, SETTINGS, VERSIONS
from orchestrator.store.transaction import Transaction

BASE_URL = "home"  # where `up` answered last
PREDICTED = "predictions"  # what the last came to, and when
SECRET_KEY = "secret_key"  # a fingerprint of the one that signs links
JOURNEY, CHANNEL, SHIFT = "journey", "channel", "shift"  # the kinds of gates: held by people
STOPPED = "stopped"  # … and a channel that stopped without a person


def read(transaction: Transaction, key: str) -> str | None:
    """A remembered value; None when there is none."""
    return transaction.execute(select(SETTINGS.c.value).where(SETTINGS.c.key == key)).scalar()


def read_time(transaction: Transaction, key: str) -> datetime | None:
    """A remembered instant."""
    value = read(transaction, key)
    return None if value is None else datetime.fromisoformat(value)


def write(transaction: Transaction, key: str, value: str) -> None:
    """Remembers a value."""
    transaction.upsert(SETTINGS, [{"key": key, "value": value}], keys=["key"], values=["value"])


@dataclass(frozen=True, slots=True)
class LastNight:
    """What the last predictions came to: how many customers had ordered again, how many got a churn
    risk, and of how many something was written."""

    at: datetime
    repeaters: int
    told: int
    written: int


def read_last_night(transaction: Transaction) -> LastNight | None:
    """What the last predictions came to; None where none was ever made."""
    found = read(transaction, PREDICTED)
    if found is None:
        return None
    at, *numbers = found.split()
    return LastNight(datetime.fromisoformat(at), *map(int, numbers))


def write_last_night(transaction: Transaction, night: LastNight) -> None:
    """Notes what predictions came to."""
    value = f"{night.at.isoformat()} {night.repeaters} {night.told} {night.written}"
    write(transaction, PREDICTED, value)


def fingerprint(secret: str) -> str:
    """What tells one secret from another, and nothing else of it."""
    return blake2b(
        secret.encode("utf-8", "surrogateescape"), digest_size=8, person=b"fingerprint"
    ).hexdigest()


def read_gates(transaction: Transaction) -> dict[str, dict[str, str]]:
    """What stands still: by kind (JOURNEY, CHANNEL, SHIFT, STOPPED), name → reason."""
    found: dict[str, dict[str, str]] = {kind: {} for kind in (JOURNEY, CHANNEL, SHIFT, STOPPED)}
    for row in transaction.execute(select(GATES)):
        found.setdefault(row.kind, {})[row.name] = row.reason
    return found


def write_gates(
    transaction: Transaction, kind: str, held: Mapping[str, str], now: datetime
) -> None:
    """Replaces what stands still of a kind; since when is kept for what stood still already."""
    transaction.execute(
        GATES.delete().where(GATES.c.kind == kind, GATES.c.name.not_in(sorted(held)))
    )
    rows = [
        {"kind": kind, "name": name, "reason": reason, "since": now, "until": None, "times": 0}
        for name, reason in sorted(held.items())
    ]
    transaction.upsert(GATES, rows, keys=["kind", "name"], values=["reason"])


@dataclass(frozen=True, slots=True)
class Rest:
    """A channel that stopped without a person: until when, after `times` rests, and why."""

    until: datetime
    reason: str
    times: int = 0


def read_rests(transaction: Transaction) -> dict[str, Rest]:
    """The channels that stand still by themselves, or have since and were not taken a message
    again.
    """
    rows = transaction.execute(select(GATES).where(GATES.c.kind == STOPPED))
    return {row.name: Rest(row.until or row.since, row.reason, row.times) for row in rows}


def write_rest(transaction: Transaction, name: str, rest: Rest, now: datetime) -> None:
    """Has a channel rest; since when is kept for one that rested already."""
    row = {"kind": STOPPED, "name": name, "since": now}
    told = {"reason": rest.reason, "until": rest.until, "times": rest.times}
    transaction.upsert(GATES, [row | told], keys=["kind", "name"], values=list(told))


def end_rest(transaction: Transaction, name: str) -> None:
    """A channel works again."""
    transaction.execute(GATES.delete().where(GATES.c.kind == STOPPED, GATES.c.name == name))


def read_versions(transaction: Transaction) -> dict[tuple[str, str], str]:
    """The text of every version of every journey that ever ran, by (journey, version)."""
    return {(row.journey, row.version): row.source for row in transaction.execute(select(VERSIONS))}


def keep_versions(
    transaction: Transaction,
    sources: Mapping[tuple[str, str], str],
    now: datetime,
) -> None:
    """Keeps the text of these versions."""
    rows = [
        {"journey": journey, "version": version, "source": source, "seen_at": now}
        for (journey, version), source in sources.items()
    ]
    transaction.insert_new(VERSIONS, rows)


def people_by_step(
    transaction: Transaction, journeys: Collection[str] | None = None
) -> dict[tuple[str, str, str], int]:
    """How many people stand where: (journey, version, step) → count."""
    e = ENROLLMENTS.c
    query = select(e.journey, e.version, e.step, func.count()).where(e.status == "active")
    if journeys is not None:
        query = query.where(e.journey.in_(sorted(journeys)))
    rows = transaction.execute(query.group_by(e.journey, e.version, e.step))
    return {(journey, version, step or ""): count for journey, version, step, count in rows}
