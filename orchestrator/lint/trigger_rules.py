"""Rules about triggers: what would let nobody in any more."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.clock import SystemClock
from orchestrator.domain.phrase import say
from orchestrator.domain.triggers import Called
from orchestrator.language.project import Project
from orchestrator.lint.rules import Finding, Rules

TRIGGERS: Rules[Project] = Rules()


@TRIGGERS.rule(
    "time-past",
    why="Whoever moves a journey to a new time may have mistyped it.",
    mend="Write a time to come, or take the journey away when nobody is inside.",
)
def times_past(project: Project) -> Iterator[Finding]:
    """Triggers that call nobody any more, by the machine's clock."""
    now = SystemClock().now()
    for journey in project.journeys.values():
        for trigger in journey.triggers:
            if isinstance(trigger, Called) and not any(trigger.everywhere().all_after(now)):
                place = project.position(journey.id, "", "trigger")
                told = say(
                    "the time is past, it calls nobody any more ({words}): write one to "
                    "come, or take the file away when nobody is inside",
                    words=trigger.words(),
                )
                yield (f"journeys/{journey.id}.yaml", *place), told
