"""Rules about triggers: what would let nobody in any more."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from orchestrator.clock import SystemClock
from orchestrator.domain.formatting import format_duration
from orchestrator.domain.phrase import say
from orchestrator.domain.triggers import Called
from orchestrator.language.project import Project
from orchestrator.lint.rules import Finding, Rules

TRIGGERS: Rules[Project] = Rules()
_UTC = ZoneInfo("UTC")  # what lies between two instants is about the same everywhere
_LOOKED_AT = 200  # instants: of a cron, more than one round of its days


@TRIGGERS.rule(
    "time-past",
    why="Whoever moves a journey to a new time may have mistyped it.",
    mend="Write a time to come, or take the journey away when nobody is inside.",
)
def times_past(project: Project) -> Iterator[Finding]:
    """Triggers that call nobody any more, and journeys that nobody enters, by the machine's
    clock.
    """
    now = SystemClock().now()
    for journey in project.journeys.values():
        if journey.has_ended(now):
            told = say(
                "the last day is past, nobody enters any more: write one to come, or take the file "
                "away when nobody is inside"
            )
            place = project.position(journey.id, "", "ends")
            yield (f"journeys/{journey.id}.yaml", *place), told
            continue
        for trigger in journey.triggers:
            if isinstance(trigger, Called) and not any(trigger.everywhere().all_after(now)):
                place = project.position(journey.id, "", "trigger")
                told = say(
                    "the time is past, it calls nobody any more ({words}): write one to "
                    "come, or take the file away when nobody is inside",
                    words=trigger.words(),
                )
                yield (f"journeys/{journey.id}.yaml", *place), told


@TRIGGERS.rule(
    "spread-too-long",
    why="Who is called the next time may enter before somebody who was called this time.",
    mend="Spread over less than lies between two instants of the schedule.",
)
def spreads_over_the_next_call(project: Project) -> Iterator[Finding]:
    """A `spread` that is longer than the time to the next instant of a trigger."""
    now = SystemClock().now()
    for journey in project.journeys.values():
        spread = journey.pace.spread if journey.pace is not None else None
        for trigger in journey.triggers if spread else ():
            if spread is None or not isinstance(trigger, Called):
                continue
            coming = islice(trigger.calendar(_UTC).all_after(now), _LOOKED_AT)
            between = min((after - before for before, after in pairwise(coming)), default=spread)
            if between < spread:
                place = project.position(journey.id, "", "spread")
                told = say(
                    "{spread} is longer than {between}, which lie between two calls ({words}): "
                    "write a shorter `spread`",
                    spread=format_duration(spread),
                    between=format_duration(between),
                    words=trigger.words(),
                )
                yield (f"journeys/{journey.id}.yaml", *place), told
