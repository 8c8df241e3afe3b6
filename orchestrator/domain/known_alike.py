"""Whether all members of an account know something already, asked of each call that says it: they
may be thousands, so what they know is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field

from orchestrator.domain.account import KnownAccount

#: An account, one of its traits and the value that a member knows.
Word = tuple[str, str, Hashable]


@dataclass(slots=True)
class KnownAlike:
    """What members know, counted by account and by word. `counted` is what was counted of each."""

    members: Counter[str] = field(default_factory=Counter)
    words: Counter[Word] = field(default_factory=Counter)
    counted: dict[Hashable, tuple[str, Mapping[str, object]]] = field(default_factory=dict)

    def count(self, member: Hashable, known: KnownAccount | None) -> None:
        """Counts a member anew, who may know something else by now."""
        now = ("", {}) if known is None or not known.id else (known.id, known.traits)
        before = self.counted.get(member, ("", {}))
        if now != before:
            self._add(*before, -1)
            self._add(*now, 1)
            self.counted[member] = now[0], dict(now[1])

    def all_know(self, account: str, said: Mapping[str, object]) -> bool:
        """Whether it is news to no member; False where that cannot be told by counting."""
        members = self.members[account]
        return all(self.words[word] == members for word in _words(account, said))

    def _add(self, account: str, traits: Mapping[str, object], how_many: int) -> None:
        if account:
            self.members[account] += how_many
            for word in _words(account, traits):
                self.words[word] += how_many


def _words(account: str, said: Mapping[str, object]) -> Iterator[Word]:
    for name, value in said.items():
        # of equal maps one may be written otherwise: then it is not told by counting
        yield account, name, value if isinstance(value, Hashable) else (type(value), repr(value))
