"""What became of files of calls: for people, and as data for machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from orchestrator.domain.formatting import count
from orchestrator.intake.files import Intake, RejectReason

PLACES_SHOWN = 20


def summarize(intake: Intake, took_s: float) -> Iterator[str]:
    """The counts, and each reason with the places of its lines."""
    speed = f", {intake.seen / took_s:,.0f} a second" if took_s > 1 else ""
    yield f"{count(intake.seen, 'call')} in {took_s:.1f} s{speed}"
    yield f"  {intake.accepted:,} accepted"
    yield f"  {count(intake.duplicates, 'duplicate')}, left out"
    kept = ", kept in the table `rejections`" if intake.rejected else ""
    yield f"  {intake.rejected:,} rejected{kept}"
    for reason in _by_lines(intake):
        left_out = reason.lines - PLACES_SHOWN
        more = f", … and {left_out:,} more: see --json" if left_out > 0 else ""
        places = ", ".join(reason.places[:PLACES_SHOWN])
        yield f"    {reason.lines:,} × {reason.code}: {reason.text} ({places}{more})"


def as_data(intake: Intake) -> dict[str, object]:
    """The counts and all places, for machines."""
    return {
        "accepted": intake.accepted,
        "duplicates": intake.duplicates,
        "rejected": intake.rejected,
        "reasons": [asdict(reason) | {"lines": reason.lines} for reason in _by_lines(intake)],
    }


def _by_lines(intake: Intake) -> list[RejectReason]:
    return sorted(intake.reasons.values(), key=lambda reason: -reason.lines)
