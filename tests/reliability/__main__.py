"""`python -m tests.reliability kills | fuzz`: what Parcours withstands, as tables for
docs/reliability.md.

Each sub-command is a module of this folder with `add_options(parser)` and `run(options)`, which
prints its table and returns the exit status: 0 when nothing fell short.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from importlib import import_module

COMMANDS = ("kills", "fuzz")


def main() -> int:
    """Runs the sub-command that is named; only its module is imported."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    parser = ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    if wanted not in COMMANDS:
        parser.error(f"say one of {', '.join(COMMANDS)}")
    command = import_module(f"tests.reliability.{wanted}")
    command.add_options(parser)
    return int(command.run(parser.parse_args(sys.argv[2:])))


if __name__ == "__main__":
    sys.exit(main())
