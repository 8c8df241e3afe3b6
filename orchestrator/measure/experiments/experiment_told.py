"""An experiment told in plain words and tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

from orchestrator.domain.answer import Cell, Heading, Notice, Part, Table
from orchestrator.domain.phrase import say, say_number
from orchestrator.measure.experiments.intervals import Interval
from orchestrator.measure.experiments.verdict import (
    Comparison,
    Conclusion,
    Judged,
    RevenueTold,
    Still,
    VariationTold,
)


def tell(judged: Judged, currency: str | None) -> Iterator[Part]:
    """One experiment: what came of it, its variations, and each against the baseline."""
    yield Heading(judged.experiment_id)
    yield _conclusion(judged)
    if judged.customers:
        yield _variations(judged.variations, currency)
    if judged.comparisons:
        yield _comparisons(judged.comparisons)
    if any(one.revenue for one in judged.comparisons):
        yield _revenues(judged.comparisons, currency)
    yield from _plan(judged)


def _conclusion(judged: Judged) -> Part:
    match judged.conclusion:
        case Conclusion.EMPTY:
            return say("Nobody has come to it yet.")
        case Conclusion.BROKEN:
            return Notice(_mismatch(judged), "error")
        case Conclusion.DECIDED if judged.winner == judged.baseline:
            return say("{winner} is better than all others.", winner=judged.winner)
        case Conclusion.DECIDED:
            return say(
                "{winner} is better than {baseline}.",
                winner=judged.winner,
                baseline=judged.baseline,
            )
    return say("Nothing is sure yet: any difference may be chance.")


def _mismatch(judged: Judged) -> str:
    ratio = judged.sample_ratio
    return say(
        "the numbers of customers do not fit the shares, which chance explains {p} of the time: "
        "something between the draw and the count is broken, so believe no result",
        p=_p_value(ratio.p_value if ratio else 1.0),
    )


def _variations(told: Sequence[VariationTold], currency: str | None) -> Table:
    has_money = any(one.revenue is not None for one in told)
    head: list[str] = [say("VARIATION"), say("SHARE"), say("CUSTOMERS"), say("CONVERTED")]
    head += [say("RATE"), say("95% INTERVAL")]
    if has_money:
        head.append(say("EACH BROUGHT ({currency})", currency=currency or "?"))
    rows: list[list[Cell]] = []
    for one in told:
        row: list[Cell] = [one.variation_id, _percent(one.share), one.customers, one.conversions]
        row += [_percent(one.conversion_rate), _percents(one.rate_interval)]
        rows.append([*row, _money(one.revenue_per_customer)] if has_money else row)
    return Table(head, rows)


def _comparisons(told: Sequence[Comparison]) -> Table:
    head = [say("CONVERSION"), say("DIFFERENCE"), say("RELATIVE")]
    head += [say("LOOKED AT ANY TIME"), say("P"), say("LOOKED AT ONCE"), say("P")]
    rows = [
        (
            _against(one),
            _points(one.conversion.difference),
            _relative(one.conversion.relative),
            _all_points(one.conversion.anytime.interval if one.conversion.anytime else None),
            _p_value(one.conversion.p_holm),
            _all_points(one.conversion.newcombe),
            _p_value(one.conversion.p_value),
        )
        for one in told
    ]
    return Table(head, rows)


def _revenues(told: Sequence[Comparison], currency: str | None) -> Table:
    head = [say("REVENUE ({currency})", currency=currency or "?"), say("DIFFERENCE")]
    head += [say("RELATIVE"), say("LOOKED AT ANY TIME"), say("P")]
    head += [say("LOOKED AT ONCE"), say("P")]
    rows: list[tuple[Cell, ...]] = []
    for one in told:
        if one.revenue is not None:
            rows.append((_against(one), *_revenue(one.revenue)))
            if (less := one.revenue.cuped) is not None:
                label = say("  without what was spent before")
                adjusted = RevenueTold(less.difference, None, less.welch, less.anytime, None)
                rows.append((label, *_revenue(adjusted)))
    return Table(head, rows)


def _revenue(told: RevenueTold) -> tuple[Cell, ...]:
    welch, always = told.welch, told.anytime
    return (
        _signed(told.difference),
        _relative(told.relative),
        _all_signed(always.interval if always else None),
        _p_value(always.p_value if always else None),
        _all_signed(welch.interval if welch else None),
        _p_value(welch.p_value if welch else None),
    )


def _plan(judged: Judged) -> Iterator[Part]:
    if judged.smallest_effect is not None:
        yield say(
            "By now a difference of {effect} points is found in four of five tests.",
            effect=f"{judged.smallest_effect * 100:.2f}",
        )
    if judged.still is not None and judged.conclusion is not Conclusion.DECIDED:
        yield _still(judged.still)


def _still(still: Still) -> str:
    if still.customers is None:
        return say(
            "An effect of {effect} is too small to be found.", effect=_relative(still.effect)
        )
    told = say_number(
        "To find an effect of {effect} needs {number:,} customer of both sides",
        "To find an effect of {effect} needs {number:,} customers of both sides",
        still.customers,
        effect=_relative(still.effect),
    )
    if still.days is None:
        return say("{needs}; how many come in a day is not known yet.", needs=told)
    if not still.days:
        return say("{needs}, which is reached.", needs=told)
    days = say_number("{number:,} day", "{number:,} days", ceil(still.days))
    return say("{needs}: {days} more as things go.", needs=told, days=days)


# ---------------------------------------------------------------- cells


def _against(one: Comparison) -> str:
    return say("{other} against {base}", other=one.variation_id, base=one.baseline)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.2%}"


def _percents(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.low:.2%} … {interval.high:.2%}"


def _relative(value: float | None) -> str:
    return "" if value is None else f"{value:+.1%}"


def _points(value: float) -> str:
    return f"{value * 100:+.2f}"


def _all_points(interval: Interval | None) -> str:
    return "" if interval is None else f"{_points(interval.low)} … {_points(interval.high)}"


def _money(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}"


def _signed(value: float) -> str:
    return f"{value:+,.2f}"


def _all_signed(interval: Interval | None) -> str:
    return "" if interval is None else f"{_signed(interval.low)} … {_signed(interval.high)}"


def _p_value(value: float | None) -> str:
    if value is None:
        return ""
    return "<0.0001" if value < 0.0001 else f"{value:.4f}"
