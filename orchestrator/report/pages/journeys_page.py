"""All journeys: what each is for, who is inside, and how it does."""

from __future__ import annotations

from orchestrator.domain.journey import Journey
from orchestrator.domain.phrase import say, verbatim
from orchestrator.measure.status import NO_FILE, JourneyStanding, read_status
from orchestrator.report.experiment_blocks import project_experiment
from orchestrator.report.page_asked import PageAsked
from orchestrator.report.page_blocks import Grid, Page, Section
from orchestrator.report.page_source import Source
from orchestrator.report.page_values import Badge, PageLink, Value
from orchestrator.report.result_blocks import earned_table, results_of
from orchestrator.store.journey_traffic import count_passages

TITLE = say("Journeys")


def journeys_page(source: Source, asked: PageAsked) -> Page:
    """A line for each journey, also for those whose file is gone while people are inside."""
    found = read_status(source.database, source.journeys, source.now, source.config.channels.media)
    with source.database.read() as transaction:
        passages = count_passages(transaction)
    rows = [
        _row(one, source.journeys.get(one.id), passages.get(one.id, (0, 0)))
        for one in found.journeys
    ]
    head = (
        say("Journey"), say("For the stage"), say("Goal"), say("Entered"), say("Control group"),
        say("Inside"), say("State"),
    )  # fmt: skip
    empty = say("This project has no journey yet: `parcours new` copies a programme into it.")
    standing = Section(say("How they stand"), [Grid("journeys", TITLE, head, rows, empty)])
    return Page(TITLE, [earned(source), *project_experiment(source), standing])


def earned(source: Source) -> Section:
    """What each journey brought."""
    titles = {name: journey.title for name, journey in source.journeys.items()}
    return Section(say("What journeys brought"), [earned_table(results_of(source), titles)])


def _row(one: JourneyStanding, journey: Journey | None, passages: tuple[int, int]) -> list[Value]:
    goal = journey.goal if journey else None
    return [
        PageLink(verbatim(one.title or one.id), f"journeys/{one.id}"),
        (journey.serves or "").replace("_", " ") if journey else "",
        goal.name if goal else None,
        passages[0],
        passages[1],
        one.inside,
        state_of(one, journey),
    ]


def state_of(one: JourneyStanding, journey: Journey | None) -> Badge:
    """How a journey stands, in a word."""
    if one.held == NO_FILE:
        return Badge(say("its file is gone"), "bad")
    if one.held:
        return Badge(say("stands still"), "bad")
    if journey is not None and journey.draft:
        return Badge(say("draft"), "wait")
    return Badge(say("runs"), "good")
