"""Key figures in tables, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.domain.answer import Cell, Heading, Notice, Part, Table
from orchestrator.domain.phrase import say, say_number, verbatim
from orchestrator.measure.figures import FIGURES
from orchestrator.measure.figures.figure import Unit
from orchestrator.measure.kpis.groups_told import tell_groups, tell_stages
from orchestrator.measure.kpis.written import write_figure, write_money

#: An answer as `answer` makes it: JSON.
Told = Mapping[str, Any]


def tell_kpis(told: Told) -> Iterator[Part]:
    """The answer as tables; each currency by itself."""
    if told["window"] is None:
        yield say("There are no calls in this time: nothing can be counted.")
        return
    start, end = (text[:16] for text in told["window"])
    yield say("{name}: from {start} to {end}", name=told["set"], start=start, end=end)
    for block in told["currencies"] or [told]:
        yield ""
        yield Heading(say("Figures in {currency}", currency=block["currency"]))
        yield from _tell_block(block, told.get("by"))
    for funnel in told.get("funnels", ()):
        yield ""
        yield Heading(
            say("From {first} to {last}", first=funnel["steps"][0], last=funnel["steps"][-1])
        )
        yield _funnel_table(funnel)
    if "carts" in told:
        yield ""
        yield Heading(say("Carts, by {event}", event=told["carts"]["cart_event"]))
        yield _cart_table(told["carts"])
    yield from tell_stages(told.get("stages", {}))
    yield from _tell_doubts(told)


def _tell_block(block: Told, by: str | None) -> Iterator[Part]:
    """By month and cohort, or as they were asked to be told apart."""
    yield _figure_table(block)
    yield ""
    if by is not None:
        yield tell_groups(block, by)
        return
    yield _month_table(block["months"])
    if block["cohorts"]:
        yield ""
        yield _cohort_table(block["cohorts"])


def _figure_table(block: Told) -> Table:
    overall = block["overall"]
    counted: list[tuple[str, Cell]] = [
        (say("customers who ordered"), f"{overall['customers']:,}"),
        (say("orders"), f"{overall['orders']:,}"),
        (say("revenue"), write_money(overall["gross_revenue"])),
        (say("given back"), write_money(overall["refund_amount"])),
    ]
    figures = [
        (FIGURES[name].title, write_figure(value, FIGURES[name].unit))
        for name, value in block["figures"].items()
        if value is not None
    ]
    return Table((say("FIGURE"), say("VALUE")), [*counted, *figures, *_values(overall)])


def _values(overall: Told) -> Iterator[tuple[str, Cell]]:
    """The simple value of a customer for the years beyond the first, which is a figure."""
    for word, value in overall["clv_simple"].items():
        if value is not None and word != "1y":
            title = say("{title}, of {years} years", title=FIGURES["clv"].title, years=word[:-1])
            yield title, write_money(value)


def _share(value: float | None) -> str:
    return write_figure(value, Unit.SHARE)


def _month_table(months: Sequence[Told]) -> Table:
    head = (
        say("MONTH"), say("CUSTOMERS"), say("NEW"), say("ORDERS"), say("REVENUE"), say("NET"),
        say("AVERAGE ORDER"), say("KEPT"), say("LOST"), say("TO WIN"), say("COST OF IT"),
    )  # fmt: skip
    return Table(head, [_month_row(month) for month in months])


def _month_row(month: Told) -> list[Cell]:
    name = month["month"] if month["complete"] else f"{month['month']} …"
    held = month["base90"]
    return [
        name, month["active_customers"], month["new_customers"], month["orders"],
        *(write_money(month[name]) for name in ("gross_revenue", "net_revenue", "aov")),
        _share(held["crr_strict"]), _share(held["churn_strict"]),
        month["figures"]["customers_to_win"], write_money(month["figures"]["cost_of_churn"]),
    ]  # fmt: skip


def _cohort_table(cohorts: Told) -> Table:
    width = max(len(cohort["rate"]) for cohort in cohorts.values())
    head = [say("FIRST ORDER IN"), say("CUSTOMERS"), *(verbatim(f"+{k}") for k in range(1, width))]
    rows = [
        [month, cohort["size"], *(f"{rate:.0%}" for rate in cohort["rate"][1:])]
        for month, cohort in cohorts.items()
    ]
    return Table(head, [row + [""] * (len(head) - len(row)) for row in rows])


def _funnel_table(funnel: Told) -> Table:
    windows = funnel["windows"]
    head = [say("CUSTOMERS WHO DID"), *(verbatim(word) for word in windows), say("IN ANY ORDER")]
    rows = [
        [step, *(window["any_start"][place] for window in windows.values()), anyhow]
        for place, (step, anyhow) in enumerate(
            zip(funnel["steps"], funnel["unordered"], strict=True)
        )
    ]
    return Table(head, rows)


def _cart_table(carts: Told) -> Table:
    head = (
        say("LEFT FOR"), say("CART EVENTS"), say("LEFT"), say("EPISODES"), say("LEFT"), say("RATE"),
    )  # fmt: skip
    rows = [
        [
            word, carts["cart_events"], found["abandoned_events"], found["episodes"],
            found["abandoned_episodes"],
            _share(found["episode_abandonment_rate"]),
        ]
        for word, found in carts.items()
        if isinstance(found, dict)
    ]  # fmt: skip
    return Table(head, rows)


def _tell_doubts(told: Told) -> Iterator[Part]:
    if number := told["orders_and_refunds_without_total"]:
        yield Notice(
            say_number(
                "{number} order or refund names no readable total: it counts, and is worth nothing",
                "{number} orders and refunds name no readable total: they count, and are worth "
                "nothing",
                number,
            )
        )
    if number := sum(told["rejected_calls"].values()):
        yield Notice(
            say_number("{number} line was refused", "{number} lines were refused", number),
            apart=True,
        )
