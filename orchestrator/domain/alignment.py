"""Two lists compared as a diff does: which element of the one is which of the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Alignment:
    """Positions in the old list → positions in the new one; `candidates` where several are left to
    choose from.
    """

    pairs: dict[int, int] = field(default_factory=dict)
    candidates: dict[int, tuple[int, ...]] = field(default_factory=dict)


def align(
    old: Sequence[T],
    new: Sequence[T],
    is_same: Callable[[T, T], bool],
    is_alike: Callable[[T, T], bool],
) -> Alignment:
    """Matches what is the same, in order and as much of it as possible, from the front where there
    is a choice; then, between two matched neighbours, what is the only one alike."""
    same = [[is_same(before, after) for after in new] for before in old]
    behind = _common_behind(same, len(old), len(new))
    aligned = Alignment(dict(_walk_common(same, behind)))
    for i, j in _elsewhere(same, behind, aligned.pairs).items():
        aligned.pairs[i] = j
    matched = [(-1, -1), *_walk_common(same, behind), (len(old), len(new))]
    taken = set(aligned.pairs.values())
    for (i, j), (i_end, j_end) in pairwise(matched):
        left = [k for k in range(i + 1, i_end) if k not in aligned.pairs]
        right = [k for k in range(j + 1, j_end) if k not in taken]
        _match_gap(aligned, left, right, lambda a, b: is_alike(old[a], new[b]))
    return aligned


def _common_behind(same: Sequence[Sequence[bool]], rows: int, columns: int) -> list[list[int]]:
    """How much two lists have in common from each pair of positions on."""
    behind = [[0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        for j in range(columns - 1, -1, -1):
            longest = max(behind[i + 1][j], behind[i][j + 1])
            behind[i][j] = max(longest, 1 + behind[i + 1][j + 1]) if same[i][j] else longest
    return behind


def _walk_common(
    same: Sequence[Sequence[bool]], behind: Sequence[Sequence[int]]
) -> Iterable[tuple[int, int]]:
    """The longest common part; of several the one that matches most from the front."""
    i = j = 0
    while i < len(same) and j < len(same[i]):
        if same[i][j] and behind[i][j] == 1 + behind[i + 1][j + 1]:
            yield i, j
            i, j = i + 1, j + 1
        elif behind[i][j] == behind[i][j + 1]:
            j += 1
        else:
            i += 1


def _elsewhere(
    same: Sequence[Sequence[bool]], behind: Sequence[Sequence[int]], pairs: dict[int, int]
) -> dict[int, int]:
    """What another common part, as long as the one that was taken, has at a single place."""
    rows, columns = len(same), len(behind[0]) - 1
    reverse = [[same[rows - 1 - i][columns - 1 - j] for j in range(columns)] for i in range(rows)]
    before = _common_behind(reverse, rows, columns)
    found = {}
    for i in range(rows):
        places = [
            j
            for j in range(columns)
            if same[i][j]
            and before[rows - i][columns - j] + 1 + behind[i + 1][j + 1] == behind[0][0]
        ]
        if i not in pairs and len(places) == 1:
            found[i] = places[0]
    return found


def _match_gap(
    aligned: Alignment, old: list[int], new: list[int], is_alike: Callable[[int, int], bool]
) -> None:
    """Matches within a gap what has nothing else like it there, and again between what was
    matched.
    """
    candidates = {i: [j for j in new if is_alike(i, j)] for i in old}
    only = {i: js[0] for i, js in candidates.items() if len(js) == 1}
    pairs = {i: j for i, j in only.items() if sum(j in js for js in candidates.values()) == 1}
    aligned.pairs.update(pairs)
    places = sorted(pairs.items())
    if not places or any(
        j > j_next for (_, j), (_, j_next) in pairwise(places)
    ):  # none, or some changed places
        rest = {i: tuple(js) for i, js in candidates.items() if js and i not in pairs}
        aligned.candidates.update(rest)
        return
    for (i, j), (i_end, j_end) in pairwise([(-1, -1), *places, (max(old) + 1, max(new) + 1)]):
        _match_gap(
            aligned, [k for k in old if i < k < i_end], [k for k in new if j < k < j_end], is_alike
        )
