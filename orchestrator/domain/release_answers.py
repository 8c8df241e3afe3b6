"""Whether a message may leave: the four answers."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.reasons import Detail, Reason, brief
from orchestrator.domain.state import Status
from orchestrator.domain.value_class import value_class


@value_class
class Go:
    """It may leave now."""


@value_class
class Later:
    """Not before `until`, when it is asked again: DEFERRED by a cap, by quiet hours or by a rule of
    `[never]`, or WAITING for what its customer has not told yet."""

    until: datetime
    reason: Reason
    kind: DecisionKind = DecisionKind.DEFERRED
    detail: Detail = field(default_factory=Detail)


@value_class
class Stay:
    """It never leaves; its customer goes on."""

    reason: Reason
    kind: DecisionKind = DecisionKind.NOT_SENT
    detail: Detail = field(default_factory=Detail)

    @property
    def brief(self) -> str:
        """The reason with what it is about, in a few words."""
        return brief(self.reason, self.detail)

    @staticmethod
    def left_before(because: str) -> Stay:
        """Its customer left the journey before it."""
        return Stay(Reason.LEFT_BEFORE, detail={"because": because})


@value_class
class Leave:
    """It never leaves, and its customer leaves the journey; `value` is what a goal that was reached
    is worth."""

    status: Status
    reason: Reason
    detail: Detail = field(default_factory=Detail)
    value: object = None


Release = Go | Later | Stay | Leave
