"""`[never]`: rules while one of which holds no marketing leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from orchestrator.domain.expression import Condition, Scope
from orchestrator.domain.instants import Candidates
from orchestrator.domain.lifecycle import Lifecycle, Stage
from orchestrator.domain.stage_rules import StageRules, rules_by_stage
from orchestrator.domain.state import CustomerState


@dataclass(frozen=True, slots=True)
class NeverRule:
    """One of them, and when time alone may change its answer."""

    condition: Condition
    reads: StageRules

    @staticmethod
    def of(
        condition: Condition, candidates: tuple[Candidates, ...], lifecycle: Lifecycle
    ) -> NeverRule:
        """The rule over the facts and segments of a lifecycle."""
        alone = Lifecycle(
            facts=lifecycle.facts,
            stages=(Stage("never", condition, candidates),),
            segments=lifecycle.segments,
        )
        return NeverRule(condition, rules_by_stage(alone)[None])

    def next_change(self, scope: Scope, state: CustomerState) -> datetime | None:
        """When time alone may change the answer next; None: never."""
        return min((at for at in self._candidates(scope, state) if at > scope.now), default=None)

    def _candidates(self, scope: Scope, state: CustomerState) -> Iterator[datetime]:
        for candidates in self.reads.candidates:
            yield from candidates(scope)
        for fact, within in self.reads.windows:
            yield from (at + within for at in state.first_within(fact, scope.now))


def first_that_holds(rules: Iterable[NeverRule], scope: Scope) -> NeverRule | None:
    """The first of the rules that holds now; None: marketing may leave."""
    return next((rule for rule in rules if rule.condition.test(scope)), None)
