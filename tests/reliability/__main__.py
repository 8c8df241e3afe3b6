"""`make reliability`: what Parcours does in bad hours, measured. `python -m tests.reliability kills | fuzz [--write]`.

Each sub-command is a module beside this one with a `main(arguments)`.
"""

from __future__ import annotations

import importlib
import sys
from importlib.util import find_spec

NAMES = ("kills", "fuzz")


def main(arguments: list[str]) -> None:
    """Runs the sub-command that is named, or all there are."""
    chosen = [name for name in arguments if name in NAMES] or list(NAMES)
    others = [argument for argument in arguments if argument not in NAMES]
    for name in chosen:
        if find_spec(f"tests.reliability.{name}") is not None:
            importlib.import_module(f"tests.reliability.{name}").main(others)


if __name__ == "__main__":
    main(sys.argv[1:])
