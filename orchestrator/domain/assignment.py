"""Who gets which variant, and who is held out: decided by hash, so that the answer is the same
wherever it is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

#: The control group is a split of its own, under this step, into these two.
HOLDOUT, HELD_OUT, TREATED = "holdout", "held out", "treated"


def draw(journey: str, step: str, external_id: str) -> float:
    """A number in [0, 100) fixed for journey, step and customer (BLAKE2b, 64 bits)."""
    key = "\0".join((journey, step, external_id)).encode()
    return int.from_bytes(blake2b(key, digest_size=8).digest()) / 2**64 * 100


def choose(shares: Sequence[tuple[str, float]], journey: str, step: str, external_id: str) -> str:
    """The variant whose cumulative share, in written order, covers the customer's number. Shares
    are percent.
    """
    number, total = draw(journey, step, external_id), 0.0
    for name, share in shares:
        total += share
        if number < total:
            return name
    return shares[-1][0]  # shares that add up to 99.99… by rounding
