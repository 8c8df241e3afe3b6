"""Why somebody is not in a journey: what each trigger's `if` was for each of their events, asked
when one asks.

The time line writes no row for a trigger whose `if` is false: most events of a shop are such. Here
the customer's whole past is led once more past the journey's triggers, in memory, with each fact
and stage as it was at each instant.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from orchestrator.domain.closures import compile_expression
from orchestrator.domain.expression import Attribute, Condition, Const, Expr, Name, Scope, walk
from orchestrator.domain.formatting import format_value
from orchestrator.domain.journey import Journey
from orchestrator.domain.state import CustomerState
from orchestrator.domain.timeline import run
from orchestrator.domain.triggers import Called, EventTrigger, Trigger
from orchestrator.domain.values import as_mapping
from orchestrator.language.program_building import build_program
from orchestrator.language.project import Project
from orchestrator.measure.happened import label
from orchestrator.measure.story import Sentence
from orchestrator.store.customers import FoundCustomer
from orchestrator.store.events import read_event

TOLD_MAX = 20
NOT_MET = "not_met"
_SCOPES = ("event", "customer", "account")


@dataclass(frozen=True, slots=True)
class _Pull:
    """What a trigger's `if` was at an instant. `event` is told as people call it, `read` what the
    condition read.
    """

    at: datetime
    event: str
    holds: bool
    source: str
    read: str


@dataclass(frozen=True, slots=True)
class OnRecord:
    """A customer with all events on record, the instants of which the ledger speaks itself, and
    up to when there was work on it.
    """

    customer: FoundCustomer
    events: Sequence[Any]
    told: Collection[datetime]
    until: datetime | None = None


def tell_why_not(project: Project, journey: Journey, past: OnRecord) -> list[Sentence]:
    """A line for each time a trigger of the journey was pulled and the ledger says nothing: the
    newest ones, and how many there were before."""
    lines = [
        _tell(journey.id, one) for one in _ask(project, journey, past) if one.at not in past.told
    ]
    lines += _tell_history(journey, past)
    lines.sort(key=lambda line: line.at)
    left_out, shown = lines[:-TOLD_MAX], lines[-TOLD_MAX:]
    if left_out:
        more = f"{len(left_out):,} times before they were not let in either"
        shown.insert(0, Sentence(left_out[-1].at, 1, journey.id, "", NOT_MET, more))
    return shown


def tell_absence(journey: Journey, past: OnRecord) -> str:
    """A sentence for a journey whose triggering events never came, and which no instant has opened
    to them; "" when an event came, or it has other triggers.
    """
    events = [trigger.event for trigger in journey.triggers if isinstance(trigger, EventTrigger)]
    times = [trigger.words() for trigger in journey.triggers if isinstance(trigger, Called)]
    is_told = len(events) + len(times) == len(journey.triggers)
    if not is_told or any(row.name in events for row in past.events):
        return ""
    if times:
        return f"Nothing has let them into {journey.id} so far; it begins {' or '.join(times)}."
    return (
        f"Nothing could let them into {journey.id}: there is no {' and no '.join(events)} of "
        "theirs."
    )


def _tell(journey: str, asked: _Pull) -> Sentence:
    if asked.holds:
        why = (
            "today's trigger would; when this happened, the journey did not run yet, or was another"
        )
    else:
        why = f"`if` does not hold ({asked.source}{'; ' if asked.read else ''}{asked.read})"
    return Sentence(asked.at, 1, journey, "", NOT_MET, f"is not let in ({asked.event}): {why}")


def _tell_history(journey: Journey, past: OnRecord) -> list[Sentence]:
    """Calls that were history when they came: they start nothing."""
    wanted = {trigger.event for trigger in journey.triggers if isinstance(trigger, EventTrigger)}
    why = "older than `max_age` when it came in, so it counts for facts and stages only"
    return [
        Sentence(
            row.at,
            1,
            journey.id,
            "",
            NOT_MET,
            f"is not let in ({label(row.name, row.properties)}): {why}",
        )
        for row in past.events
        if not row.starts and row.name in wanted and row.at not in past.told
    ]


def _ask(project: Project, journey: Journey, past: OnRecord) -> list[_Pull]:
    asked: list[_Pull] = []
    events = [read_event(row) for row in past.events if row.absorbed_id is None]
    if events:
        program = build_program(project, journeys={journey.id: _ask_only(journey, asked)})
        who = past.customer
        state = CustomerState(
            who.external_id,
            program.lifecycle,
            program.zone,
            program.locale,
            anonymous=who.anonymous,
        )
        newest = max(event.at for event in events)
        run(program, state, events, max(newest, past.until or newest))
    return asked


def _ask_only(journey: Journey, asked: list[_Pull]) -> Journey:
    """The journey with triggers that write down what their `if` was, and let nobody in."""
    triggers = tuple(_noting(trigger, asked) for trigger in journey.triggers)
    return replace(journey, triggers=triggers, holdout=0.0)


def _noting(trigger: Trigger, asked: list[_Pull]) -> Trigger:
    tree = trigger.condition.tree if trigger.condition else Const(True)

    def test(scope: Scope) -> bool:
        event = as_mapping(scope.names["event"])
        at = event["at"]
        assert isinstance(at, datetime)
        answer, read = trigger.means(scope), _values_read(tree, scope)
        asked.append(_Pull(at, _name(trigger, event), answer, trigger.asks, read))
        return False

    noted = replace(trigger, condition=Condition("", tree, test))
    # its segment is asked with the rest
    return replace(noted, segment=None) if isinstance(noted, Called) else noted


def _name(trigger: Trigger, event: Mapping[str, object]) -> str:
    if not isinstance(trigger, EventTrigger):
        return trigger.cause
    # Where an event has no property `name`, expressions see its own under it.
    return label(
        trigger.event, {key: value for key, value in event.items() if value != trigger.event}
    )


def _values_read(tree: Expr, scope: Scope) -> str:
    """What a condition read: `event.price is 12, customer.stage is missing`."""
    found: dict[str, str] = {}
    for part in walk(tree):
        match part:
            case Attribute(Name(root), name) if root in _SCOPES:
                value = compile_expression(part)(scope)
                found[f"{root}.{name}"] = "missing" if value is None else format_value(value)
    return ", ".join(f"{name} is {value}" for name, value in found.items())
