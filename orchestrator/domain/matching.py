"""What became of each step of a journey that was edited, so that the people on it keep their place.

Blocks are compared as a diff does: what is the same stays, and between two matched neighbours a
changed step is the only one of its kind there. Where several might be meant the author is asked
(`moved:`). An `id` that the author gave is the step's name for good: it is found wherever it stands
now, and never taken for a step of another given id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from orchestrator.domain.alignment import align
from orchestrator.domain.journey import Journey
from orchestrator.domain.step import Step, content_of


@dataclass(frozen=True, slots=True)
class Matching:
    """Old step id → new step id; of the `unchanged` ones nothing that decides how long they wait
    was edited. An `ambiguous` step has several successors to choose from; one that is nowhere here
    is gone."""

    moved: Mapping[str, str]
    unchanged: frozenset[str]
    ambiguous: Mapping[str, tuple[str, ...]]


def match_steps(old: Journey, new: Journey) -> Matching:
    """Where people on each step of `old` stand in `new`."""
    matcher = _Matcher(old, new)
    matcher.match_blocks(old.steps, new.steps)
    matcher.match_by_id()
    for was, now in set(new.moved) - set(old.moved):  # what the old text said already has been done
        if was in old.by_id:
            matcher.found[was] = now
            matcher.ambiguous.pop(was, None)
    unchanged = {
        was for was, now in matcher.found.items() if old.by_id[was].waits_like(new.by_id[now])
    }
    return Matching(matcher.found, frozenset(unchanged), matcher.ambiguous)


@dataclass(slots=True)
class _Matcher:
    old: Journey
    new: Journey
    found: dict[str, str] = field(default_factory=dict)
    ambiguous: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def match_blocks(self, old: Sequence[Step], new: Sequence[Step]) -> None:
        """Matches the steps of two blocks, and those inside them."""
        aligned = align(old, new, self._is_same, self._is_alike)
        for i, candidates in aligned.candidates.items():
            self.ambiguous[old[i].id] = tuple(new[j].id for j in candidates)
        for i, j in aligned.pairs.items():
            self._match(old[i], new[j])

    def _match(self, old: Step, new: Step) -> None:
        self.found[old.id] = new.id
        for before, after in old.pair_blocks(new):
            self.match_blocks(before, after)

    def match_by_id(self) -> None:
        """Takes the ids that the author gave, and those of steps that are the same but stand in
        another block now.
        """
        for name in self.old.given_ids & self.new.given_ids:
            self._match(self.old.by_id[name], self.new.by_id[name])
        taken = {*self.found.values()}
        for name in self.old.by_id.keys() - self.ambiguous.keys() - self.found.keys() - taken:
            if name in self.new.by_id and self._is_same(self.old.by_id[name], self.new.by_id[name]):
                self.found[name] = name

    def _is_same(self, old: Step, new: Step) -> bool:
        if self._is_named(old) or self._is_named(new):
            return old.id == new.id
        return bool(content_of(old) == content_of(new))

    def _is_alike(self, old: Step, new: Step) -> bool:
        """Whether the one may be what an edit made of the other."""
        if self._is_named(old) or self._is_named(new):
            return old.id == new.id
        renamed = old.id in self.old.given_ids and new.id in self.new.given_ids
        return old.is_like(new) and not renamed

    def _is_named(self, step: Step) -> bool:
        return step.id in self.old.given_ids and step.id in self.new.given_ids
