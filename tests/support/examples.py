"""How many examples a property is tried on: all of them, or a tenth for `make quick`."""

from __future__ import annotations

import os

QUICK = "QUICK_TESTS"


def examples(count: int) -> int:
    """`count`, or a tenth of it where the environment asks for a quick answer."""
    return max(count // 10, 10) if os.environ.get(QUICK) else count
