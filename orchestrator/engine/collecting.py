"""When garbage is collected: not amid a batch, and nothing of what is there for good."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def collecting_afterwards(phase: Callable[P, T]) -> Callable[P, T]:
    """Puts off the collector until a batch is done. A batch makes some ten thousand objects and no
    circles: looking through all of them, again and again, costs a fifth of its time.
    """

    @wraps(phase)
    def run(*arguments: P.args, **named: P.kwargs) -> T:
        was_enabled = gc.isenabled()
        gc.disable()
        try:
            return phase(*arguments, **named)
        finally:
            if was_enabled:
                gc.enable()

    return run


@contextmanager
def passing_over_what_is_loaded() -> Iterator[None]:
    """For work that ends: meanwhile the collector looks only through what the work makes, for a
    look through a whole loaded project takes as long as a hundred messages.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def keep_for_good() -> None:
    """Says, once a process has loaded all it needs, that the collector need not look through that
    any more. Nor does it write into the pages that processes for delivery share with this one.
    """
    gc.collect()
    gc.freeze()
