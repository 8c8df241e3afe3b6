"""What an author probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

from orchestrator.domain.phrase import Phrase, say


def closest(word: str, known: Iterable[str], likeness: float = 0.7) -> str | None:
    """The known word most like a misspelt one; None when none is like it (`likeness` in 0..1,
    difflib's ratio).

    Few people mistype the first letter: a word that begins otherwise must be much more alike.
    """
    by_lower = {name.lower(): name for name in sorted(known)}
    for (
        name
    ) in by_lower:  # two letters that changed places: difflib thinks little of it in a short word
        if name[:1] == word[:1].lower() and sorted(name) == sorted(word.lower()):
            return by_lower[name]
    for near in get_close_matches(word.lower(), by_lower, n=3, cutoff=likeness):
        if _says_another_thing(word.lower(), near):
            continue
        if (
            near[:1] == word[:1].lower()
            or SequenceMatcher(None, near, word.lower()).ratio() >= 0.85
        ):
            return by_lower[near]
    return None


def _says_another_thing(word: str, near: str) -> bool:
    """Whether two names of several words differ by a word rather than by its letters: who writes
    `Form Submitted` did not mean `Form Started`.
    """
    pairs = list(zip(word.split(), near.split(), strict=False))
    is_named_alike = len(word.split()) == len(near.split()) > 1
    return is_named_alike and any(
        SequenceMatcher(None, one, other).ratio() < 0.65 for one, other in pairs
    )


def did_you_mean(word: str, known: Iterable[str]) -> Phrase:
    """`; did you mean 'x'?` for the closest known word, or "" when none is close."""
    near = closest(word, known)
    return say("; did you mean '{near}'?", near=near) if near else say("")
