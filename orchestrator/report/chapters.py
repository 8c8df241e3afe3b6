"""What the report has: the pages that name nobody, and each journey; of a log, its key figures."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.domain.phrase import say, verbatim
from orchestrator.measure.trade.trade import Trade
from orchestrator.report.page_asked import PageAsked
from orchestrator.report.page_blocks import Grid, Page, Section
from orchestrator.report.page_source import Source
from orchestrator.report.pages.delivery_page import delivery_page
from orchestrator.report.pages.gap_page import gap_page
from orchestrator.report.pages.journey_page import journey_page
from orchestrator.report.pages.journeys_page import journeys_page
from orchestrator.report.pages.kpi_page import kpi_blocks, kpi_page
from orchestrator.report.pages.overview_page import overview_page
from orchestrator.report.whole_report import OF_A_JOURNEY, Chapter

#: Tables that name customers: a report is handed on.
_OF_PERSONS = frozenset({"journey_messages", "people_inside"})


def chapters_of(source: Source) -> Iterator[Chapter]:
    """The report of a database."""
    yield Chapter("overview", overview_page(source, PageAsked("")))
    yield Chapter("kpis", kpi_page(source, PageAsked("kpis")))
    yield Chapter("gaps", gap_page(source, PageAsked("gaps")))
    yield Chapter("deliverability", delivery_page(source, PageAsked("deliverability")))
    yield Chapter("journeys", journeys_page(source, PageAsked("journeys")))
    for name in source.journeys:
        page = journey_page(source, PageAsked("journeys", name))
        yield Chapter(f"{OF_A_JOURNEY}{name}", _without_persons(page))


def chapters_of_log(source: Source, trade: Trade) -> Iterator[Chapter]:
    """The report of a log alone."""
    blocks = list(kpi_blocks(source, trade, PageAsked("kpis", query=(("by", "all"),))))
    about = say("Of a log alone: orders, customers and cohorts.")
    yield Chapter("kpis", Page(verbatim(source.config.project.name), blocks, about))


def _without_persons(page: Page) -> Page:
    kept = [
        block
        for block in page.blocks
        if not (
            isinstance(block, Section)
            and any(isinstance(one, Grid) and one.name in _OF_PERSONS for one in block.blocks)
        )
    ]
    return Page(page.title, kept, page.about)
