"""Experiments whose truth is known, looked at every day: how often the answer is wrong.

`python -m tests.support.experiment_simulation` prints the tables of docs/experiments.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from orchestrator.measure.experiments.intervals import careful_difference, newcombe, pooled_z
from orchestrator.measure.experiments.samples import Amounts, Sample, Share
from orchestrator.measure.experiments.sequential import always_valid

DAYS = 60
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shop:
    """`daily` customers come, `share` of them see the other variation; of the control's `rate` buy,
    of the other's `lift` more; what one spends is log-normal, as sums of money are.
    """

    rate: float
    lift: float = 0.0
    daily: int = 400
    share: float = 0.5
    is_money: bool = False

    @property
    def truth(self) -> float:
        return self.rate * self.lift * (np.exp(3.5 + 0.5) if self.is_money else 1)


@dataclass(slots=True)
class Seen:
    """What came of the runs: how many were sure at some day by the sequence and by the usual test, on
    which day on average, how many sequences held the truth on every day, and how many of Newcombe's
    intervals on the last.
    """

    runs: int
    sure: int = 0
    sure_by_one_look: int = 0
    held: int = 0
    held_at_the_end: int = 0
    days: int = 0


def simulate(shop: Shop, runs: int, seed: int = 1) -> Seen:
    chance, seen = np.random.default_rng(seed), Seen(runs)
    sizes = round(shop.daily * (1 - shop.share)), round(shop.daily * shop.share)
    rates = shop.rate, shop.rate * (1 + shop.lift)
    for _ in range(runs):
        sides = [list(_days(chance, n, rate, shop)) for n, rate in zip(sizes, rates, strict=True)]
        _look(seen, shop.truth, list(zip(*sides, strict=True)))
    return seen


def _days(
    chance: np.random.Generator, n: int, rate: float, shop: Shop
) -> Iterator[tuple[Share, Sample]]:
    """What is known of one side at the end of each day: how many bought, and what is judged."""
    bought: Counts = chance.binomial(n, rate, DAYS)
    amounts = chance.lognormal(3.5, 1, int(bought.sum()))
    days = np.repeat(np.arange(DAYS), bought)
    total = np.bincount(days, amounts, DAYS).cumsum()
    squares = np.bincount(days, amounts**2, DAYS).cumsum()
    for day, count in enumerate(bought.cumsum().tolist()):
        share = Share(n * (day + 1), count)
        yield (
            share,
            Amounts(share.n, float(total[day]), float(squares[day])) if shop.is_money else share,
        )


def _look(seen: Seen, truth: float, days: list[tuple[tuple[Share, Sample], ...]]) -> None:
    first, misled, held = None, False, True
    for day, ((bought, control), (others, other)) in enumerate(days, 1):
        found = careful_difference(control, other)
        always = always_valid(found, control.n + other.n) if found else None
        usual = pooled_z(bought, others)
        misled |= usual is not None and usual.p_value < 0.05
        if always is not None:
            low, high = always.interval
            first = day if first is None and not low <= 0 <= high else first
            held &= low <= truth <= high
    seen.sure += first is not None
    seen.days += first or 0
    seen.sure_by_one_look += misled
    seen.held += held
    interval = newcombe(days[-1][0][0], days[-1][1][0])
    seen.held_at_the_end += interval is not None and interval.low <= truth <= interval.high


def aa_rows(runs: int) -> Iterator[str]:
    yield "| what | shares | customers a day | false alarms, any time | false alarms, usual test |"
    yield "|---|---|---|---|---|"
    for is_money in (False, True):
        for rate in (0.01, 0.05, 0.3):
            for share in (0.5, 0.1):
                shop = Shop(rate, share=share, is_money=is_money)
                seen = simulate(shop, runs)
                what = "revenue, bought by" if is_money else "conversion,"
                yield (
                    f"| {what} {rate:.0%} | {1 - share:.0%} / {share:.0%} | {shop.daily} "
                    f"| {seen.sure / runs:.1%} | {'' if is_money else f'{seen.sure_by_one_look / runs:.1%}'} |"
                )


def ab_rows(runs: int) -> Iterator[str]:
    yield "| what | truth | found within 60 days | after, on average | held the truth on all days | Newcombe's at the end |"
    yield "|---|---|---|---|---|---|"
    for lift in (0.1, 0.2, 0.3, 0.5):
        seen = simulate(Shop(0.05, lift), runs)
        after = f"{seen.days / seen.sure:.0f} days" if seen.sure else ""
        yield (
            f"| conversion, 5% | {lift:+.0%} | {seen.sure / runs:.1%} | {after} "
            f"| {seen.held / runs:.1%} | {seen.held_at_the_end / runs:.1%} |"
        )


def tolerance(share: float, runs: int) -> float:
    """Three standard errors of a share that is counted in so many runs."""
    return 3 * sqrt(share * (1 - share) / runs)


if __name__ == "__main__":
    print("\n".join([*aa_rows(1000), "", *ab_rows(1000)]))
