"""What a rule of `parcours check` is: a function with a name that yields what it finds, and where.

A rule is registered with others that look at the same thing (`Rules`). Its name is the code of its
findings, for machines and for comments that ignore them; its `why` says what would happen to
whoever does not mend them, its `mend` how to. docs/rules.md lists them all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from orchestrator.domain.errors import Problem, in_one_line
from orchestrator.domain.phrase import Phrase

ERROR, ADVICE = "error", "warning"

Spot = tuple[str, int, int]  # file, line and column
Finding = tuple[Spot, Phrase]  # where it stands, and what to do

Looked = TypeVar("Looked")
Look = Callable[[Looked], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class RuleTold:
    """What is told of a rule. Findings of severity ERROR mean that nothing runs."""

    name: str
    why: str
    mend: str
    severity: str = ADVICE


@dataclass(frozen=True, slots=True)
class Rule(RuleTold, Generic[Looked]):
    """One rule, and what finds its findings."""

    look: Look[Looked] = field(kw_only=True)

    def ask(self, looked: Looked) -> Iterator[Problem]:
        """Every finding as a problem that carries the rule's name."""
        for (file, line, column), message in self.look(looked):
            yield Problem(file, line, column, in_one_line(message), self.severity, self.name)


@dataclass(frozen=True, slots=True)
class Rules(Generic[Looked]):
    """The rules that look at one thing."""

    all: list[Rule[Looked]] = field(default_factory=list)

    def rule(
        self, name: str, *, why: str, mend: str, severity: str = ADVICE
    ) -> Callable[[Look[Looked]], Look[Looked]]:
        """Registers a function as a rule."""

        def register(look: Look[Looked]) -> Look[Looked]:
            self.all.append(Rule(name, why, mend, severity, look=look))
            return look

        return register

    def ask(self, looked: Looked) -> Iterator[Problem]:
        """What all of them find."""
        for one in self.all:
            yield from one.ask(looked)
