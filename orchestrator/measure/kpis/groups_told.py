"""Key figures that are told apart, and stages, in tables for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from orchestrator.domain.answer import Cell, Heading, Part, Table
from orchestrator.domain.phrase import Phrase, say, verbatim
from orchestrator.measure.figures import FIGURES
from orchestrator.measure.figures.figure import Unit
from orchestrator.measure.kpis.numbers import By
from orchestrator.measure.kpis.written import write_figure, write_money

Told = Mapping[str, Any]

_HEADS: Mapping[By, Phrase] = {
    By.MONTH: say("MONTH"),
    By.STAGE: say("STAGE"),
    By.JOURNEY: say("JOURNEY"),
    By.CHANNEL: say("CHANNEL"),
    By.SEGMENT: say("SEGMENT"),
}


def tell_groups(block: Told, by: str) -> Table:
    """A column for each group and a row for each figure that any of them has."""
    groups = block["months"] if by == By.MONTH else block["groups"]
    names = [group["month"] if by == By.MONTH else group["group"] for group in groups]
    head = (_HEADS[By(by)], *(verbatim(name) for name in names))
    figures = [
        name for name in FIGURES if any(group["figures"].get(name) is not None for group in groups)
    ]
    rows: list[list[Cell]] = [*_counted(groups)]
    rows += [[FIGURES[name].title, *(_cell(group, name) for group in groups)] for name in figures]
    return Table(head, rows)


def _counted(groups: Sequence[Told]) -> Iterator[list[Cell]]:
    if any(group.get("orders") is not None for group in groups):
        yield [say("new customers"), *(_count(group.get("new_customers")) for group in groups)]
        yield [say("orders"), *(_count(group.get("orders")) for group in groups)]
        yield [say("revenue"), *(write_money(group.get("gross_revenue")) for group in groups)]
    if any(group.get("messages") for group in groups):
        yield [say("messages that left"), *(_count(group.get("messages")) for group in groups)]


def _count(number: int | None) -> str:
    return write_figure(number, Unit.COUNT)


def _cell(group: Told, name: str) -> str:
    return write_figure(group["figures"].get(name), FIGURES[name].unit)


def tell_stages(stages: Told) -> Iterator[Part]:
    """Who moved from which stage to which, and how long people stayed."""
    if not stages or not stages["flow"]:
        return
    yield ""
    yield Heading(say("Stages"))
    yield Table(
        (say("FROM"), say("TO"), say("CUSTOMERS")),
        [[one["from"], one["to"], one["customers"]] for one in stages["flow"]],
    )
    yield ""
    yield Table(
        (say("STAGE"), say("IN IT AT THE END"), say("LEFT IT"), say("DAYS"), say("MEDIAN")),
        [
            [
                one["stage"], one["customers"], one["ended"],
                write_figure(one["days_mean"], Unit.DAYS),
                write_figure(one["days_median"], Unit.DAYS),
            ]
            for one in stages["stays"]
        ],
    )  # fmt: skip
