"""Key figures as blocks: of a time beside the one before it, by month, and by cohort."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from orchestrator.domain.phrase import Phrase, say, verbatim
from orchestrator.measure.figures import FIGURES
from orchestrator.measure.figures.figure import Unit
from orchestrator.measure.figures.figure import Value as FigureValue
from orchestrator.measure.kpis.block import count_window
from orchestrator.measure.kpis.cohorts import Cohort, find_cohorts
from orchestrator.measure.kpis.monthly import MonthOfTrade, walk_months
from orchestrator.measure.kpis.numbers import Beside, Numbers, add_figures, nothing_beside
from orchestrator.measure.kpis.purchases import NEVER, BoughtSoFar
from orchestrator.measure.kpis.window import Window, midnight, span_of_calls
from orchestrator.measure.trade.trade import Trade
from orchestrator.report.page_blocks import Block, Grid, Heat, Plot, Section, Tile, Tiles
from orchestrator.report.page_values import Money, Number, Portion, Value
from orchestrator.report.plots import PlotLine, draw_bars

MONTHS_MAX = 24
COHORTS_MAX = 18


class Compared(NamedTuple):
    """The numbers of a time, and of as long a time before."""

    now: Numbers
    before: Numbers


@dataclass(frozen=True, slots=True)
class KpiReport:
    """What key figures are made of: a trade of one currency, up to `now`."""

    trade: Trade
    currency: str
    zone: ZoneInfo
    now: datetime
    beside: Beside = nothing_beside
    write: Callable[[float], str] = "{:,.0f}".format  # a number on an axis

    def compare(self, days: int | None) -> Compared:
        """The last days beside as many before; all the time where none are named, beside
        nothing."""
        end = midnight(self.now.astimezone(self.zone).date() + timedelta(days=1), self.zone)
        if days is None:
            whole = self.whole
            return Compared(self._count(whole), {})
        start = end - timedelta(days=days)
        earlier = Window(start - timedelta(days=days), start, self.zone)
        return Compared(self._count(Window(start, end, self.zone)), self._count(earlier))

    @property
    def whole(self) -> Window:
        """From the first call to the last."""
        calls = self.trade.calls
        if not len(calls):
            return Window(self.now, self.now, self.zone)
        return span_of_calls(int(calls.at[0]), int(calls.at[-1]), self.zone)

    def months(self) -> list[MonthOfTrade]:
        """The last months, oldest first."""
        window, calls = self.whole, self.trade.calls
        purchases = BoughtSoFar.before(self.trade, window.span.end)
        first = int(calls.at[0]) if len(calls) else NEVER
        return list(walk_months(purchases, window, first))[-MONTHS_MAX:]

    def cohorts(self) -> list[Cohort]:
        """The youngest cohorts, oldest first."""
        window = self.whole
        purchases = BoughtSoFar.before(self.trade, window.span.end)
        return find_cohorts(purchases, window.months)[-COHORTS_MAX:]

    def _count(self, window: Window) -> Numbers:
        purchases = BoughtSoFar.before(self.trade, window.span.end)
        return add_figures(self.beside(window.span) | count_window(purchases, window))


def write_number(value: FigureValue, unit: Unit, currency: str) -> Value:
    """A figure as a page shows it."""
    if value is None:
        return None
    match unit:
        case Unit.MONEY:
            return Money(Decimal(value), currency)
        case Unit.SHARE:
            return Portion(float(value))
        case Unit.COUNT:
            return int(value) if value == int(value) else Number(float(value))
        case Unit.TIMES:
            return Number(float(value))
    return Number(float(value), 1)


#: The tiles: label, the number's name, its unit, and its page.
_TILES: Sequence[tuple[Phrase, str, Unit]] = (
    (say("Revenue"), "gross_revenue", Unit.MONEY),
    (say("Orders"), "orders", Unit.COUNT),
    (say("Customers who ordered"), "active_customers", Unit.COUNT),
    (say("New customers"), "new_customers", Unit.COUNT),
    (say("Average order"), "aov", Unit.MONEY),
    (say("Repeat rate"), "repeat_rate", Unit.SHARE),
    (say("Customers held"), "held_at_end", Unit.COUNT),
    (say("Churn"), "churn_strict", Unit.SHARE),
)


def tiles_of(compared: Compared, currency: str) -> Tiles:
    """The figures that matter most, beside those of the time before."""
    return Tiles(
        [
            Tile(
                label,
                write_number(compared.now.get(name), unit, currency),
                write_number(compared.before.get(name), unit, currency),
            )
            for label, name, unit in _TILES
        ]
    )


def figure_tables(compared: Compared, currency: str) -> Iterator[Block]:
    """Every figure of the registry that has a value, family by family, with its formula."""
    for family, figures in groupby(FIGURES.values(), key=lambda one: one.family):
        rows: list[list[Value]] = [
            [
                one.title,
                write_number(compared.now[one.name], one.unit, currency),
                write_number(compared.before.get(one.name), one.unit, currency)
                if compared.before
                else "",
                one.meaning,
            ]
            for one in figures
            if compared.now.get(one.name) is not None
        ]
        if rows:
            head = (say("Figure"), say("Value"), say("The time before"), say("What it means"))
            name = f"figures_{family.name}"
            yield Section(family.title, [Grid(name, family.title, head, rows)])


def months_of(report: KpiReport) -> Iterator[Block]:
    """Revenue by month as bars, with the table of what each month brought."""
    months = report.months()
    if not months:
        return
    currency = report.currency
    names = [month.month.name for month in months]
    bars = [float(month.numbers["gross_revenue"] or 0) for month in months]
    title = say("Revenue by month, in {currency}", currency=currency)
    about = say("Revenue of each month as bars; the figures stand below.")
    svg = draw_bars(names, [PlotLine("", bars)], report.write)
    yield Plot(title, svg, about)
    head = (
        say("Month"), say("Customers"), say("New"), say("Orders"), say("Revenue"), say("Net"),
        say("Average order"), say("Kept"), say("Lost"),
    )  # fmt: skip
    yield Grid("months", say("By month"), head, [_month(one, currency) for one in months[::-1]])


def _month(month: MonthOfTrade, currency: str) -> list[Value]:
    numbers: Mapping[str, FigureValue] = month.numbers
    name = month.month.name

    def of(key: str, unit: Unit) -> Value:
        return write_number(numbers.get(key), unit, currency)

    return [
        verbatim(name) if month.month.is_complete else say("{month}, so far", month=name),
        of("active_customers", Unit.COUNT),
        of("new_customers", Unit.COUNT),
        of("orders", Unit.COUNT),
        of("gross_revenue", Unit.MONEY),
        of("net_revenue", Unit.MONEY),
        of("aov", Unit.MONEY),
        of("retention_strict", Unit.SHARE),
        of("churn_strict", Unit.SHARE),
    ]


def cohorts_of(report: KpiReport) -> Heat:
    """Of those who first ordered in a month, the share who ordered again in each month after."""
    cohorts = report.cohorts()
    width = max((len(cohort.active) for cohort in cohorts), default=1)
    rows = [
        (
            verbatim(cohort.month),
            cohort.size,
            [number / cohort.size for number in cohort.active[1:]]
            + [None] * (width - len(cohort.active)),
        )
        for cohort in cohorts
    ]
    head = (
        say("First order in"), say("Customers"), *(verbatim(f"+{n}") for n in range(1, width)),
    )  # fmt: skip
    note = say("The share who ordered again in the first, second … month after; the last month "
               "may not be over yet.")  # fmt: skip
    return Heat("cohorts", say("Cohorts"), head, rows, note)
