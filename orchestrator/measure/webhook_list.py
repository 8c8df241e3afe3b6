"""The ledger of webhooks, for people and as data. What was asked is not shown: customers' data are
part of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from orchestrator.domain.answer import Notice, Part, Table
from orchestrator.domain.formatting import count, format_instant
from orchestrator.store.webhooks import RetriedWebhooks

_LISTED = (
    "public_id", "external_id", "journey", "step", "state", "status", "reason", "attempts",
    "decided_at", "settled_at",
)  # fmt: skip
_SHOWN = ("external_id", "journey", "step", "state", "attempts", "reason")


def as_listed(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Rows of the ledger as data."""
    return [{name: getattr(row, name) for name in _LISTED} for row in rows]


def as_table(rows: Sequence[dict[str, Any]], zone: ZoneInfo) -> Table:
    """The list for people."""
    head = (
        "ID",
        f"DECIDED ({zone.key})",
        "CUSTOMER",
        "JOURNEY",
        "STEP",
        "STATE",
        "TRIES",
        "REASON",
    )
    return Table(head, [_as_row(row, zone) for row in rows])


def _as_row(row: dict[str, Any], zone: ZoneInfo) -> tuple[str, ...]:
    at = format_instant(row["decided_at"], zone)
    return row["public_id"], at, *(str(row[name]) for name in _SHOWN)


def tell_retried(found: RetriedWebhooks) -> Iterator[Part]:
    """What is made again, and what was left alone."""
    yield f"{count(len(found.again), 'webhook')} to be made again: with the next tick"
    for public_id, state in found.others.items():
        yield Notice(f"{public_id} is {state}, not failed: left alone", apart=True)
    for public_id in found.missing:
        yield Notice(f"there is no webhook {public_id}", "error", apart=True)


def retried_as_data(found: RetriedWebhooks) -> dict[str, object]:
    """The same for machines."""
    return {
        "again": found.again,
        "in_another_state": found.others,
        "missing": found.missing,
    }
