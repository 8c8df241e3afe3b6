"""What of accounts a project asks for: nothing, in most, which then costs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from orchestrator.domain.expression import Expr, Name, walk
from orchestrator.domain.journey import Journey, Occasion
from orchestrator.domain.value_class import value_class
from orchestrator.domain.watches import INSIDE, SEGMENT, STAGE


@value_class
class AccountUse:
    """Whether anything reads accounts; which events of a member their colleagues hear of, and which
    changes: each with its watch's kind and name, and the answer.
    """

    are_used: bool = False
    events: frozenset[str] = frozenset()
    changes: frozenset[tuple[str, str, str | None]] = frozenset()

    @property
    def marks(self) -> tuple[str, ...]:
        """What tells a version of the rules that asks for accounts from one that does not."""
        return ("accounts",) if self.are_used else ()


def find_account_use(journeys: Iterable[Journey], trees: Iterable[Expr]) -> AccountUse:
    """Looks through journeys and expressions."""
    known = list(journeys)
    rules = [rule for journey in known for rule in _rules(journey)]
    reads = any(part == Name("account") for tree in trees for part in walk(tree))
    return AccountUse(
        reads or bool(rules) or any(journey.one_per_account for journey in known),
        frozenset(rule.event for rule in rules if rule.event is not None),
        frozenset(change for rule in rules for change in _changes(rule)),
    )


def _rules(journey: Journey) -> list[Occasion]:
    goal = [] if journey.goal is None else [journey.goal]
    return [rule for rule in (*journey.exits, *goal) if rule.of_account]


def _changes(rule: Occasion) -> Iterator[tuple[str, str, str | None]]:
    if rule.stage is not None:
        yield STAGE, "", rule.stage
    if rule.segment is not None:
        yield SEGMENT, rule.segment, INSIDE
