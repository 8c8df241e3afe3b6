"""Messages to somebody else than the customer of the journey: each is an errand, a journey of one
message on the line of whoever it is written to.

So their own consent, address, caps and quiet hours are asked, at their own instants, and live and
back-tested alike. It begins with an event of its name, which the step puts on that line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestrator.domain.expression import Scope, Value
from orchestrator.domain.journey import Journey, Reentry
from orchestrator.domain.triggers import EventTrigger

KEY = "errand"  # the property of its event that tells one errand from another


def name_errand(journey: str, step: str) -> str:
    """The id of an errand, and its event: no journey's id holds a `/`."""
    return f"{journey}/{step}"


def is_errand(journey: str) -> bool:
    """Whether it is the name of an errand."""
    return "/" in journey


def errands_of(journey: Journey) -> Iterator[Journey]:
    """The errands that the steps of a journey send people on."""
    for step in journey.walk_steps():
        if step.errand is not None:
            name = name_errand(journey.id, step.id)
            yield Journey(
                name,
                journey.title,
                (EventTrigger(name),),
                (step.errand,),
                purpose=journey.purpose,
                topic=journey.subscription_topic,
                priority=journey.priority,
                reentry=Reentry.ALWAYS,
                one_per=Value(f"entry.{KEY}", _read_key),
                version=journey.version,
            )


def _read_key(scope: Scope) -> object:
    entry = scope.names.get("entry")
    return entry.get(KEY) if isinstance(entry, Mapping) else None
