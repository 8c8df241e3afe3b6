"""The codes that customers have, as the shop takes them: for CSV and for JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from orchestrator.domain.formatting import format_in_utc
from orchestrator.domain.values import as_text, iso_time
from orchestrator.store.grants import KeptGrant

HEADER = (
    "code", "user_id", "pool", "journey", "step", "role", "percent", "amount", "currency",
    "minimum", "products", "expires_at", "granted_at", "redeemed_at",
)  # fmt: skip
_CONDITIONS = ("pool", "percent", "amount", "currency", "minimum", "products")


def as_plain(grant: KeptGrant) -> dict[str, object]:
    """A code with whose it is and on which conditions it holds; null where there is none."""
    known: dict[str, object] = {name: grant.coupon.get(name) for name in _CONDITIONS}
    known |= {
        "code": grant.code,
        "user_id": grant.external_id,
        "journey": grant.journey,
        "step": grant.step,
        "role": grant.role,
        "expires_at": _instant(iso_time(grant.coupon.get("expires_at"))),
        "granted_at": _instant(grant.at),
        "redeemed_at": _instant(grant.redeemed_at),
    }
    return {name: known[name] for name in HEADER}


def as_rows(grants: Iterable[KeptGrant]) -> Iterator[list[str]]:
    """The rows below `HEADER`; several products are a JSON list."""
    for grant in grants:
        yield [_as_cell(value) for value in as_plain(grant).values()]


def _instant(at: datetime | None) -> str | None:
    return None if at is None else format_in_utc(at)


def _as_cell(value: object) -> str:
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else as_text(value)
