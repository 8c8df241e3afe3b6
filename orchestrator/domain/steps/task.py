"""The step that gives a person something to do."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.domain.effects import DecisionKind, TaskMade
from orchestrator.domain.expression import Value
from orchestrator.domain.policy import ALLOW, Permission, may_ring
from orchestrator.domain.reasons import Detail
from orchestrator.domain.step import Action, StepMoment
from orchestrator.domain.steps.deadline import Deadline, end_of
from orchestrator.domain.values import as_text

#: The event that tells the customer's journeys that a person has done it.
TASK_DONE = "Task Done"


CALL = "call"


@dataclass(frozen=True, slots=True)
class Task(Action):
    """A to-do for a person."""

    type: str  # call, letter, visit
    note: Value | None = None
    assignee: str | None = None
    due: Deadline | None = None

    word = "task"

    def words(self) -> str:
        """`call, for a person`."""
        return f"{self.type}, for a person"

    def act(self, moment: StepMoment) -> None:
        verdict = ALLOW
        if self.type == CALL:
            verdict = may_ring(moment.state, moment.purpose, moment.now)
        if verdict.answer is not Permission.ALLOW:
            told: Detail = {**verdict.detail, "task": self.type}
            moment.decide(DecisionKind.NOT_DONE, verdict.reason, **told)
            return
        note = as_text(self.note.evaluate(moment.scope())) if self.note else ""
        due = end_of(self.due, moment) if self.due is not None else None
        enrollment = moment.enrollment
        moment.add(TaskMade(moment.now, enrollment, self.id, self.type, note, self.assignee, due))
        moment.decide(DecisionKind.TASK, task=self.type)
