"""What came of time lines, counted for the report of a tick."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from orchestrator.domain.effects import Decision, DecisionKind
from orchestrator.domain.state import Status
from orchestrator.domain.steps.message_step import QueueMessage
from orchestrator.engine.report import TickReport
from orchestrator.store.line_saving import RunOutcome


def reached_goals(runs: Sequence[RunOutcome]) -> list[int]:
    """The enrollments that reached their goal, by id, without those of a control group."""
    return [
        effect.enrollment.id
        for effect in _decisions(runs)
        if effect.kind is DecisionKind.CONVERTED
        and effect.enrollment is not None
        and effect.enrollment.id is not None
        and not effect.enrollment.held_out
    ]


def _decisions(runs: Sequence[RunOutcome]) -> Iterator[Decision]:
    return (one for done in runs for one in done.effects if isinstance(one, Decision))


def count_effects(
    report: TickReport, runs: Sequence[RunOutcome], converted: Collection[int]
) -> None:
    """Counts what came of some lines, by journey; `converted` are the enrollments that reached
    their goal after a message: nobody else's conversion is the journey's merit.
    """
    for done in runs:
        for effect in done.effects:
            if isinstance(effect, Decision):
                what = _counted_as(effect, converted) if effect.journey else None
                if what is not None:
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


def _counted_as(decision: Decision, converted: Collection[int]) -> str | None:
    what = _COUNTED_AS.get(decision.kind)
    if what == "converted":
        enrollment = decision.enrollment
        return what if enrollment is not None and enrollment.id in converted else None
    is_end = what == "exited" and decision.detail.get("status") == Status.COMPLETED
    return "completed" if is_end else what
