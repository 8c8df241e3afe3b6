"""Key figures: of a time beside the one before it, by month, and by cohort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from orchestrator.domain.phrase import Phrase, say, say_number, verbatim
from orchestrator.measure.kpis.kept_answer import kept_sources
from orchestrator.measure.kpis.numbers import NumberSource
from orchestrator.measure.trade.kept_trade import read_kept_trade
from orchestrator.measure.trade.trade import Trade
from orchestrator.report.kpi_blocks import (
    KpiReport,
    cohorts_of,
    figure_tables,
    months_of,
    tiles_of,
)
from orchestrator.report.page_asked import PageAsked
from orchestrator.report.page_blocks import Alert, Alerts, Block, Page, Prose, Section, Views
from orchestrator.report.page_source import Source
from orchestrator.report.page_writing import writing_of

TITLE = say("Key figures")
NO_ORDERS = say("There are no orders yet: nothing can be counted.")
#: The times that can be looked at, in days; None: all of it.
TIMES: Mapping[str, tuple[Phrase, int | None]] = {
    "30": (say("30 days"), 30),
    "90": (say("90 days"), 90),
    "365": (say("a year"), 365),
    "all": (say("all the time"), None),
}


def kpi_page(source: Source, asked: PageAsked) -> Page:
    """The figures of a time; each currency by itself."""
    trade = read_kept_trade(source.database, source.config.project.currency)
    sources = kept_sources(source.database, trade, source.zone)
    return Page(TITLE, list(kpi_blocks(source, trade, asked, sources)))


def kpi_blocks(
    source: Source, trade: Trade, asked: PageAsked, sources: Sequence[NumberSource] = ()
) -> Iterator[Block]:
    """The page's blocks, of the database's trade or of a log's."""
    if not trade.currencies:
        yield Prose(NO_ORDERS)
        return
    shown = asked.get("currency")
    currency = shown if shown in trade.currencies else trade.currencies[0]
    time = asked.get("by") if asked.get("by") in TIMES else "30"
    yield from _views(trade, currency, time)
    report = report_of(source, trade, currency, sources)
    compared = report.compare(TIMES[time][1])
    whole = compared.now if compared.before is None else report.ask()
    yield tiles_of(compared, currency)
    yield from _doubts(trade)
    yield Section(say("By month"), list(months_of(whole, report)), name="months")
    yield Section(say("Cohorts"), [cohorts_of(whole)], name="cohorts")
    yield from figure_tables(compared, currency)


def _views(trade: Trade, currency: str, time: str) -> Iterator[Block]:
    times = [
        (label, f"kpis?by={key}&currency={currency}", key == time)
        for key, (label, _) in TIMES.items()
    ]
    yield Views(say("The time"), times)
    if len(trade.currencies) > 1:
        others = [
            (verbatim(one), f"kpis?by={time}&currency={one}", one == currency)
            for one in trade.currencies
        ]
        yield Views(say("The currency"), others)


def report_of(
    source: Source, trade: Trade, currency: str, sources: Sequence[NumberSource] = ()
) -> KpiReport:
    """What the figures of one currency are made of."""
    writing = writing_of(source)

    def write(number: float) -> str:
        return writing.write(int(number))

    return KpiReport(trade, currency, source.zone, source.now, sources, write)


def _doubts(trade: Trade) -> Iterator[Block]:
    if trade.unpriced:
        text = say_number(
            "{number} order or refund names no readable total: it counts, and is worth nothing",
            "{number} orders and refunds name no readable total: they count, and are worth nothing",
            trade.unpriced,
        )
        yield Alerts([Alert(text)])
