"""The colour of what happened, and the words for the state of a message."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.message import FAILED, OPEN, MessageState
from orchestrator.domain.phrase import Phrase, say
from orchestrator.report.page_values import Badge

_GOOD = frozenset({DecisionKind.CONVERTED, DecisionKind.GRANTED})
_BAD = frozenset(
    {DecisionKind.NOT_SENT, DecisionKind.EXPIRED, DecisionKind.STUCK, DecisionKind.UNREADABLE}
)
_MARKED = frozenset({DecisionKind.ENTERED, DecisionKind.RESTARTED, "message", "stage"})


def tone_of(kind: str) -> str:
    """How a line of a story is marked."""
    if kind in _GOOD:
        return "good"
    if kind in _BAD:
        return "bad"
    return "mark" if kind in _MARKED else "plain"


STATES: Mapping[MessageState, Phrase] = {
    MessageState.QUEUED: say("queued"),
    MessageState.LEASED: say("being sent"),
    MessageState.ACCEPTED: say("sent"),
    MessageState.DELIVERED: say("delivered"),
    MessageState.OPENED: say("opened"),
    MessageState.CLICKED: say("clicked"),
    MessageState.COMPLAINED: say("complained"),
    MessageState.BOUNCED: say("bounced"),
    MessageState.REJECTED: say("rejected"),
    MessageState.FAILED: say("failed"),
    MessageState.NOT_SENT: say("not sent"),
    MessageState.UNKNOWN: say("unknown"),
}


def badge_of(state: MessageState) -> Badge:
    """A message's state as a word with its colour."""
    if state in FAILED or state is MessageState.UNKNOWN:
        return Badge(STATES[state], "bad")
    if state in OPEN:
        return Badge(STATES[state], "wait")
    return Badge(STATES[state], "plain" if state is MessageState.NOT_SENT else "good")
