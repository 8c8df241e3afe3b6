"""What an edit of the project does to the people inside, when a process starts on it.

`follow`: they keep their step, as `domain.matching` finds it, and go on with the new text. `pin`:
they finish the version they entered, whose text is kept in the database. Nobody may stand on a step
that is gone, or that may have become several: that is refused before anything runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from orchestrator.domain.errors import ParcoursError, ProjectInvalid
from orchestrator.domain.journey import Journey, OnChange
from orchestrator.domain.matching import Matching, match_steps
from orchestrator.engine.last_tick import LAST_TICK
from orchestrator.engine.parts import Parts
from orchestrator.language.journeys import parse_journey
from orchestrator.store import customers, settings
from orchestrator.store.assignments import copy_variants
from orchestrator.store.transaction import Transaction

LIFECYCLE = "lifecycle_version"
_JOURNEY = "journey_version:"


class PeopleWouldBeLost(ParcoursError):
    """People stand on steps that an edit removed."""


@dataclass(frozen=True, slots=True)
class Stranded:
    """People on a step that is gone, or that may have become several (`candidates`)."""

    journey: str
    step: str
    people: int
    candidates: tuple[str, ...] = ()

    def __str__(self) -> str:
        who = f"journeys/{self.journey}.yaml: {self.people} people stand on step '{self.step}'"
        if not self.candidates:
            return (
                f"{who}, which is gone; bring it back, or say where they go on: `moved: "
                f"{{{self.step}: <step id>}}`"
            )
        known = " or ".join(f"'{name}'" for name in self.candidates)
        return (
            f"{who}, which may be {known} now; say which: `moved: "
            f"{{{self.step}: {self.candidates[0]}}}`"
        )


def find_stranded(transaction: Transaction, journeys: Mapping[str, Journey]) -> list[Stranded]:
    """Who would be lost: people on steps that the journeys of today do not have, or have twice, and
    do not say where they moved."""
    return _look_for_stranded(transaction, journeys, match_edits(transaction, journeys))


def match_edits(
    transaction: Transaction, journeys: Mapping[str, Journey]
) -> dict[tuple[str, str], Matching]:
    """What became of the steps of each earlier version in which people are, by (journey,
    version).
    """
    inside = {(name, version) for (name, version, _), _ in _followers(transaction, journeys)}
    texts = settings.read_versions(transaction) if inside else {}
    found = {}
    for name, version in inside:
        earlier = _read_earlier(texts.get((name, version)), name, version)
        if earlier is not None:
            found[name, version] = match_steps(earlier, journeys[name])
    return found


def _read_earlier(text: str | None, name: str, version: str) -> Journey | None:
    """An earlier version; None when its text is not known, or is refused today. Steps then keep
    their ids.
    """
    try:
        return None if text is None else parse_journey(text, f"{name}.yaml of version {version}")
    except ProjectInvalid:
        return None


def _followers(
    transaction: Transaction, journeys: Mapping[str, Journey]
) -> Iterator[tuple[tuple[str, str, str], int]]:
    """How many people stand on each (journey, version, step) and go on with the text of today, not
    with theirs.
    """
    for (name, version, step), people in sorted(
        settings.people_by_step(transaction, journeys.keys()).items()
    ):
        journey = journeys[name]
        if version != journey.version and journey.on_change is not OnChange.PIN:
            yield (name, version, step), people


def _look_for_stranded(
    transaction: Transaction,
    journeys: Mapping[str, Journey],
    edits: Mapping[tuple[str, str], Matching],
) -> list[Stranded]:
    stranded = []
    for (name, version, step), people in _followers(transaction, journeys):
        matching = edits.get((name, version))
        there = (
            step in matching.moved
            if matching
            else journeys[name].moved_to(step) in journeys[name].by_id
        )
        if not there:
            stranded.append(
                Stranded(name, step, people, matching.ambiguous.get(step, ()) if matching else ())
            )
    return stranded


def take_over(parts: Parts, now: datetime) -> Parts:
    """Records the versions that run from now on, has whoever an edit concerns looked at again, and
    returns the parts that know of the edits.

    Raises PeopleWouldBeLost, and then nothing has changed.
    """
    program = parts.program
    with parts.database.write() as transaction:
        edits = match_edits(transaction, program.journeys)
        if stranded := _look_for_stranded(transaction, program.journeys, edits):
            raise PeopleWouldBeLost("\n".join(str(one) for one in stranded))
        last = settings.read_time(transaction, LAST_TICK) if parts.clock.is_virtual else None
        sources = {
            (journey.id, journey.version): journey.source for journey in program.journeys.values()
        }
        settings.keep_versions(transaction, sources, now)
        if _earlier_version(transaction, LIFECYCLE, program.lifecycle.version) is not None:
            customers.mark_all_due(transaction, now)
        versions = {
            journey.id: _earlier_version(transaction, _JOURNEY + journey.id, journey.version)
            for journey in program.journeys.values()
        }
        edited = {name: version for name, version in versions.items() if version is not None}
        _keep_variants(parts, transaction, edited)
        customers.mark_inside_due(transaction, list(edited), now)
    return replace(parts, program=replace(program, edits=edits, edited_at=last))


def _earlier_version(transaction: Transaction, key: str, version: str) -> str | None:
    """The version that ran before, where it was another; that of today is remembered."""
    known = settings.read(transaction, key)
    if known == version:
        return None
    settings.write(transaction, key, version)
    return known


def _keep_variants(parts: Parts, transaction: Transaction, edited: Mapping[str, str]) -> None:
    """Has who was given a variant keep it where an edit gives the split another derived id."""
    texts = settings.read_versions(transaction) if edited else {}
    for name, version in edited.items():
        earlier = _read_earlier(texts.get((name, version)), name, version)
        moved = match_steps(earlier, parts.program.journeys[name]).moved if earlier else {}
        for was, now in moved.items():
            if was != now and earlier is not None and earlier.by_id[was].draws:
                copy_variants(transaction, name, was, now)
