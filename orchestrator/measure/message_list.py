"""Lists of messages: those in the ledger, and those decided against before they were messages."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from orchestrator.domain.answer import Table
from orchestrator.domain.formatting import format_instant
from orchestrator.domain.journey import Journey
from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.message import MessageState
from orchestrator.domain.route import PLAIN
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.measure.status import STANDINGS, ways_of_steps, why_unsent
from orchestrator.store import figures, messages
from orchestrator.store.figures import TAKEN_BY_NONE, TakenBy
from orchestrator.store.transaction import Transaction

_SHOWN = ("external_id", "journey", "step", "channel", "state", "reason")
_LISTED = (
    "public_id", "external_id", "journey", "step", "medium", "channel", "template", "state",
    "reason", "code", "decided_at", "leased_at", "settled_at",
)  # fmt: skip


def list_messages(
    transaction: Transaction,
    journeys: Mapping[str, Journey],
    states: Collection[str],
    journey: str | None,
    *,
    limit: int,
    channels: Mapping[ChannelName, Medium] = PLAIN,
) -> list[dict[str, Any]]:
    """The newest messages in some states (none: in all). Where those that were not sent are asked
    for, what was decided against before it became a message is among them; it has no id."""
    rows = messages.list_messages(transaction, states, journey, limit)
    found = [{name: getattr(row, name) for name in _LISTED} for row in rows]
    if MessageState.NOT_SENT in states:
        unsent = figures.list_unsent(transaction, journey, limit)
        ways = ways_of_steps(transaction, {row.journey for row in unsent}, journeys, channels)
        found += [
            _as_listed(row, ways.get((row.journey, row.step), TAKEN_BY_NONE)) for row in unsent
        ]
        found.sort(key=lambda row: row["decided_at"], reverse=True)
    return found[:limit]


def _as_listed(row: Any, way: TakenBy) -> dict[str, Any]:
    known = {name: getattr(row, name) for name in ("external_id", "journey", "step", "template")}
    told = {
        "medium": way.medium,
        "channel": way.channel,
        "state": MessageState.NOT_SENT,
        "reason": why_unsent(row),
        "decided_at": row.at,
    }
    return dict.fromkeys(_LISTED, "") | {"leased_at": None, "settled_at": None} | known | told


def as_table(rows: list[dict[str, Any]], zone: ZoneInfo) -> Table:
    """The list for people."""
    decided = f"DECIDED ({zone.key})"
    head = ("ID", decided, "CUSTOMER", "JOURNEY", "STEP", "CHANNEL", "STATE", "REASON")
    return Table(head, [_as_row(row, zone) for row in rows])


def _as_row(row: dict[str, Any], zone: ZoneInfo) -> tuple[str, ...]:
    at = format_instant(row["decided_at"], zone)
    return row["public_id"], at, *(str(row[name]) for name in _SHOWN)


class UnknownState(ValueError):
    """A word that is no state of a message; the text says which are."""


def states_of(word: str | None) -> tuple[MessageState, ...]:
    """The states that a word of `status`, or an exact state, means; () for None. Raises
    UnknownState.
    """
    if word is None:
        return ()
    plain = word.strip().lower().replace("-", " ").replace("_", " ")
    if plain in STANDINGS:
        return STANDINGS[plain]
    exact = {state.replace("_", " "): state for state in MessageState}
    if plain not in exact:
        known = dict.fromkeys(name.replace(" ", "-") for name in (*STANDINGS, *exact))
        hint = did_you_mean(plain.replace(" ", "-"), known) or f" (known: {', '.join(known)})"
        raise UnknownState(f"no message is ever '{word}'{hint}")
    return (exact[plain],)
