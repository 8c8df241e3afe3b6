"""Ports that no server or client of another test gets, though several processes run the tests side
by side.
"""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager

#: Below the ranges from which Linux and macOS choose a port for whoever asks for none.
CHOSEN_BY_HAND = range(20_000, 30_000)

_chance = random.Random(os.getpid())


@contextmanager
def closed_port() -> Iterator[int]:
    """A port where nobody listens, and nobody else can as long as the block lasts."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def server_port() -> int:
    """A free port for a server in a process of its own, which binds it seconds later, or comes back
    to it.
    """
    while True:
        port = _chance.choice(CHOSEN_BY_HAND)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
