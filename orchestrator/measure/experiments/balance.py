"""Whether each variation has as many customers as it should: where not, something between the draw
and the count is broken, and no result can be believed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: A mismatch is said below this: looked at every day, a usual 5 % would cry wolf.
MISMATCH = 0.001


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """The chi-square test of how many came against how many were expected."""

    chi_square: float
    degrees: int
    p_value: float

    @property
    def is_mismatch(self) -> bool:
        """Whether chance cannot explain it."""
        return self.p_value < MISMATCH


def sample_ratio(counted: Sequence[int], shares: Sequence[float]) -> SampleRatio | None:
    """Compares counts with their shares, of whatever sum. What has no share is left out; None where
    nothing is left to compare.
    """
    from scipy.special import chdtrc

    pairs = [(count, share) for count, share in zip(counted, shares, strict=True) if share > 0]
    total, whole = sum(count for count, _ in pairs), sum(share for _, share in pairs)
    if total == 0 or len(pairs) < 2:
        return None
    wanted = [share / whole * total for _, share in pairs]
    off = sum((count - due) ** 2 / due for (count, _), due in zip(pairs, wanted, strict=True))
    return SampleRatio(off, len(pairs) - 1, float(chdtrc(len(pairs) - 1, off)))
