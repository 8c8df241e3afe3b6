"""What an edit of the project does to the people inside, when a process starts on it.

`follow`: they keep their step by id and go on with the new text. `pin`: they finish the version they entered, whose
text is kept in the database. Nobody may stand on a step that is gone: that is refused before anything runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.journey import Journey, OnChange
from orchestrator.engine.context import EngineContext
from orchestrator.engine.report import Held
from orchestrator.store import customers, settings
from orchestrator.store.database import Connection

LIFECYCLE = "lifecycle_version"
_JOURNEY = "journey_version:"


class PeopleWouldBeLost(ParcoursError):
    """People stand on steps that an edit removed."""


@dataclass(frozen=True, slots=True)
class Stranded:
    """People on a step that is gone."""

    journey: str
    step: str
    people: int

    def __str__(self) -> str:
        return (
            f"journeys/{self.journey}.yaml: {self.people} people stand on step '{self.step}', which is gone; "
            f"bring it back, or say where they go on: `moved: {{{self.step}: <step id>}}`"
        )


def find_stranded(connection: Connection, journeys: Mapping[str, Journey]) -> list[Stranded]:
    """Who would be lost: people on steps that the journeys of today do not have and do not say where they moved."""
    stranded = []
    for (name, version, step), people in sorted(settings.people_by_step(connection, journeys.keys()).items()):
        journey = journeys[name]
        pinned = journey.on_change is OnChange.PIN and version != journey.version
        if not pinned and journey.moved_to(step) not in journey.by_id:
            stranded.append(Stranded(name, step, people))
    return stranded


def take_over(context: EngineContext, now: datetime) -> None:
    """Records the versions that run from now on and has whoever an edit concerns looked at again.

    Raises PeopleWouldBeLost, and then nothing has changed.
    """
    program = context.program
    with context.database.write() as connection:
        if stranded := find_stranded(connection, program.journeys):
            raise PeopleWouldBeLost("\n".join(str(one) for one in stranded))
        sources = {(journey.id, journey.version): journey.source for journey in program.journeys.values()}
        settings.keep_versions(connection, context.database, sources, now)
        if _has_changed(context, connection, LIFECYCLE, program.lifecycle.version):
            customers.mark_all_due(connection, now)
        edited = [
            journey.id
            for journey in program.journeys.values()
            if _has_changed(context, connection, _JOURNEY + journey.id, journey.version)
        ]
        customers.mark_inside_due(connection, edited, now)


def _has_changed(context: EngineContext, connection: Connection, key: str, version: str) -> bool:
    known = settings.read(connection, key)
    if known != version:
        settings.write(connection, context.database, key, version)
    return known is not None and known != version


def hold(context: EngineContext, held: Held, now: datetime) -> None:
    """Takes over what stands still from now on; people in released journeys are looked at again."""
    released = context.held.journeys - held.journeys
    context.held = held
    if released:
        with context.database.write() as connection:
            customers.mark_inside_due(connection, released, now)
