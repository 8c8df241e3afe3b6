"""The events that Parcours itself makes, in its steps and on its pages."""

from __future__ import annotations

from collections.abc import Mapping

#: With their properties; None: whatever a page tells.
OWN_EVENTS: Mapping[str, frozenset[str] | None] = {
    "Page Viewed": None,
    "Screen Viewed": None,
    "Survey Answered": frozenset({"survey", "score", "answer", "comment", "email_id", "journey"}),
    "Referral Accepted": frozenset({"referred_by"}),
    "Reward Granted": frozenset(
        {"code", "redeemed", "percent", "amount", "currency", "minimum", "products"}
        | {"expires_at", "role"}
    ),
    "Unsubscribed": frozenset({"email_id", "campaign_id", "list_id", "scope"}),
    "Consent Asked": frozenset({"channel"}),
    "Consent Confirmed": frozenset({"channel", "email_id", "journey"}),
    "Task Done": frozenset({"journey", "step", "type", "result", "note"}),
}
