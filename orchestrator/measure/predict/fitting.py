"""The parameters under which what was seen is likeliest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Truths = NDArray[np.bool_]
#: The log-likelihood at some parameters, and its slope in each.
Likelihood = Callable[[Floats], tuple[float, Floats]]

#: How far the logarithm of a parameter may go from its start, a factor of 1,100. Where customers
#: are all alike (one price, one rhythm, nobody ever leaves), the likeliest parameters are infinite;
#: so far on the way to there, what they foretell is the same.
_BOUND = 7.0


def fit(likelihood: Likelihood, start: Floats, weight: float) -> Floats | None:
    """The positive parameters of the greatest likelihood, sought by their logarithms; None where
    it has none. `weight` is the number of customers, which makes the likelihood one of a customer,
    so that what counts as level does not depend on their number.
    """

    def loss(logs: Floats) -> tuple[float, Floats]:
        parameters = np.exp(logs)
        height, slope = likelihood(parameters)
        return -height / weight, -slope * parameters / weight

    begin = np.log(start)
    found = minimize(
        loss,
        begin,
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(begin - _BOUND, begin + _BOUND, strict=True)),
        options={"maxiter": 1000, "ftol": 1e-13, "gtol": 1e-8},
    )
    logs: Floats = found.x
    return np.exp(logs) if np.isfinite(found.fun) and np.all(np.isfinite(logs)) else None
