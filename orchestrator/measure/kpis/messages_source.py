"""Numbers of messages, of the passages that they belong to, and of what those gave."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from orchestrator.measure.figures.figure import Value
from orchestrator.measure.kpis.numbers import By
from orchestrator.measure.kpis.window import Span
from orchestrator.measure.trade.trade import as_instant
from orchestrator.store.database import Database
from orchestrator.store.message_numbers import (
    GrantNumbers,
    MessageNumbers,
    PassageNumbers,
    count_grants,
    count_messages,
    count_passages,
)

Groups = dict[str, dict[str, Value]]


@dataclass(frozen=True, slots=True)
class MessageSource:
    """What the database knows of messages."""

    database: Database

    def numbers(self, span: Span, currency: str) -> dict[str, Value]:
        """Of all messages of a time, whatever the currency."""
        return self._count(span, "").get("", {})

    def groups(self, by: By, span: Span, currency: str) -> Groups:
        """Likewise by journey, channel or stage."""
        return self._count(span, by) if by in (By.JOURNEY, By.CHANNEL, By.STAGE) else {}

    def _count(self, span: Span, by: str) -> Groups:
        found: defaultdict[str, dict[str, Value]] = defaultdict(dict)
        start, end = as_instant(span.start), as_instant(span.end)
        with self.database.read() as transaction:
            for name, sent in count_messages(transaction, start, end, by).items():
                found[name] |= _of_messages(sent)
            if by != By.CHANNEL:  # a passage has no channel
                for name, passages in count_passages(transaction, start, end, by).items():
                    found[name] |= _of_passages(passages)
                for name, grants in count_grants(transaction, start, end, by).items():
                    found[name] |= _of_grants(grants)
        return dict(found)


def _of_messages(counted: MessageNumbers) -> dict[str, Value]:
    """Without any receipt nothing is known of what became of the messages."""
    told: dict[str, Value] = {"sent": counted.sent, "followers": counted.readers}
    if not any((counted.delivered, counted.bounced, counted.opened, counted.clicked)):
        return told
    return told | {
        "delivered": counted.delivered,
        "bounced": counted.bounced,
        "opened": counted.opened,
        "unopened": counted.delivered - counted.opened,
        "clicked": counted.clicked,
        "complained": counted.complained,
        "engagements": counted.opened + counted.clicked,
    }


def _of_passages(counted: PassageNumbers) -> dict[str, Value]:
    return {"interactions": counted.with_message, "conversions": counted.converted}


def _of_grants(counted: GrantNumbers) -> dict[str, Value]:
    return {"rewards_given": counted.given, "rewards_redeemed": counted.redeemed}
