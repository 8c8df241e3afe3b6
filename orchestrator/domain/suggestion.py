"""What an author probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def closest(word: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known word most like a misspelt one; None when none is like it (`likeness` in 0..1, difflib's ratio)."""
    by_lower = {name.lower(): name for name in sorted(known)}
    close = get_close_matches(word.lower(), by_lower, n=1, cutoff=likeness)
    return by_lower[close[0]] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'x'?` for the closest known word, or "" when none is close."""
    near = closest(word, known)
    return f"; did you mean '{near}'?" if near else ""
