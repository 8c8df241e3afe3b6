"""On how many examples a property is tried: on a third in `make test`, on a tenth in `make quick`, on
all of them in `make thorough`. They are others each time, so that many short runs find what one long
run does.
"""

from __future__ import annotations

import os

QUICK, THOROUGH = "QUICK_TESTS", "THOROUGH_TESTS"


def examples(count: int) -> int:
    """`count`, or as much of it as the environment asks for."""
    if os.environ.get(THOROUGH):
        return count
    return max(count // (10 if os.environ.get(QUICK) else 3), 10)
