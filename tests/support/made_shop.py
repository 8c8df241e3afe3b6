"""Customers whose true parameters are known, made by chance from a seed, all at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from orchestrator.measure.predict.bg_nbd import BgNbd, Purchases
from orchestrator.measure.predict.fitting import Floats
from orchestrator.measure.predict.gamma_gamma import GammaGamma

_ORDERS_MAX = 400


@dataclass(frozen=True, slots=True)
class MadeShop:
    """What was seen of its customers, and what nobody sees: who is a customer still, and how often
    they ordered afterwards. `times` are their repeat orders since the first, NaN behind the last;
    `begun` when each first ordered."""

    purchases: Purchases
    alive: NDArray[np.bool_]
    later: Floats
    times: Floats
    begun: Floats


def make_shop(
    truth: BgNbd, *, customers: int, weeks: float, seed: int, ahead: float = 0.0
) -> MadeShop:
    """Customers who first order within the first half of some weeks, and are seen to their end."""
    chance = np.random.default_rng(seed)
    begun = chance.uniform(0, weeks / 2, customers)
    rate = chance.gamma(truth.r, 1 / truth.alpha, customers)
    leaves = chance.beta(truth.a, truth.b, customers)
    last = np.minimum(chance.geometric(np.maximum(leaves, 1e-9)), _ORDERS_MAX)
    waits = chance.exponential(1.0, (customers, _ORDERS_MAX // 4)) / rate[:, None]
    times = np.cumsum(waits, axis=1)
    times[np.arange(times.shape[1])[None, :] >= last[:, None]] = np.nan
    age = weeks - begun
    counts = np.sum(times <= age[:, None], axis=1).astype(float)
    seen = np.where(times <= age[:, None], times, 0.0)
    later = np.sum((times > age[:, None]) & (times <= age[:, None] + ahead), axis=1)
    return MadeShop(
        Purchases(counts, seen.max(axis=1), age), counts < last, later.astype(float), times, begun
    )


def make_amounts(truth: GammaGamma, repeats: Floats, seed: int) -> tuple[Floats, Floats]:
    """The mean amount that customers of so many repeat orders spent, and the one they spend."""
    chance = np.random.default_rng(seed)
    scale = chance.gamma(truth.q, 1 / truth.gamma, len(repeats))
    shape = np.maximum(truth.p * repeats, 1e-9)
    mean = chance.gamma(shape, 1.0) / scale / np.maximum(repeats, 1.0)
    return np.where(repeats > 0, mean, 0.0), truth.p / scale
