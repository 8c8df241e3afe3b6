"""The events that Parcours itself makes, in its steps and on its pages."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.domain.agreeing import ASKED, CONFIRMED
from orchestrator.domain.steps.offers import REWARD_GRANTED
from orchestrator.domain.steps.task import TASK_DONE

#: With their properties; None: whatever a page tells.
OWN_EVENTS: Mapping[str, frozenset[str] | None] = {
    "Page Viewed": None,
    "Screen Viewed": None,
    "Survey Answered": frozenset({"survey", "score", "answer", "comment", "email_id", "journey"}),
    "Referral Accepted": frozenset({"referred_by"}),
    REWARD_GRANTED: frozenset(
        {"code", "redeemed", "percent", "amount", "currency", "minimum", "products"}
        | {"expires_at", "role"}
    ),
    "Unsubscribed": frozenset({"email_id", "campaign_id", "list_id", "scope"}),
    ASKED: frozenset({"channel"}),
    CONFIRMED: frozenset({"channel", "email_id", "journey"}),
    TASK_DONE: frozenset({"journey", "step", "type", "result", "note"}),
}
