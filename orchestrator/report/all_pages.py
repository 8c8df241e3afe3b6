"""Which pages there are, by the first part of their path."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orchestrator.report.page_asked import PageAsked
from orchestrator.report.page_blocks import Page
from orchestrator.report.page_source import Source
from orchestrator.report.pages.coupon_page import coupon_page
from orchestrator.report.pages.customer_page import customer_page
from orchestrator.report.pages.delivery_page import delivery_page
from orchestrator.report.pages.gap_page import gap_page
from orchestrator.report.pages.journey_page import journey_page
from orchestrator.report.pages.journeys_page import journeys_page
from orchestrator.report.pages.kpi_page import kpi_page
from orchestrator.report.pages.overview_page import overview_page
from orchestrator.report.pages.task_page import task_page

PageMaker = Callable[[Source, PageAsked], Page]


def _journeys(source: Source, asked: PageAsked) -> Page:
    return (journey_page if asked.of else journeys_page)(source, asked)


PAGES: Mapping[str, PageMaker] = {
    "": overview_page,
    "journeys": _journeys,
    "customers": customer_page,
    "kpis": kpi_page,
    "deliverability": delivery_page,
    "gaps": gap_page,
    "tasks": task_page,
    "coupons": coupon_page,
}
