"""The step that gives a person something to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from orchestrator.domain.effects import DecisionKind, TaskMade
from orchestrator.domain.expression import Value
from orchestrator.domain.phrase import say
from orchestrator.domain.policy import ALLOW, Permission, may_ring
from orchestrator.domain.reasons import Detail
from orchestrator.domain.step import Action, StepMoment
from orchestrator.domain.steps.deadline import Deadline, end_of
from orchestrator.domain.steps.webhook import tell
from orchestrator.domain.values import as_text

#: The event that tells the customer's journeys that a person has done it.
TASK_DONE = "Task Done"
#: By which the shop's own server is told that there is one.
TASK_MADE = "Task Made"


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
        return say("{task}, for a person", task=self.type)

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
        made = TaskMade(moment.now, enrollment, self.id, self.type, note, self.assignee, due)
        moment.add(made)
        if url := moment.outlets.tasks:
            whose = enrollment.journey, moment.state.external_id
            tell(moment, url, told_of(whose, made))
        moment.decide(DecisionKind.TASK, task=self.type)


class Described(Protocol):
    """A to-do, be it of this instant or on record."""

    @property
    def step(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def assignee(self) -> str | None: ...
    @property
    def at(self) -> datetime: ...
    @property
    def due_at(self) -> datetime | None: ...


def told_of(whose: tuple[str, str], task: Described) -> dict[str, object]:
    """What a server is told of a task; `whose`: the journey's, and the customer's id."""
    journey, user_id = whose
    return {
        "event": TASK_MADE,
        "user_id": user_id,
        "type": task.type,
        "note": task.note,
        "assignee": task.assignee,
        "journey": journey,
        "step": task.step,
        "made_at": task.at.isoformat(),
        "due_at": task.due_at.isoformat() if task.due_at else None,
    }
