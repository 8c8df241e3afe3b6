"""The customer's stage on their line: which one holds, and when time alone may change it next."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from orchestrator.domain.effects import StageChange
from orchestrator.domain.event import Event
from orchestrator.domain.line import Line


def current_stage(line: Line, now: datetime) -> str | None:
    """The first stage whose rule holds now."""
    scope = line.scope(now)
    return next(
        (stage.name for stage in line.program.lifecycle.stages if stage.condition.test(scope)), None
    )


def change_stage(line: Line, now: datetime, events: list[Event]) -> StageChange | None:
    """Puts the customer into the stage that holds now; None where it is the one they were in."""
    if not line.stage_touched and (line.stage_at is None or now < line.stage_at):
        return None
    stage, state = current_stage(line, now), line.state
    if stage == state.stage:
        return None
    change = StageChange(now, state.stage, stage, _cause(line, now, events))
    state.stage, state.stage_since, line.stage_touched = stage, now, True
    if line.retrace is None or not line.retrace.has_stage(change):
        line.effects.append(change)
    return change


def _cause(line: Line, now: datetime, events: list[Event]) -> str:
    if any(event.starts for event in events):
        return "event"
    if line.options.rules_edited:
        return "rule"
    return "import" if events or line.is_quiet(now) else "time"


def next_stage_instant(line: Line, after: datetime) -> datetime | None:
    """When time alone may change the stage next. Kept until something a rule reads is touched:
    most events of a shop touch nothing of it."""
    if line.stage_touched or (line.stage_at is not None and line.stage_at <= after):
        candidates = (at for at in _candidates(line, after) if at > after)
        line.stage_at = min(candidates, default=None)
        line.stage_touched = False
    return line.stage_at


def _candidates(line: Line, after: datetime) -> Iterable[datetime]:
    state = line.state
    rules = line.program.index.rules_of(state.stage)
    if rules.candidates:
        scope = line.scope(after)
        for candidates in rules.candidates:
            yield from candidates(scope)
    for fact in rules.windowed:
        if fact.within is not None:
            yield from (at + fact.within for at in state.first_within(fact, after))
