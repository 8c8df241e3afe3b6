"""What came of time lines, counted for the report of a tick."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.domain.effects import Decision, DecisionKind
from orchestrator.domain.state import Status
from orchestrator.domain.steps.message_step import QueueMessage
from orchestrator.engine.report import TickReport
from orchestrator.store.line_saving import RunOutcome


def count_effects(report: TickReport, runs: Sequence[RunOutcome]) -> None:
    """Counts what came of some lines, by journey."""
    for done in runs:
        for effect in done.effects:
            if isinstance(effect, Decision):
                if effect.journey and (what := _counted_as(effect)) is not None:
                    report.journey(effect.journey).count(what)
            elif isinstance(effect, QueueMessage):
                report.journey(effect.enrollment.journey).queued += 1


#: The tally in which a decision counts; the others are not counted.
_COUNTED_AS = {
    DecisionKind.ENTERED: "entered",
    DecisionKind.DEFERRED: "deferred",
    DecisionKind.NOT_SENT: "not_sent",
    DecisionKind.EXPIRED: "not_sent",
    DecisionKind.CONVERTED: "converted",
    DecisionKind.LEFT: "exited",
}


def _counted_as(decision: Decision) -> str | None:
    what = _COUNTED_AS.get(decision.kind)
    is_end = what == "exited" and decision.detail.get("status") == Status.COMPLETED
    return "completed" if is_end else what
