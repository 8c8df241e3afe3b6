"""Small logs of a shop, written by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestrator.measure.trade.logged_trade import read_logged_trade
from orchestrator.measure.trade.trade import Trade
from tests.support.shop import Shop

Line = dict[str, Any]


def order(user: str | None, at: str, total: object = None, /, **properties: Any) -> Line:
    """An order; `total` None: it names none."""
    told = {"currency": "EUR", **properties} | ({} if total is None else {"total": total})
    return track(user, at, "Order Completed", **told)


def refund(user: str | None, at: str, total: object = None, /, **properties: Any) -> Line:
    told = {**properties} | ({} if total is None else {"total": total})
    return track(user, at, "Order Refunded", **told)


def track(user: str | None, at: str, event: str, /, **properties: Any) -> Line:
    line = {"type": "track", "event": event, "timestamp": instant(at), "properties": properties}
    return line | ({} if user is None else {"userId": user})


def instant(text: str) -> str:
    """A day, or a day and a time; of UTC unless it says otherwise."""
    day = text if "T" in text else f"{text}T12:00:00"
    return day if day.endswith("Z") or "+" in day else f"{day}Z"


def write_log(folder: Path, *lines: Line, name: str = "shop.jsonl") -> Path:
    """A log of lines that get a message id where they name none."""
    path = folder / name
    numbered = [{"messageId": f"m{number}", **line} for number, line in enumerate(lines)]
    path.write_text("".join(json.dumps(line) + "\n" for line in numbered), "utf-8")
    return path


def trade_of(folder: Path, *lines: Line, currency: str = "EUR") -> Trade:
    return read_logged_trade([write_log(folder, *lines)], currency)


def tell_shop(shop: Shop, lines: Sequence[Line]) -> None:
    """The same calls, told to a shop."""
    for line in lines:
        rest = {key: value for key, value in line.items() if key not in ("timestamp", "userId")}
        shop.call(
            datetime.fromisoformat(line["timestamp"]), rest.pop("type"), line.get("userId"), **rest
        )
