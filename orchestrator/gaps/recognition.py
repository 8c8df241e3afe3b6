"""By which of its signs a journey is known to be a typical programme."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from orchestrator.domain.journey import Journey
from orchestrator.domain.steps.first_of import messages_of
from orchestrator.domain.steps.message_step import Message
from orchestrator.domain.steps.waits import WaitFor
from orchestrator.domain.triggers import (
    BusinessTrigger,
    Called,
    DateTrigger,
    EventTrigger,
    SegmentTrigger,
    StageTrigger,
)
from orchestrator.gaps.activity import ALIKE, Activity, Role, Sign


def is_one(journey: Journey, activity: Activity) -> bool:
    """Whether a journey is such a programme: of one of its signs it shows all."""
    return any(_shows(journey, sign) for sign in activity.signs)


def messages_in(journey: Journey) -> list[Message]:
    """Its messages, each medium of a `first_of` by itself."""
    return [message for step in journey.walk_steps() for message in messages_of(step)]


def touches(journey: Journey) -> int:
    """How many of its steps send something."""
    return sum(1 for step in journey.walk_steps() if messages_of(step))


def stages_of(journey: Journey) -> set[str]:
    """The project's stages that a journey is for: the one it serves, and those it begins at."""
    begun = {one.stage for one in journey.triggers if isinstance(one, StageTrigger)}
    return begun | ({journey.serves} if journey.serves else set())


def _shows(journey: Journey, sign: Sign) -> bool:
    asked: tuple[tuple[Collection[str], Callable[[], bool]], ...] = (
        (sign.begins, lambda: _same(sign.begins, _events_that_begin(journey))),
        (sign.enters, lambda: not _entered(journey).isdisjoint(sign.enters)),
        (sign.date, lambda: _within(sign.date, _dates(journey))),
        (sign.segment, lambda: _within(sign.segment, _segments(journey))),
        (sign.hears, lambda: _same(sign.hears, _events_heard(journey))),
        (sign.steps, lambda: any(step.word in sign.steps for step in journey.walk_steps())),
        (sign.named, lambda: _within(sign.named, _names(journey))),
    )
    return all(holds() for wanted, holds in asked if wanted)


def _same(wanted: Iterable[str], found: Iterable[str]) -> bool:
    return not {one.casefold() for one in wanted}.isdisjoint(one.casefold() for one in found)


def _within(words: Iterable[str], texts: Iterable[str]) -> bool:
    found = [text.casefold().replace("_", "-") for text in texts]
    return any(word.replace("_", "-") in text for word in words for text in found)


def _events_that_begin(journey: Journey) -> Iterator[str]:
    for trigger in journey.triggers:
        if isinstance(trigger, EventTrigger | BusinessTrigger):
            yield trigger.event


def _entered(journey: Journey) -> set[Role]:
    begun = [one.stage for one in journey.triggers if isinstance(one, StageTrigger)]
    return {ALIKE[stage] for stage in begun if stage in ALIKE}


def _dates(journey: Journey) -> Iterator[str]:
    for trigger in journey.triggers:
        if isinstance(trigger, DateTrigger):
            yield str(trigger.date.source)


def _segments(journey: Journey) -> Iterator[str]:
    for trigger in journey.triggers:
        if isinstance(trigger, SegmentTrigger | Called) and trigger.segment:
            yield trigger.segment


def _events_heard(journey: Journey) -> Iterator[str]:
    rules = [*journey.exits, *([journey.goal] if journey.goal else [])]
    yield from (rule.event for rule in rules if rule.event)
    yield from (step.event for step in journey.walk_steps() if isinstance(step, WaitFor))


def _names(journey: Journey) -> Iterator[str]:
    yield journey.id
    yield from (message.template for message in messages_in(journey))
