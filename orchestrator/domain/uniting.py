"""Lives of customers who turned out to be the same, led as one: the only place that merges lines.

Who was absorbed lives their own line to its end, just before the merge; what comes behind it
happens to the survivor. Where the merge is known late, the lines were run past it already: then
nothing is taken apart any more, and the survivor's line is walked once more over the record of all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from orchestrator.domain.effects import Effect
from orchestrator.domain.event import Event, Kind
from orchestrator.domain.program import Program
from orchestrator.domain.record import Record
from orchestrator.domain.run_options import LIFE, RunOptions
from orchestrator.domain.state import CustomerState
from orchestrator.domain.timeline import is_late, run
from orchestrator.domain.values import INSTANT


@dataclass(slots=True)
class Life:
    """A customer with the events that are new on their line. `merges` are those who turned out to
    be them, each with the event that tells so."""

    state: CustomerState
    events: Sequence[Event]
    merges: Sequence[tuple[Event, Life]] = ()
    options: RunOptions = LIFE


#: Reads what is on record since an instant: of one life to which calls came late, or of several
#: that late turned out to be one.
Recall = Callable[[Sequence[Life], datetime], Record | None]


def recall_nothing(_lives: Sequence[Life], _since: datetime) -> None:
    """Of lives that begin nothing is on record."""


def run_life(
    program: Program, life: Life, until: datetime, recall: Recall = recall_nothing
) -> list[Effect]:
    """Runs one line up to `until`, and before it those of the customers who turned out to be this
    one."""
    if not life.events and not life.merges:  # as of whoever time alone has woken
        return run(program, life.state, (), until, options=life.options)
    union = Union(program, recall)
    events = union.bring_together(life)
    record = union.recall_for(life, events)
    own = run(program, life.state, events, until, options=life.options, record=record)
    return union.effects + own


@dataclass(slots=True)
class Union:
    """A line under way to its survivor. `late` are those of whom it was known late."""

    program: Program
    recall: Recall
    effects: list[Effect] = field(default_factory=list)
    late: list[Life] = field(default_factory=list)

    def bring_together(self, life: Life) -> list[Event]:
        """The new events of a line, with those of the customers who turned out to be this one;
        their own lines are run to their end before."""
        events = [*life.events]
        for told, other in life.merges:
            theirs = self.bring_together(other)
            if is_behind(told.at, other):  # it was already run past the instant of the merge
                events += theirs
                if told.starts:
                    happened = filter(None, (life.state.happened_at, other.state.happened_at))
                    life.state.happened_at = max(happened)
            else:
                before, events = _part(other, theirs, events, told)
                self.end(other, before, told.at, life)
            if told.starts and (is_behind(told.at, other) or is_behind(told.at, life)):
                self.late.append(other)
            events.append(_merge(told, other))
        return events

    def recall_for(self, life: Life, events: Sequence[Event]) -> Record | None:
        """What is on record of whoever a line is retraced for; None where none is."""
        return self.recall_all(life, events) if self.late else self.recall_own(life, events)

    def recall_own(self, life: Life, events: Sequence[Event]) -> Record | None:
        """What is on record of a customer some of whose calls came late; None where all came in
        order."""
        happened = life.state.happened_at
        if happened is None:
            return None
        late = [event.at for event in events if is_late(event, happened)]
        return self.recall([life], min(late)) if late else None

    def recall_all(self, life: Life, events: Sequence[Event]) -> Record | None:
        """What is on record of customers who late turned out to be the same."""
        record = self.recall([life, *self.late], min(event.at for event in events))
        if record is not None:
            record.add(self.effects)
        return record

    def end(self, other: Life, before: list[Event], merged_at: datetime, survivor: Life) -> None:
        """Runs the line of a customer who was absorbed to its end, just before the merge."""
        record = self.recall_own(other, before)
        self.effects += run(
            self.program,
            other.state,
            before,
            merged_at - INSTANT,
            options=other.options.of_who_was_absorbed(),
            record=record,
        )


def _merge(told: Event, other: Life) -> Event:
    """The instant at which two customers become one, as the survivor's line sees it."""
    return Event(told.at, Kind.MERGE, "", {}, -1, told.starts, told.context, absorbed=other.state)


def is_behind(at: datetime, life: Life) -> bool:
    """Whether something happened on the line at that instant or later."""
    return life.state.happened_at is not None and at <= life.state.happened_at


def _part(
    other: Life, theirs: Sequence[Event], ours: Sequence[Event], told: Event
) -> tuple[list[Event], list[Event]]:
    """The new events of the absorbed customer's line, and those of the survivor's. What a device
    did before it was known whose it is belongs to the former, also where the call came after the
    one that told. One that came before that is of another device, which was known already."""
    unnamed, named = list[Event](), [*ours]
    if other.state.anonymous:
        unnamed = [one for one in ours if _is_of_the_device(one, told)]
        named = [one for one in ours if not _is_of_the_device(one, told)]
    before = [*(event for event in theirs if event.at < told.at), *unnamed]
    return before, [*named, *(event for event in theirs if event.at >= told.at)]


def _is_of_the_device(event: Event, told: Event) -> bool:
    return event.unnamed and event.at < told.at and event.arrival > told.arrival
