"""What journeys wait for and never came, and why nobody entered: of the events at hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from orchestrator.domain.event import ANY_EVENT, Event
from orchestrator.domain.expression import NOBODY, Attribute, Condition, Name, Scope, walk
from orchestrator.domain.journey import Journey
from orchestrator.domain.own_events import OWN_EVENTS
from orchestrator.domain.phrase import say, strung
from orchestrator.domain.steps.emit import Emit
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.domain.triggers import EventTrigger, ManualTrigger
from orchestrator.domain.webhook_port import ANSWERED


@dataclass(slots=True)
class Heard:
    """What came in, for some journeys: how often each event, how often it lacked a property that a
    trigger asks for, and how often it met the trigger's `if` by itself.
    """

    times: Counter[str] = field(default_factory=Counter)
    missing: Counter[tuple[str, str]] = field(default_factory=Counter)  # event, property
    met: Counter[tuple[str, str]] = field(default_factory=Counter)  # journey, event

    @property
    def total(self) -> int:
        """How many events there are."""
        return self.times.total()

    def listen(self, journeys: Iterable[Journey], events: Iterable[Event]) -> Heard:
        """Looks at events of which `times` knows already; those of no trigger cost nothing."""
        asked = _asked(journeys)
        for event in events:
            for journey, condition in asked.get(event.name, ()):
                self._look_at(event, journey, condition)
        return self

    def _look_at(self, event: Event, journey: str, condition: Condition) -> None:
        for name in properties_read(condition):
            self.missing[event.name, name] += event.seen.get(name) is None
        scope = Scope(NOBODY, event.at, {"event": event.seen})
        self.met[journey, event.name] += condition.test(scope)


def _asked(journeys: Iterable[Journey]) -> dict[str, list[tuple[str, Condition]]]:
    found: dict[str, list[tuple[str, Condition]]] = {}
    for journey in journeys:
        for trigger in journey.triggers:
            if isinstance(trigger, EventTrigger) and trigger.condition is not None:
                found.setdefault(trigger.event, []).append((journey.id, trigger.condition))
    return found


def properties_read(condition: Condition) -> frozenset[str]:
    """The properties of the event that a condition reads."""
    return frozenset(
        part.name
        for part in walk(condition.tree)
        if isinstance(part, Attribute) and part.of == Name("event")
    )


def asked_events(journeys: Iterable[Journey]) -> frozenset[str]:
    """The events whose properties decide about an entry."""
    return frozenset(_asked(journeys))


# ---------------------------------------------------------------- told


def tell_silence(
    journeys: Mapping[str, Journey], entered: Mapping[str, int], heard: Heard, what: str
) -> Iterator[str]:
    """A line for everything that never happened in `what` (`these 31,706 calls`), and for every
    journey that nobody entered though its events came.
    """
    steps = [step for journey in journeys.values() for step in journey.walk_steps()]
    emitted = (step.event for step in steps if isinstance(step, Emit))
    own = {*OWN_EVENTS, ANY_EVENT, ANSWERED, *emitted}
    for journey in journeys.values():
        for event, role in _waited_for(journey):
            if not heard.times[event] and event not in own:
                near = did_you_mean(event, heard.times)
                yield say(
                    "'{event}' ({role} of {id}) never happens in {what}{near}",
                    event=event,
                    role=role,
                    id=journey.id,
                    what=what,
                    near=near,
                )
        if not entered.get(journey.id):
            yield from _why_nobody(journey, heard)


def _waited_for(journey: Journey) -> Iterator[tuple[str, str]]:
    """The events of a journey, each once, with what they are to it."""
    found = [(one.event, "trigger") for one in journey.triggers if isinstance(one, EventTrigger)]
    found += [(one.event, "exit") for one in journey.exits if one.event is not None]
    if journey.goal is not None and journey.goal.event is not None:
        found.append((journey.goal.event, "goal"))
    found += [(step.awaits, "wait_for") for step in journey.walk_steps() if step.awaits]
    yield from dict(reversed(found)).items()


def _why_nobody(journey: Journey, heard: Heard) -> Iterator[str]:
    others = [one for one in journey.triggers if not isinstance(one, EventTrigger)]
    if len(others) == len(journey.triggers):
        if not any(isinstance(one, ManualTrigger) for one in others):
            words = strung((one.words() for one in others), ", or ")
            yield say("{id}: nobody entered; it begins {listed}", id=journey.id, listed=words)
        return
    triggers = [one for one in journey.triggers if isinstance(one, EventTrigger)]
    came = dict.fromkeys(one.event for one in triggers if heard.times[one.event])
    if not came or any(one.condition is None and one.event in came for one in triggers):
        told = ", ".join(f"{heard.times[event]:,} {event}" for event in came)
        if came and journey.only_if is not None:
            yield say(
                "{id}: {told}, and nobody entered: `only_if` held for none",
                id=journey.id,
                told=told,
            )
        return
    told = ", ".join(f"{heard.times[event]:,} {event}" for event in came)
    met = sum(heard.met[journey.id, event] for event in came)
    how = say("none met its `if`") if not met else say("nobody entered")
    lacks = [
        say(
            "event.{name} is missing in {missing:,} of {times:,} {event}",
            name=name,
            missing=heard.missing[one.event, name],
            times=heard.times[one.event],
            event=one.event,
        )
        for one in triggers
        for name in sorted(properties_read(one.condition) if one.condition else ())
        if heard.missing[one.event, name]
    ]
    first = say("{id}: {told}, {how}", id=journey.id, told=told, how=how)
    yield strung([first, *dict.fromkeys(lacks)], "; ")
