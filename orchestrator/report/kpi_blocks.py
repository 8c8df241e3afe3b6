"""Key figures as blocks: of a time beside the one before it, by month, and by cohort."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from orchestrator.domain.phrase import Phrase, say, verbatim
from orchestrator.measure.figures import FIGURES
from orchestrator.measure.figures.figure import Unit
from orchestrator.measure.kpis.answered import KpiQuestion, answer
from orchestrator.measure.kpis.numbers import NumberSource
from orchestrator.measure.kpis.window import midnight
from orchestrator.measure.trade.trade import Trade
from orchestrator.report.page_blocks import Block, Grid, Heat, Plot, Section, Tile, Tiles
from orchestrator.report.page_values import Money, Number, Portion, Value
from orchestrator.report.plots import PlotLine, draw_bars

MONTHS_MAX = 24
COHORTS_MAX = 18

#: What `answer` says of one currency: JSON.
KpiBlock = Mapping[str, Any]


class Compared(NamedTuple):
    """The figures of a time, and of as long a time before; None beside all the time."""

    now: KpiBlock
    before: KpiBlock | None


@dataclass(frozen=True, slots=True)
class KpiReport:
    """What key figures are made of, up to `now`: a trade, of which one currency is shown, and what
    else is known."""

    trade: Trade
    currency: str
    zone: ZoneInfo
    now: datetime
    sources: Sequence[NumberSource] = ()
    write: Callable[[float], str] = "{:,.0f}".format  # a number on an axis

    def compare(self, days: int | None) -> Compared:
        """The last days beside as many before; all the time, where none are named, beside
        nothing."""
        if days is None:
            return Compared(self.ask(), None)
        end = midnight(self.now.astimezone(self.zone).date() + timedelta(days=1), self.zone)
        start = end - timedelta(days=days)
        return Compared(self.ask(start, end), self.ask(start - timedelta(days=days), start))

    def ask(self, start: datetime | None = None, end: datetime | None = None) -> KpiBlock:
        """The figures of a window; of all the time where none is given."""
        question = KpiQuestion("", self.zone, self.currency, start, end)
        found: KpiBlock = answer(self.trade, question, self.sources)
        own = (one for one in found["currencies"] if one["currency"] == self.currency)
        return next(own, found)


def write_number(value: float | None, unit: Unit, currency: str) -> Value:
    """A figure as a page shows it."""
    if value is None:
        return None
    match unit:
        case Unit.MONEY:
            return Money(value, currency)
        case Unit.SHARE:
            return Portion(value)
        case Unit.COUNT:
            return int(value) if value == int(value) else Number(value)
        case Unit.TIMES:
            return Number(value)
    return Number(value, 1)


def _new_customers(block: KpiBlock) -> int:
    return sum(month["new_customers"] for month in block["months"])


#: The tiles: label, how the figure is found in a block, and its unit.
_TILES: Sequence[tuple[Phrase, Callable[[KpiBlock], float | None], Unit]] = (
    (say("Revenue"), lambda block: block["overall"]["gross_revenue"], Unit.MONEY),
    (say("Orders"), lambda block: block["overall"]["orders"], Unit.COUNT),
    (say("Customers who ordered"), lambda block: block["overall"]["customers"], Unit.COUNT),
    (say("New customers"), _new_customers, Unit.COUNT),
    (say("Average order"), lambda block: block["figures"]["aov"], Unit.MONEY),
    (say("Repeat rate"), lambda block: block["figures"]["repeat_rate"], Unit.SHARE),
    (say("Retention"), lambda block: block["figures"]["retention_strict"], Unit.SHARE),
    (say("Churn"), lambda block: block["figures"]["churn_strict"], Unit.SHARE),
)


def tiles_of(compared: Compared, currency: str) -> Tiles:
    """The figures that matter most, beside those of the time before."""
    before = compared.before
    return Tiles(
        [
            Tile(
                label,
                write_number(find(compared.now), unit, currency),
                None if before is None else write_number(find(before), unit, currency),
            )
            for label, find, unit in _TILES
        ]
    )


def figure_tables(compared: Compared, currency: str) -> Iterator[Block]:
    """Every figure of the registry that has a value, family by family, with its meaning."""
    now, before = compared.now["figures"], compared.before
    for family, figures in groupby(FIGURES.values(), key=lambda one: one.family):
        rows: list[list[Value]] = [
            [
                one.title,
                write_number(now[one.name], one.unit, currency),
                "" if before is None
                else write_number(before["figures"][one.name], one.unit, currency),
                one.meaning,
            ]
            for one in figures
            if now.get(one.name) is not None
        ]  # fmt: skip
        if rows:
            head = (say("Figure"), say("Value"), say("The time before"), say("What it means"))
            name = f"figures_{family.name}"
            yield Section(family.title, [Grid(name, family.title, head, rows)])


def months_of(block: KpiBlock, report: KpiReport) -> Iterator[Block]:
    """Revenue by month as bars, with the table of what each month brought."""
    months, currency = block["months"][-MONTHS_MAX:], report.currency
    if not months:
        return
    names = [month["month"] for month in months]
    bars = [month["gross_revenue"] or 0 for month in months]
    title = say("Revenue by month, in {currency}", currency=currency)
    about = say("Revenue of each month as bars; the figures stand below.")
    yield Plot(title, draw_bars(names, [PlotLine("", bars)], report.write), about)
    head = (
        say("Month"), say("Customers"), say("New"), say("Orders"), say("Revenue"), say("Net"),
        say("Average order"), say("Kept"), say("Lost"),
    )  # fmt: skip
    yield Grid("months", say("By month"), head, [_month(one, currency) for one in months[::-1]])


def _month(month: KpiBlock, currency: str) -> list[Value]:
    name, held = month["month"], month["base90"]
    return [
        verbatim(name) if month["complete"] else say("{month}, so far", month=name),
        month["active_customers"],
        month["new_customers"],
        month["orders"],
        write_number(month["gross_revenue"], Unit.MONEY, currency),
        write_number(month["net_revenue"], Unit.MONEY, currency),
        write_number(month["aov"], Unit.MONEY, currency),
        write_number(held["crr_strict"], Unit.SHARE, currency),
        write_number(held["churn_strict"], Unit.SHARE, currency),
    ]


def cohorts_of(block: KpiBlock) -> Heat:
    """Of those who first ordered in a month, the share who ordered again in each month after."""
    cohorts = list(block["cohorts"].items())[-COHORTS_MAX:]
    width = max((len(cohort["rate"]) for _, cohort in cohorts), default=1)
    rows = [
        (
            verbatim(month),
            cohort["size"],
            [*cohort["rate"][1:], *[None] * (width - len(cohort["rate"]))],
        )
        for month, cohort in cohorts
    ]
    head = (
        say("First order in"), say("Customers"), *(verbatim(f"+{n}") for n in range(1, width)),
    )  # fmt: skip
    note = say(
        "The share who ordered again in the first, second … month after; the last month may not "
        "be over yet."
    )
    return Heat("cohorts", say("Cohorts"), head, rows, note)
