"""Figures as people read them."""

from __future__ import annotations

from orchestrator.measure.figures.figure import Unit


def write_figure(value: float | int | None, unit: Unit) -> str:
    """A figure in its unit; a dash where there is none."""
    if value is None:
        return "-"
    match unit:
        case Unit.MONEY:
            return write_money(value)
        case Unit.SHARE:
            return f"{value:.1%}"
        case Unit.TIMES:
            return f"{value:,.2f}"
        case Unit.DAYS | Unit.SCORE:
            return f"{value:,.1f}"
        case Unit.COUNT:
            return f"{value:,.0f}"


def write_money(value: float | None) -> str:
    """An amount to the cent, without its currency."""
    return "-" if value is None else f"{value:,.2f}"
