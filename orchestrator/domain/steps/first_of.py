"""The step that sends by the first of several channels by which its customer can be reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.domain.effects import DecisionKind
from orchestrator.domain.reasons import Reason
from orchestrator.domain.release_answers import Go, Later, Leave, Release, Stay
from orchestrator.domain.step import Step, StepMoment
from orchestrator.domain.steps.message_step import Message, awaits_reach, leave_now

#: What is said of a message to somebody who has an address.
Answer = tuple[Message, Release]


@dataclass(frozen=True, slots=True)
class FirstOf(Step):
    """One message by the first medium with an address and consent, not suppressed; caps and quiet
    hours defer it, never change it. `messages` hold it for each medium, as this step.
    """

    messages: tuple[Message, ...]

    word = "first_of"
    sends = True
    follows = True

    def words(self) -> str:
        """`` `welcome` by sms, else email``."""
        media = ", else ".join(str(message.medium) for message in self.messages)
        return f"`{self.messages[0].template}` by {media}"

    def take(self, moment: StepMoment) -> None:
        """Sends by what was chosen, or chooses now; where there is no address at all, it waits as
        any message does."""
        enrollment = moment.enrollment
        chosen = self._chosen(moment)
        if chosen is not None:
            chosen.take(moment)
        else:
            message, answer = self._choose(moment)
            if isinstance(answer, Later) and answer.kind is DecisionKind.DEFERRED:
                enrollment.keep(self.id, str(message.medium))
            message.obey(moment, answer)
        if enrollment.step != self.id and enrollment.kept_for(self.id) is not None:
            enrollment.keep(self.id, None)

    def follow(self, moment: StepMoment) -> None:
        """Chooses at the instant at which an address is told; what was chosen follows as itself."""
        chosen = self._chosen(moment)
        if chosen is not None:
            chosen.follow(moment)
        elif awaits_reach(moment.enrollment) and any(
            moment.lacks(message.medium) is not Reason.NO_ADDRESS for message in self.messages
        ):
            leave_now(moment)

    def waits_like(self, other: Step) -> bool:
        """What holds a message back is no setting of its step."""
        return isinstance(other, FirstOf)

    def _chosen(self, moment: StepMoment) -> Message | None:
        kept = moment.enrollment.kept_for(self.id)
        return next((one for one in self.messages if one.medium == kept), None)

    def _choose(self, moment: StepMoment) -> Answer:
        """The first that may leave, now or later; where none may, the first with an address says
        why, at once."""
        answers = [(message, moment.ask(message.medium)) for message in self.messages]
        reachable = [one for one in answers if not _lacks_address(one[1])]
        return next(filter(_may_leave, reachable), None) or _refusal(reachable) or answers[0]


def _lacks_address(answer: Release) -> bool:
    return isinstance(answer, Later | Stay) and answer.reason is Reason.NO_ADDRESS


def _may_leave(one: Answer) -> bool:
    """Whether a message leaves by this medium, or nobody's does: the journey is left."""
    answer = one[1]
    deferred = isinstance(answer, Later) and answer.kind is DecisionKind.DEFERRED
    return deferred or isinstance(answer, Go | Leave)


def _refusal(reachable: Sequence[Answer]) -> Answer | None:
    """That of the first medium with an address; for a yes or no it does not wait."""
    for message, answer in reachable:
        return message, Stay(answer.reason) if isinstance(answer, Later) else answer
    return None


def messages_of(step: Step) -> tuple[Message, ...]:
    """The messages that a step may send, one of which it does."""
    if isinstance(step, FirstOf):
        return step.messages
    return (step,) if isinstance(step, Message) else ()
