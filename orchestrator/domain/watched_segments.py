"""The segments that journeys watch; who is in another is asked where somebody asks."""

from __future__ import annotations

from orchestrator.domain.journey import Journey
from orchestrator.domain.triggers import SegmentTrigger


def segments_of(journey: Journey) -> set[str]:
    """Those that a trigger, an exit or the goal of a journey names."""
    triggers = () if journey.draft else journey.triggers
    named = {one.segment for one in triggers if isinstance(one, SegmentTrigger)}
    ends = (*journey.exits, *filter(None, (journey.goal,)))
    return named | {rule.segment for rule in ends if rule.segment is not None}
