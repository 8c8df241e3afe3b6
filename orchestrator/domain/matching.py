"""What became of each step of a journey that was edited, so that the people on it keep their place.

Blocks are compared as a diff does: what is the same stays, and between two matched neighbours a
changed step is the only one of its kind there. Where several might be meant the author is asked
(`moved:`). An `id` that the author gave is the step's name for good: it is found wherever it stands
now, and never taken for a step of another given id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from orchestrator.domain.alignment import align
from orchestrator.domain.journey import Arm, Branch, Journey, Message, Split, Step, Variant, WaitFor


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
        was for was, now in matcher.found.items() if _waits_alike(old.by_id[was], new.by_id[now])
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
        for before, after in _pair_blocks(old, new):
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
        return bool(_content(old) == _content(new))

    def _is_alike(self, old: Step, new: Step) -> bool:
        """Whether the one may be what an edit made of the other."""
        if self._is_named(old) or self._is_named(new):
            return old.id == new.id
        renamed = old.id in self.old.given_ids and new.id in self.new.given_ids
        return _kind(old) == _kind(new) and not renamed

    def _is_named(self, step: Step) -> bool:
        return step.id in self.old.given_ids and step.id in self.new.given_ids


def _kind(step: Step) -> Any:
    return step.medium if isinstance(step, Message) else type(step)


def _content(part: Any) -> Any:
    """A step without the ids of itself and of what is inside."""
    if isinstance(part, tuple):
        return tuple(_content(item) for item in part)
    if isinstance(part, Arm | Variant) or (is_dataclass(part) and hasattr(part, "id")):
        return type(part), tuple(
            _content(getattr(part, f.name)) for f in fields(part) if f.name != "id"
        )
    return part


def _waits_alike(old: Step, new: Step) -> bool:
    if isinstance(old, WaitFor) and isinstance(new, WaitFor):
        return old.within == new.within
    if isinstance(old, Branch | Split | Message):
        return type(old) is type(new)
    return bool(_content(old) == _content(new))


def _pair_blocks(old: Step, new: Step) -> Iterable[tuple[tuple[Step, ...], tuple[Step, ...]]]:
    """The blocks inside two matched steps that belong together."""
    match old, new:
        case WaitFor(), WaitFor():
            return [(old.then, new.then), (old.otherwise, new.otherwise)]
        case Branch(), Branch():
            arms = align(old.arms, new.arms, _asks_the_same, _both_ask)
            return [(old.arms[i].then, new.arms[j].then) for i, j in arms.pairs.items()]
        case Split(), Split():
            ways = align(
                old.variants, new.variants, lambda a, b: a.name == b.name, lambda a, b: True
            )
            return [(old.variants[i].then, new.variants[j].then) for i, j in ways.pairs.items()]
    return []


def _asks_the_same(old: Arm, new: Arm) -> bool:
    return old.condition == new.condition


def _both_ask(old: Arm, new: Arm) -> bool:
    return (old.condition is None) == (new.condition is None)
