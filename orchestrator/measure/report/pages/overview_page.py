"""The first page: how the lifecycle stands, and what needs a look."""

from __future__ import annotations

from orchestrator.domain.message import TAKEN
from orchestrator.domain.phrase import say, verbatim
from orchestrator.measure.report.attention import tell_alerts
from orchestrator.measure.report.page_asked import PageAsked
from orchestrator.measure.report.page_blocks import Alerts, Block, Grid, Page, Section, Tile, Tiles
from orchestrator.measure.report.page_source import Source
from orchestrator.measure.report.page_values import Portion, Value
from orchestrator.measure.report.pages.journeys_page import journeys_page
from orchestrator.measure.status import Overview, read_status

TITLE = say("Overview")
CALM = say("Nothing: everything runs.")


def overview_page(source: Source, asked: PageAsked) -> Page:
    """Figures, stages, journeys, and what needs a look."""
    found = read_status(source.database, source.journeys, source.now, source.config.channels.media)
    blocks: list[Block] = [
        _tiles(found),
        Section(say("What needs a look"), [Alerts(tell_alerts(found), CALM)]),
        Section(say("Stages"), [_stages(source, found)]),
        Section(say("Journeys"), journeys_page(source, asked).blocks),
    ]
    return Page(verbatim(source.config.project.name), blocks)


def _tiles(found: Overview) -> Tiles:
    sent = sum(states.get(one, 0) for states in found.messages.values() for one in TAKEN)
    return Tiles(
        [
            Tile(say("Customers"), found.customers, to="customers"),
            Tile(say("Inside a journey"), sum(one.inside for one in found.journeys), to="journeys"),
            Tile(say("Messages sent"), sent, to="deliverability"),
            Tile(say("Open tasks"), found.tasks.number, to="tasks"),
        ]
    )


def _stages(source: Source, found: Overview) -> Grid:
    """From the first to the last: a lifecycle's file asks for the last one first."""
    known = [one.name for one in source.project.lifecycle.stages[::-1]] if source.project else []
    names = [*known, *sorted(found.stages.keys() - set(known) - {""}), ""]
    rows: list[list[Value]] = [
        [
            verbatim(name.replace("_", " ")) if name else say("without a stage yet"),
            number,
            Portion(number / found.customers) if found.customers else None,
        ]
        for name in names
        if (number := found.stages.get(name, 0)) or name
    ]
    head = (say("Stage"), say("Customers"), say("Of all"))
    return Grid("stages", say("Stages"), head, rows, say("This project has no stages yet."))
