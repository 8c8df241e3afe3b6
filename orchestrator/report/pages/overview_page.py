"""The first page: how the lifecycle stands, and what needs a look."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.domain.message import TAKEN
from orchestrator.domain.phrase import say, verbatim
from orchestrator.gaps.analysis import read_gaps
from orchestrator.measure.status import Overview, read_status
from orchestrator.measure.trade.kept_trade import read_kept_trade
from orchestrator.report.attention import tell_alerts
from orchestrator.report.experiment_blocks import experiment_alerts
from orchestrator.report.kpi_blocks import tiles_of
from orchestrator.report.page_asked import PageAsked
from orchestrator.report.page_blocks import Alerts, Block, Page, Section, Tile, Tiles
from orchestrator.report.page_source import Source
from orchestrator.report.pages.gap_page import missing_table
from orchestrator.report.pages.journeys_page import earned
from orchestrator.report.pages.kpi_page import report_of
from orchestrator.report.stage_blocks import stage_flow

TITLE = say("Overview")
DAYS = 30
CALM = say("Nothing: everything runs.")


def overview_page(source: Source, asked: PageAsked) -> Page:
    """Figures, stages, journeys, and what needs a look."""
    found = read_status(source.database, source.journeys, source.now, source.config.channels.media)
    alerts = tell_alerts(found, experiment_alerts(source))
    blocks: list[Block] = [
        *_trade(source),
        _tiles(found),
        Section(say("What needs a look"), [Alerts(alerts, CALM)]),
        Section(say("Stages"), list(stage_flow(source))),
        earned(source),
        *_missing(source),
    ]
    return Page(verbatim(source.config.project.name), blocks)


def _trade(source: Source) -> Iterator[Block]:
    """What the last 30 days brought, beside the 30 before."""
    trade = read_kept_trade(source.database, source.config.project.currency)
    for currency in trade.currencies[:1]:
        compared = report_of(source, trade, currency).compare(DAYS)
        about = say("The last 30 days, and the 30 before.")
        yield Section(say("What the shop earned"), [tiles_of(compared, currency)], about)


def _missing(source: Source) -> Iterator[Block]:
    if source.project is not None:
        gaps = read_gaps(source.project, source.database)
        yield Section(say("What is missing"), [missing_table(gaps)])


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
