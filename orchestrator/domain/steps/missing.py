"""What a wait does that knows no end: its date or its duration is missing, or none that can be
read.
"""

from __future__ import annotations

from enum import StrEnum

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.reasons import Reason
from orchestrator.domain.state import Enrollment, Status
from orchestrator.domain.step import StepMoment


class IfPast(StrEnum):
    """What a wait does whose date is past, or that knows no end."""

    CONTINUE = "continue"
    SKIP = "skip"
    EXIT = "exit"


class Lack(StrEnum):
    """Why a wait has no end. Never taken for one that is past."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    TOO_FAR = "too_far"  # more than a hundred years ahead


def miss(moment: StepMoment, turn: IfPast, lack: Lack, of: tuple[Reason, str]) -> None:
    """Does what the author wants of a wait without an end, which is always told: `of` names the
    reason, and what was read as it is written."""
    reason, source = of
    moment.decide(
        DecisionKind.NO_DATE,
        reason,
        at=moment.base,
        date=source,
        lack=lack.value,
        turn=turn.value,
        skipped=moment.next_step if turn is IfPast.SKIP else None,
    )
    take_turn(moment, turn, reason)


def take_turn(moment: StepMoment, wanted: IfPast, why: Reason) -> None:
    """Goes on, leaves, or skips the next step."""
    if wanted is IfPast.EXIT:
        moment.leave(Status.COMPLETED, why, moment.base)
        return
    if wanted is IfPast.SKIP:
        moment.enrollment.step = moment.next_step or moment.enrollment.step
    moment.go_on()


def has_waited(enrollment: Enrollment) -> bool:
    """Whether somebody had to stand on their step for a while."""
    arrived, due = enrollment.arrived_at, enrollment.due_at
    return arrived is not None and due is not None and due > arrived


def name_source(source: object) -> str:
    """What was read as the author wrote it: `customer.trial_ends_at`, without lone braces."""
    text = str(source).strip()
    if text.count("{{") != 1 or not (text.startswith("{{") and text.endswith("}}")):
        return text
    return text.removeprefix("{{").removesuffix("}}").strip()
