"""The step that keeps the lists of people whom ad platforms are to look for, or to leave alone."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.ad_matching import LeftOut, Reached, hashes, known_as, reach
from orchestrator.domain.effects import AudienceChange, DecisionKind
from orchestrator.domain.phrase import say
from orchestrator.domain.reasons import Reason
from orchestrator.domain.step import Action, StepMoment
from orchestrator.domain.steps.webhook import tell

#: By which the shop's own server is told of them.
AUDIENCE_JOINED, AUDIENCE_LEFT = "Audience Joined", "Audience Left"


@dataclass(frozen=True, slots=True)
class Audience(Action):
    """Puts the customer into an audience, or takes them out of it."""

    audience: str
    is_member: bool

    word = "audience"

    def words(self) -> str:
        """`into the audience winback`."""
        if self.is_member:
            return say("into the audience {audience}", audience=self.audience)
        return say("out of the audience {audience}", audience=self.audience)

    def act(self, moment: StepMoment) -> None:
        enrollment, name = moment.enrollment, self.audience
        moment.add(AudienceChange(moment.now, enrollment, self.id, name, self.is_member))
        why = Reason.JOINS if self.is_member else Reason.QUITS
        moment.decide(DecisionKind.CHANGED, why, audience=name)
        if url := moment.outlets.audiences:
            tell(moment, url, self._told(moment))

    def _told(self, moment: StepMoment) -> dict[str, object]:
        """What a server is told: of who joins only the addresses at which marketing may reach them,
        of who leaves all, for they are to be forgotten.
        """
        state = moment.state
        reached = reach(moment.policy, state, moment.now) if self.is_member else known_as(state)
        left_out = reached if isinstance(reached, LeftOut) else None
        return {
            "event": AUDIENCE_JOINED if self.is_member else AUDIENCE_LEFT,
            "audience": self.audience,
            "user_id": state.external_id,
            **hashes(Reached() if isinstance(reached, LeftOut) else reached),
            "left_out": left_out,
            "journey": moment.enrollment.journey,
            "step": self.id,
            "at": moment.now.isoformat(),
        }
