"""The stages of the lifecycle: how many are in each, and who moved where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from orchestrator.domain.phrase import say, verbatim
from orchestrator.measure.kpis.stage_flow import StageSource
from orchestrator.measure.kpis.window import Span
from orchestrator.measure.trade.trade import as_micros
from orchestrator.report.page_blocks import Block, Grid, Plot, Prose
from orchestrator.report.page_source import Source
from orchestrator.report.page_values import Number, Value
from orchestrator.report.sankey import Stream, draw_flow
from orchestrator.store.stage_history import walk_stage_changes
from orchestrator.store.stage_moves import Moved, count_moves

SHOWN = timedelta(days=30)
TITLE = say("From stage to stage, in the last 30 days")
OUTSIDE = say("not yet there")


def stage_flow(source: Source) -> Iterator[Block]:
    """A drawing, with its figures as a matrix."""
    with source.database.read() as transaction:
        moves = count_moves(transaction, source.now - SHOWN)
    names = stage_names(source, moves)
    if not names:
        yield Prose(say("This project has no stages yet."))
        return
    places: list[str | None] = [None, *names]
    people = {(one.came_from, one.to): one.people for one in moves}
    streams = [
        Stream(places.index(start), places.index(end), number)
        for (start, end), number in people.items()
    ]
    told = [source.catalogue.tell(name_stage(place)) for place in places]
    about = say(
        "How many customers were in which stage 30 days ago, and in which they are now; the "
        "figures stand below."
    )
    yield Plot(TITLE, draw_flow(told, streams), about, _matrix(places, people))
    yield _stays(source, names)


def _stays(source: Source, names: Sequence[str]) -> Grid:
    """How many are in each stage, and how long those had stayed who left it of late."""
    with source.database.read() as transaction:
        stages = StageSource(list(walk_stage_changes(transaction)))
    span = Span(as_micros(source.now - SHOWN), as_micros(source.now))
    found = {stay["stage"]: stay for stay in stages.tell_stays(span)}
    rows: list[list[Value]] = [
        [
            name_stage(name),
            found[name]["customers"],
            found[name]["ended"],
            _days(found[name]["days_mean"]),
            _days(found[name]["days_median"]),
        ]
        for name in names
        if name in found
    ]
    head = (
        say("Stage"), say("Customers now"), say("Left it in 30 days"), say("Days they had stayed"),
        say("Half of them at most"),
    )  # fmt: skip
    return Grid("time_in_stage", say("Time in each stage"), head, rows)


def _days(days: float | None) -> Value:
    return None if days is None else Number(days, 1)


def name_stage(stage: str | None) -> str:
    """A stage as people read it."""
    return OUTSIDE if stage is None else verbatim(stage.replace("_", " "))


def stage_names(source: Source, moves: Sequence[Moved]) -> list[str]:
    """From the first to the last: a lifecycle's file asks for the last one first."""
    known = [one.name for one in source.project.lifecycle.stages[::-1]] if source.project else []
    seen = {stage for one in moves for stage in (one.came_from, one.to) if stage is not None}
    return [*known, *sorted(seen - set(known))]


def _matrix(places: Sequence[str | None], people: dict[tuple[str | None, str | None], int]) -> Grid:
    rows: list[list[Value]] = [
        [name_stage(start), *(people.get((start, end), 0) for end in places)]
        for start in places
        if any(people.get((start, end), 0) for end in places)
    ]
    head = (say("30 days ago"), *(name_stage(place) for place in places))
    return Grid("stage_flow", TITLE, head, rows)
