"""Each typical programme beside the journeys of a project: covered, partly, or missing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from orchestrator.domain.journey import Journey
from orchestrator.domain.message import Purpose
from orchestrator.domain.phrase import Phrase, say, say_number
from orchestrator.gaps.activity import Activity
from orchestrator.gaps.recognition import is_one, touches
from orchestrator.gaps.typical import ACTIVITIES


class State(StrEnum):
    COVERED = "covered"
    PARTLY = "partly"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class InForce:
    """What runs in a project. `held` gives reasons by journey; `events` are those that are known to
    come, None where nobody knows.
    """

    journeys: Mapping[str, Journey]
    now: datetime
    held: Mapping[str, str]
    events: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How a programme stands. `journeys` are those that are one, `lacks` what they want of it,
    `advice` what would make their effect known, `data` the events that it needs and nothing sends.
    """

    activity: Activity
    state: State
    journeys: tuple[str, ...] = ()
    lacks: tuple[Phrase, ...] = ()
    advice: tuple[Phrase, ...] = ()
    data: Phrase | None = None

    @property
    def to_do(self) -> Phrase | None:
        """How the gap is filled; None where there is none."""
        if self.state is not State.MISSING:
            return None
        if self.activity.playbook:
            return say("`parcours new {name}`", name=self.activity.playbook)
        return say("`parcours gaps {name}`", name=self.activity.id)


def judge_all(in_force: InForce) -> list[Coverage]:
    """Every programme, in the order of the stages."""
    return [judge(activity, in_force) for activity in ACTIVITIES]


def judge(activity: Activity, in_force: InForce) -> Coverage:
    """How one programme stands."""
    found = [journey for journey in in_force.journeys.values() if is_one(journey, activity)]
    data = _missing_data(activity, in_force.events)
    if not found:
        return Coverage(activity, State.MISSING, data=data)
    live = [one for one in found if _at_rest(one, in_force) is None]
    names = tuple(one.id for one in live or found)
    lacks = tuple(_lacks(activity, live)) if live else tuple(_rests(found, in_force))
    state = State.PARTLY if lacks else State.COVERED
    return Coverage(activity, state, names, lacks, tuple(_advice(live)), data)


def is_active(journey: Journey, in_force: InForce) -> bool:
    """Whether people may enter a journey and its steps are taken."""
    return _at_rest(journey, in_force) is None


def _at_rest(journey: Journey, in_force: InForce) -> Phrase | None:
    """Why nobody is served by a journey; None: they are."""
    if journey.draft:
        return say("{journey} is a draft", journey=journey.id)
    if journey.has_ended(in_force.now):
        return say("{journey} has ended", journey=journey.id)
    if journey.id in in_force.held:
        return say("{journey} stands still", journey=journey.id)
    return None


def _rests(found: Collection[Journey], in_force: InForce) -> Iterator[Phrase]:
    for journey in found:
        if (why := _at_rest(journey, in_force)) is not None:
            yield why


def _lacks(activity: Activity, live: Collection[Journey]) -> Iterator[Phrase]:
    sent = sum(touches(journey) for journey in live)
    if sent < activity.touches and not _does_without(activity):
        yield say_number(
            "{sent} message, {number} is usual",
            "{sent} of the {number} messages that are usual",
            activity.touches,
            sent=sent,
        )
    for journey in live:
        if journey.goal is None and journey.purpose is Purpose.MARKETING and touches(journey):
            yield say("{journey} has no goal", journey=journey.id)


def _does_without(activity: Activity) -> bool:
    """Whether it is done by a step that is no message."""
    return any(sign.steps for sign in activity.signs)


def _advice(live: Collection[Journey]) -> Iterator[Phrase]:
    for journey in live:
        if journey.goal is not None and not journey.holdout:
            yield say(
                "{journey} has no `holdout`: what it causes cannot be told", journey=journey.id
            )


def _missing_data(activity: Activity, events: Collection[str] | None) -> Phrase | None:
    if events is None or not activity.needs:
        return None
    known = {name.casefold() for name in events}
    if any(name.casefold() in known for name in activity.needs):
        return None
    return say("no {event} comes in yet", event=activity.needs[0])
