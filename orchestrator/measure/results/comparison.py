"""The messaged against the control group: what a journey caused, with its interval."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from orchestrator.measure.experiments.intervals import Interval, newcombe, welch
from orchestrator.measure.experiments.samples import Amounts, Share
from orchestrator.measure.figures.figure import Number
from orchestrator.measure.figures.result_figures import incremental, uplift


@dataclass(frozen=True, slots=True)
class Uplift:
    """A share, or an amount a head, of the treated and of the control group; what the treatment
    adds to it, and to all of the treated together. None where there is nothing to compare with.
    """

    treated: int
    control: int
    of_treated: float | None
    of_control: float | None
    difference: float | None
    interval: Interval | None
    incremental: float | None


def compare_shares(treated: Share, control: Share) -> Uplift:
    """Of how many more it is true, by Newcombe's interval."""
    counted = treated.successes, treated.n, control.successes, control.n
    return _compared(treated, control, newcombe(control, treated), counted)


def compare_amounts(treated: Amounts, control: Amounts) -> Uplift:
    """How much more each brings, by Welch's interval."""
    found = welch(control, treated)
    counted = _exact(treated.total), treated.n, _exact(control.total), control.n
    return _compared(treated, control, found.interval if found else None, counted)


def _exact(amount: float) -> Decimal:
    """Money whose cents are right, whatever the sum left behind them."""
    return Decimal(str(round(amount, 6)))


def _compared(
    treated: Share | Amounts,
    control: Share | Amounts,
    interval: Interval | None,
    counted: tuple[Number, int, Number, int],
) -> Uplift:
    difference, more = uplift(*counted), incremental(*counted)
    return Uplift(
        treated.n,
        control.n,
        treated.mean if treated.n else None,
        control.mean if control.n else None,
        None if difference is None else float(difference),
        interval,
        None if more is None else float(more),
    )
