"""What became of messages that a person settled or sent again: for people, and as data."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.domain.answer import Notice, Part
from orchestrator.domain.formatting import count
from orchestrator.store.settling import Retried, Ruling, Settled

_BECAME = {
    Ruling.SENT: "settled as sent",
    Ruling.AGAIN: "queued again",
    Ruling.DROP: "dropped",
}


def tell_settled(settled: Settled, verdict: Ruling) -> Iterator[Part]:
    """What was settled, and what was left alone."""
    yield f"{count(len(settled.done), 'message')} {_BECAME[verdict]}"
    yield from _tell_others(settled, "not unknown")


def settled_as_data(settled: Settled) -> dict[str, object]:
    """The same for machines."""
    return {
        "settled": settled.done,
        "in_another_state": settled.others,
        "missing": settled.missing,
    }


def ask_to_retry(found: Retried, *, expired: bool) -> str:
    """The question before messages are sent again, without its end."""
    late = (
        f", {len(found.expired):,} of them past their `expires`"
        if expired and found.expired
        else ""
    )
    return f"{count(len(found.again), 'message')} would be sent again{late}"


def tell_retried(found: Retried, *, agreed: bool, expired: bool) -> Iterator[Part]:
    """What is sent again, and what was left alone."""
    again = found.again if agreed else []
    if agreed or not found.again:
        yield f"{count(len(again), 'message')} queued again: they leave with the next tick"
    if found.expired and not expired:
        late = count(len(found.expired), "message")
        yield Notice(f"{late} past their `expires`: left alone without --expired", apart=True)
    yield from _tell_others(found, "neither rejected nor failed")


def retried_as_data(found: Retried, *, agreed: bool, expired: bool) -> dict[str, object]:
    """The same for machines."""
    return {
        "queued": found.again if agreed else [],
        "found": len(found.again),
        "expired": [] if expired else found.expired,
        "in_another_state": found.others,
        "missing": found.missing,
    }


def _tell_others(found: Settled | Retried, what_not: str) -> Iterator[Notice]:
    for public_id, state in found.others.items():
        yield Notice(f"{public_id} is {state}, {what_not}: left alone", apart=True)
    for public_id in found.missing:
        yield Notice(f"there is no message {public_id}", "error", apart=True)
