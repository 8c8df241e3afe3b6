"""Whether a message may leave: the four answers."""

from __future__ import annotations

from datetime import datetime

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.state import Status
from orchestrator.domain.value_class import value_class


@value_class
class Go:
    """It may leave now."""


@value_class
class Later:
    """Not before `until`, when it is asked again: DEFERRED by a cap or by quiet hours, or WAITING
    for what its customer has not told yet."""

    until: datetime
    reason: str
    kind: DecisionKind = DecisionKind.DEFERRED


@value_class
class Stay:
    """It never leaves; its customer goes on."""

    reason: str
    kind: DecisionKind = DecisionKind.NOT_SENT


@value_class
class Leave:
    """It never leaves, and its customer leaves the journey; `value` is what a goal that was reached
    is worth."""

    status: Status
    reason: str
    value: object = None


Release = Go | Later | Stay | Leave
