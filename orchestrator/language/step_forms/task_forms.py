"""The step that gives a person something to do."""

from __future__ import annotations

from typing import Literal

from orchestrator.domain.step import Step
from orchestrator.domain.steps.task import Task
from orchestrator.language.plain_forms import Form, Plain, Text
from orchestrator.language.step_forms.deadlines import read_deadline
from orchestrator.language.step_forms.step_form import Site, StepForm
from orchestrator.language.where import STEP


class TaskOptions(Form):
    id: str | None = None
    type: Literal["call", "letter", "visit"]
    note: Plain = None
    assignee: str | None = None
    due: Text | None = None


class TaskForm(StepForm, word="task"):
    task: TaskOptions

    def build(self, site: Site) -> Step | None:
        form = self.task
        note = site.place.at("note").value(form.note, STEP)
        due = read_deadline(form.due, site.place.at("due"))
        return Task(site.id, form.type, note, form.assignee, due)
