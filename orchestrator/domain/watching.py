"""What is watched, on one customer's line: which answers change now, and when time alone may change
one next.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orchestrator.domain.effects import RuleChange
from orchestrator.domain.event import Event
from orchestrator.domain.line import Line
from orchestrator.domain.values import earlier
from orchestrator.domain.watches import Watch


def change_answers(line: Line, now: datetime, events: Sequence[Event]) -> list[RuleChange]:
    """Asks what may have changed by now; returns what has, and tells it."""
    changes = []
    for watch in line.program.index.watches:
        until = line.sure.get(watch, now)
        if until is not None and until <= now and (change := _change(line, watch, now, events)):
            changes.append(change)
    return changes


def _change(line: Line, watch: Watch, now: datetime, events: Sequence[Event]) -> RuleChange | None:
    state = line.state
    before, answer = watch.known(state), watch.ask(line.scope(now))
    if answer == before:
        return None
    change = RuleChange(now, watch.kind, watch.name, before, answer, _cause(line, now, events))
    watch.keep(state, answer, now)
    if not watch.is_news(before, answer):
        return None
    line.doubt_everything()  # one rule may ask for the answer of another
    if line.retrace is None or not line.retrace.take_change(change):
        line.effects.append(change)
    return change


def _cause(line: Line, now: datetime, events: Sequence[Event]) -> str:
    if any(event.starts for event in events):
        return "event"
    if line.options.rules_edited:
        return "rule"
    return "import" if events or line.is_quiet(now) else "time"


def next_change(line: Line, after: datetime) -> datetime | None:
    """When time alone may change an answer next. Kept until something a rule reads changes: most
    events of a shop change nothing of it.
    """
    soonest = None
    for watch in line.program.index.watches:
        at = line.sure.get(watch, after)
        if at is not None and at <= after:
            at = None
            for one in watch.candidates(line.scope(after), line.state):
                if one > after and (at is None or one < at):
                    at = one
            line.sure[watch] = at
        soonest = earlier(soonest, at)
    return soonest
