"""The step that keeps the lists of people whom ad platforms are to look for, or to leave alone."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.effects import AudienceChange, DecisionKind
from orchestrator.domain.reasons import Reason
from orchestrator.domain.step import Action, StepMoment


@dataclass(frozen=True, slots=True)
class Audience(Action):
    """Puts the customer into an audience, or takes them out of it."""

    audience: str
    is_member: bool

    word = "audience"

    def words(self) -> str:
        """`into the audience winback`."""
        return f"{'into' if self.is_member else 'out of'} the audience {self.audience}"

    def act(self, moment: StepMoment) -> None:
        enrollment, name = moment.enrollment, self.audience
        moment.add(AudienceChange(moment.now, enrollment, self.id, name, self.is_member))
        why = Reason.JOINS if self.is_member else Reason.QUITS
        moment.decide(DecisionKind.CHANGED, why, audience=name)
