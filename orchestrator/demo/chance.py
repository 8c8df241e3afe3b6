"""Chance that falls the same way every time: each decision has dice of its own, thrown by what it
is about.

So no decision depends on when or in which order the others were made.
"""

from __future__ import annotations

from hashlib import blake2b
from random import Random

SEED = "atelier-nord"


def dice(*about: str | int) -> Random:
    """Dice for one decision; the same words give the same throws on every machine."""
    key = "\x1f".join((SEED, *map(str, about))).encode()
    return Random(int.from_bytes(blake2b(key, digest_size=8).digest()))
