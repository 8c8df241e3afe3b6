"""A made-up customer of a made-up shop: what a preview shows where nobody's real data is at hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.links import Links, LinkSigner


def sample_context(
    project: Mapping[str, Any], journey: Mapping[str, Any], signer: LinkSigner, website: str, locale: str = "en"
) -> dict[str, Any]:
    """Everything a template may ask for, filled in. `project` and `journey` are passed through as they are.

    The links carry the message id `preview`, so the pages behind them answer that they do not know it.
    """
    now = datetime(2026, 1, 5, 10, tzinfo=UTC)
    offer = {"code": "NORD-7K2M-X4", "percent": 10, "currency": "EUR", "expires_at": now + timedelta(days=14)}
    return {
        "customer": {
            "first_name": "Camille" if locale.startswith("fr") else "Ada",
            "last_name": "Lindqvist",
            "email": "ada@example.com",
            "locale": locale,
            "timezone": "Europe/Paris",
            "orders": 3,
            "last_order_at": now - timedelta(days=95),
            "favourite": "lighting",
        },
        "entry": {
            "at": now,
            "value": 214,
            "currency": "EUR",
            "products": [
                {"name": "Aura lamp", "variant": "opal glass", "price": 149, "quantity": 1},
                {"name": "Sälen linen towel", "variant": "sand", "price": 32.5, "quantity": 2},
            ],
            "role": "referrer",
            "code": "NORD-7K2M-X4",
            "amount": 10,
            "expires_at": (now + timedelta(days=180)).isoformat(),
        },
        "vars": {"answer": {"survey": "nps", "score": 9, "answer": "discount"}},
        "coupon": offer,
        "journey": dict(journey),
        "project": dict(project),
        "links": Links(signer, "preview", "preview", website, {}),
    }
