"""What one rendering may spend: so that no template, and no customer's data, can hold up the
others.

Work is counted, not timed: a message never fails because the machine is busy, and always at the
same place.
"""

from __future__ import annotations

from datetime import datetime

from orchestrator.domain.phrase import say
from orchestrator.domain.values import TEXT_MAX

#: Steps of a rendering, each under some microseconds; the largest mail that ships takes about a
#: thousand.
WORK_MAX = 500_000
#: Characters that cost as much as a step: to copy, compare or escape them.
SIGNS_A_STEP = 128

NUMBERS = frozenset({int, float})
LIGHT = frozenset({int, float, bool, type(None), datetime})  # what takes no time to read

#: The name under which a context carries its budget; no template can spell it.
BUDGET = "_budget"


class TooMuch(Exception):
    """A template asks for more than a message may be or take; the text says what of, and nothing of
    anybody's data.
    """


class Budget:
    """The work that is left to one rendering."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = WORK_MAX

    def spend(self, steps: int) -> None:
        """Takes some steps; raises TooMuch when there are none left."""
        self.left -= steps
        if self.left < 0:
            raise TooMuch(
                say(
                    "it takes too much work: loops inside loops, very long texts, a macro "
                    "that calls itself?"
                )
            )

    def weigh(self, value: object) -> None:
        """Spends what it takes to read a value with all that it holds, before somebody does."""
        kind = type(value)
        if kind in LIGHT:
            return
        if isinstance(value, str):
            if len(value) >= SIGNS_A_STEP:
                self.spend(len(value) // SIGNS_A_STEP)
        elif isinstance(value, list | tuple | dict | range):
            self._weigh_all(value)

    def _weigh_all(self, value: object) -> None:
        waiting: list[object] = [value]
        while waiting:
            item = waiting.pop()
            if isinstance(item, str):
                self.spend(1 + len(item) // SIGNS_A_STEP)
            elif isinstance(item, list | tuple):
                self.spend(1 + len(item))
                waiting.extend(item)
            elif isinstance(item, range):
                self.spend(1 + len(item))
            elif isinstance(item, dict):
                self.spend(1 + len(item))
                waiting.extend(item.values())
                waiting.extend(item)


def check_size(size: float) -> None:
    """Raises TooMuch where a text would be longer than a message may be."""
    if size > TEXT_MAX:
        raise TooMuch(say("a text would be longer than 1 MB"))
