"""What an edit of the project does to the people inside: first a plan, a value that can be read,
then its application.

`follow`: they keep their step, as `domain.matching` finds it, and go on with the new text. `pin`:
they finish the version they entered, whose text is kept in the database. Nobody may stand on a step
that is gone, or that may have become several: that is refused before anything runs. Where a journey
has no file any more, or one of another name, who is inside stands until it has its own again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

import orjson

from orchestrator.domain.called_later import has_paces
from orchestrator.domain.errands import is_errand
from orchestrator.domain.errors import ParcoursError, ProjectInvalid
from orchestrator.domain.journey import Journey, OnChange
from orchestrator.domain.matching import Matching, match_steps
from orchestrator.domain.phrase import either, say, strung
from orchestrator.domain.program import Program
from orchestrator.engine.last_tick import LAST_TICK
from orchestrator.engine.parts import Parts
from orchestrator.language.journeys import parse_journey
from orchestrator.store import customers, settings
from orchestrator.store.appointments import are_there_any
from orchestrator.store.assignments import copy_variants
from orchestrator.store.transaction import Transaction

LIFECYCLE = "lifecycle_version"
_JOURNEY = "journey_version:"
_DATES = "dated_since"
_WITHOUT_FILE = "journeys_without_file"


class PeopleWouldBeLost(ParcoursError):
    """People stand on steps that an edit removed."""


class EditsNotApplied(ParcoursError):
    """The project's files are not those that last ran, and nobody said that they are to."""


@dataclass(frozen=True, slots=True)
class Stranded:
    """People on a step that is gone, or that may have become several (`candidates`)."""

    journey: str
    step: str
    people: int
    candidates: tuple[str, ...] = ()

    def __str__(self) -> str:
        who = say(
            "journeys/{journey}.yaml: {people} people stand on step '{step}'",
            journey=self.journey,
            people=self.people,
            step=self.step,
        )
        if not self.candidates:
            return say(
                "{who}, which is gone; bring it back, or say where they go on: `moved: "
                "{{{step}: <step id>}}`",
                who=who,
                step=self.step,
            )
        known = either(say("'{name}'", name=name) for name in self.candidates)
        return say(
            "{who}, which may be {known} now; say which: `moved: {{{step}: {candidate}}}`, and "
            "give both an `id`, by which later edits find them",
            who=who,
            known=known,
            step=self.step,
            candidate=self.candidates[0],
        )


# ---------------------------------------------------------------- the plan


@dataclass(frozen=True, slots=True)
class Ran:
    """What the database says of the project as it last ran: the versions of the lifecycle and of
    each journey, the text of each (journey, version) that ever ran, and how many people stand on
    each (journey, version, step).
    """

    lifecycle: str | None = None
    journeys: Mapping[str, str] = field(default_factory=dict)
    texts: Mapping[tuple[str, str], str] = field(default_factory=dict)
    people: Mapping[tuple[str, str, str], int] = field(default_factory=dict)


class Course(StrEnum):
    """How people on a step go on."""

    ON = "go on"  # the text they follow is today's
    PINNED = "finish their version"
    MOVED = "go on with the text of today"
    STRANDED = "are stranded"
    STANDING = "stand until their journey has a file again"


@dataclass(frozen=True, slots=True)
class PeopleOnStep:
    """The people on one step of one version, and how they go on: on the step `to`, where it is
    known. `candidates` are the steps that theirs may have become.
    """

    journey: str
    version: str
    step: str
    people: int
    course: Course
    to: str = ""
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What comes of starting on a program: how the people inside go on, and which journeys run in
    another version than before (`edited`: name → that one) or for the first time (`new`).

    `matchings` says what became of the steps of earlier versions, by (journey, version); `renamed`
    are splits whose id changed: (journey, was, now).
    """

    people: tuple[PeopleOnStep, ...]
    edited: Mapping[str, str]
    new: frozenset[str]
    lifecycle_is_edited: bool
    lifecycle_is_new: bool
    matchings: Mapping[tuple[str, str], Matching]
    renamed: tuple[tuple[str, str, str], ...]

    @property
    def stranded(self) -> list[Stranded]:
        """Who would be lost."""
        return [
            Stranded(one.journey, one.step, one.people, one.candidates)
            for one in self.people
            if one.course is Course.STRANDED
        ]

    @property
    def without_file(self) -> frozenset[str]:
        """The journeys that have people inside and no file."""
        return frozenset(one.journey for one in self.people if one.course is Course.STANDING)

    @property
    def is_applied(self) -> bool:
        """Whether the program is the one that last ran."""
        changes = self.edited or self.new or self.lifecycle_is_edited or self.lifecycle_is_new
        return not changes


def plan(ran: Ran, program: Program) -> Plan:
    """What starting on a program would do. Reads nothing and changes nothing."""
    journeys, version = program.journeys, program.rules_version
    earlier = _Earlier(ran.texts, journeys)
    people = tuple(
        _lead(journeys.get(where[0]), earlier, where, count)
        for where, count in sorted(ran.people.items())
        if not is_errand(where[0])  # it has no file of its own
    )
    followed = {(one.journey, one.version) for one in people if one.course in _FOLLOWING}
    edited = {
        name: ran.journeys[name]
        for name, journey in journeys.items()
        if ran.journeys.get(name, journey.version) != journey.version
    }
    return Plan(
        people,
        edited,
        frozenset(journeys.keys() - ran.journeys.keys()),
        lifecycle_is_edited=ran.lifecycle not in (None, version),
        lifecycle_is_new=ran.lifecycle is None,
        matchings={key: found for key in followed if (found := earlier.match(*key))},
        renamed=tuple(one for name in edited for one in earlier.renamed_splits(name, edited[name])),
    )


_FOLLOWING = (Course.MOVED, Course.STRANDED)


def _lead(
    journey: Journey | None, earlier: _Earlier, where: tuple[str, str, str], people: int
) -> PeopleOnStep:
    """How the people on one step go on."""
    name, version, step = where
    if journey is None:
        return PeopleOnStep(*where, people, Course.STANDING, step)
    if version == journey.version:
        return PeopleOnStep(*where, people, Course.ON, step)
    if journey.on_change is OnChange.PIN:
        return PeopleOnStep(*where, people, Course.PINNED, step)
    to, candidates = earlier.successor(name, version, step)
    course = Course.MOVED if to else Course.STRANDED
    return PeopleOnStep(*where, people, course, to, candidates)


class _Earlier:
    """The earlier versions of journeys, each parsed and matched with that of today once."""

    def __init__(
        self, texts: Mapping[tuple[str, str], str], journeys: Mapping[str, Journey]
    ) -> None:
        self._texts, self._today = texts, journeys
        self._found: dict[tuple[str, str], tuple[Journey, Matching] | None] = {}

    def match(self, name: str, version: str) -> Matching | None:
        """What became of the steps of a version; None when its text is not known, or is refused
        today.
        """
        found = self._find(name, version)
        return found[1] if found else None

    def successor(self, name: str, version: str, step: str) -> tuple[str, tuple[str, ...]]:
        """The step of today that a step of a version became, "" for none; and those that it may
        have become. Where the version is not known, steps keep their ids.
        """
        matching = self.match(name, version)
        if matching is not None:
            return matching.moved.get(step, ""), matching.ambiguous.get(step, ())
        named = self._today[name].moved_to(step)
        return (named if named in self._today[name].by_id else ""), ()

    def renamed_splits(self, name: str, version: str) -> Iterator[tuple[str, str, str]]:
        """The splits of a version that have another id today."""
        if (found := self._find(name, version)) is None:
            return
        journey, matching = found
        for was, now in matching.moved.items():
            if was != now and journey.by_id[was].draws:
                yield name, was, now

    def _find(self, name: str, version: str) -> tuple[Journey, Matching] | None:
        if (name, version) not in self._found:
            journey = _read_earlier(self._texts.get((name, version)), name, version)
            self._found[name, version] = (
                (journey, match_steps(journey, self._today[name])) if journey else None
            )
        return self._found[name, version]


def _read_earlier(text: str | None, name: str, version: str) -> Journey | None:
    try:
        return None if text is None else parse_journey(text, f"{name}.yaml of version {version}")
    except ProjectInvalid:
        return None


# ---------------------------------------------------------------- the database


def read_ran(transaction: Transaction, program: Program) -> Ran:
    """What the database says of the project as it last ran."""
    versions = {name: settings.read(transaction, _JOURNEY + name) for name in program.journeys}
    people = settings.people_by_step(transaction)
    today = {(name, journey.version) for name, journey in program.journeys.items()}
    known = {(name, version) for name, version in versions.items() if version is not None}
    inside = {(name, version) for name, version, _ in people if name in program.journeys}
    return Ran(
        settings.read(transaction, LIFECYCLE),
        dict(known),
        settings.read_versions(transaction) if (known | inside) - today else {},
        people,
    )


def read_plan(transaction: Transaction, program: Program) -> Plan:
    """What starting on a program would do to the people of this database."""
    return plan(read_ran(transaction, program), program)


def apply(transaction: Transaction, program: Program, planned: Plan, now: datetime) -> None:
    """Records the versions that run from now on, and has whoever an edit concerns looked at again.

    Raises PeopleWouldBeLost, and then nothing has changed.
    """
    if planned.stranded:
        raise PeopleWouldBeLost(strung(map(str, planned.stranded), "\n"))
    journeys = program.journeys
    sources = {(name, journey.version): journey.source for name, journey in journeys.items()}
    settings.keep_versions(transaction, sources, now)
    if planned.lifecycle_is_edited or planned.lifecycle_is_new:
        settings.write(transaction, LIFECYCLE, program.rules_version)
    if planned.lifecycle_is_edited:
        customers.mark_all_due(transaction, now)
    for name in sorted(planned.edited.keys() | planned.new):
        settings.write(transaction, _JOURNEY + name, journeys[name].version)
    for journey, was, is_now in planned.renamed:
        # Who was given a variant keeps it where an edit gives the split another derived id.
        copy_variants(transaction, journey, was, is_now)
    returned = _note_without_file(transaction, planned.without_file)
    customers.mark_inside_due(transaction, [*planned.edited, *returned], now)
    _take_over_dates(transaction, program, now)


def _note_without_file(transaction: Transaction, names: frozenset[str]) -> set[str]:
    """Writes down which journeys have no file; returns those that have one again."""
    known = set(orjson.loads(settings.read(transaction, _WITHOUT_FILE) or "[]"))
    if known != names:
        settings.write(transaction, _WITHOUT_FILE, orjson.dumps(sorted(names)).decode())
    return known - names


def _take_over_dates(transaction: Transaction, program: Program, now: datetime) -> None:
    """Writes down since when each trigger by a date is known: it lets nobody in for what was
    before. Where one is new, everybody is looked at, for it may be the next to wake them.
    """
    known, keys = _dated_since(transaction), program.dated_keys
    if known.keys() == set(keys):
        return
    since = {key: known.get(key, now).isoformat() for key in keys}
    settings.write(transaction, _DATES, orjson.dumps(since).decode())
    if set(keys) - known.keys():
        customers.mark_all_due(transaction, now)


def _dated_since(transaction: Transaction) -> dict[str, datetime]:
    stored = orjson.loads(settings.read(transaction, _DATES) or "{}")
    return {key: datetime.fromisoformat(since) for key, since in stored.items()}


def take_over(parts: Parts, now: datetime, *, applying: bool) -> Parts:
    """The parts that know of the edits since the project last ran: applied now, or before.

    Raises PeopleWouldBeLost, and EditsNotApplied where they are not and `applying` is not said.
    """
    program, database = parts.program, parts.database
    with database.write() if applying else database.read() as transaction:
        planned = read_plan(transaction, program)
        if applying:
            apply(transaction, program, planned, now)
        elif not planned.is_applied:
            raise EditsNotApplied(
                say(
                    "the project's files are not those that last ran here: `parcours up` "
                    "or `parcours tick` takes them over"
                )
            )
        last = settings.read_time(transaction, LAST_TICK) if parts.clock.is_virtual else None
        since = _dated_since(transaction) if program.index.dated else {}
        keeps = has_paces(program) or are_there_any(transaction)
    known = replace(
        program,
        edits=planned.matchings,
        edited_at=last,
        dated_since=since,
        without_file=planned.without_file,
        keeps_appointments=keeps,
    )
    return replace(parts, program=known)
