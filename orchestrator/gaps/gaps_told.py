"""What is covered, what is missing and who is served by nobody, in tables and sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from orchestrator.domain.answer import Cell, Heading, Part, Table
from orchestrator.domain.phrase import Phrase, say, strung, verbatim
from orchestrator.gaps.activity import Activity, Phase, Role
from orchestrator.gaps.analysis import Gaps
from orchestrator.gaps.covered import Coverage, State
from orchestrator.gaps.worth import Worth

STAGE_NAMES = {
    Role.PROSPECT: say("prospect"),
    Role.LEAD: say("lead"),
    Role.NEW_CUSTOMER: say("new customer"),
    Role.LOYAL: say("loyal customer"),
    Role.INACTIVE: say("inactive customer"),
}
PHASE_NAMES = {
    Phase.REACH: say("reach"),
    Phase.ACT: say("act"),
    Phase.CONVERT: say("convert"),
    Phase.ENGAGE: say("engage"),
}
STATE_NAMES = {
    State.COVERED: say("covered"),
    State.PARTLY: say("partly"),
    State.MISSING: say("missing"),
}


def tell_gaps(gaps: Gaps) -> Iterator[Part]:
    """The whole of it, for a terminal."""
    numbers = gaps.count_states()
    yield say(
        "{all} typical programmes: {covered} covered, {partly} partly, {missing} missing",
        all=len(gaps.coverage),
        covered=numbers[State.COVERED],
        partly=numbers[State.PARTLY],
        missing=numbers[State.MISSING],
    )
    yield ""
    yield Table(
        (say("STAGE"), say("PHASE"), say("PROGRAMME"), say("STATE"), say("BY, OR WHAT TO DO")),
        [_row(one) for one in gaps.coverage],
    )
    yield from _tell_stages(gaps)
    yield from _tell_worth(gaps.worth)


def tell_activity(coverage: Coverage) -> Iterator[Part]:
    """One programme: why, how it is measured, how it stands, and what to begin with."""
    activity = coverage.activity
    yield Heading(activity.title)
    yield activity.why
    yield say("Measured by: {measure}.", measure=activity.measure)
    yield strung((STATE_NAMES[coverage.state], say_how(coverage)), ": ")
    if coverage.state is State.COVERED:
        yield from coverage.advice
    elif activity.outline:
        yield ""
        yield verbatim(activity.outline.rstrip())


def say_how(coverage: Coverage) -> Phrase:
    """Who covers a programme, what they want of it, or what to do."""
    said: list[str] = list(coverage.journeys)
    said += coverage.lacks
    said += [] if coverage.to_do is None else [coverage.to_do]
    said += [] if coverage.data is None or coverage.journeys else [coverage.data]
    return strung(said, "; ") if said else verbatim("")


def cell_of(coverage: Sequence[Coverage], stage: Role, phase: Phase) -> list[Coverage]:
    """What stands in a cell of the matrix."""
    return [one for one in coverage if one.activity.stage is stage and one.activity.phase is phase]


def as_data(gaps: Gaps) -> dict[str, object]:
    """The same for machines."""
    return {
        "activities": [_plain(one) for one in gaps.coverage],
        "stages": [
            {
                "stage": one.stage, "journeys": one.journeys,
                "customers": one.customers, "unserved": one.unserved,
            }
            for one in gaps.stages
        ],
        "worth": [one.as_plain() for one in gaps.worth],
    }  # fmt: skip


def _plain(coverage: Coverage) -> dict[str, object]:
    activity: Activity = coverage.activity
    return {
        "activity": activity.id, "title": activity.title, "stage": activity.stage,
        "phase": activity.phase, "state": coverage.state, "journeys": coverage.journeys,
        "lacks": coverage.lacks, "advice": coverage.advice, "data": coverage.data,
        "why": activity.why, "measure": activity.measure,
        "playbook": activity.playbook or None, "outline": activity.outline or None,
    }  # fmt: skip


def _row(one: Coverage) -> tuple[Cell, ...]:
    activity = one.activity
    stage, phase = STAGE_NAMES[activity.stage], PHASE_NAMES[activity.phase]
    return stage, phase, activity.title, STATE_NAMES[one.state], say_how(one)


def _tell_stages(gaps: Gaps) -> Iterator[Part]:
    if not gaps.stages:
        return
    yield ""
    yield Table(
        (say("YOUR STAGE"), say("JOURNEYS"), say("CUSTOMERS NOW"), say("SERVED BY NONE")),
        [(one.stage, ", ".join(one.journeys), one.customers, one.unserved) for one in gaps.stages],
    )


def _tell_worth(worth: Iterable[Worth]) -> Iterator[Part]:
    found = list(worth)
    if not found:
        return
    yield ""
    yield Table(
        (say("PROGRAMME"), say("PEOPLE"), say("ORDERS AFTER"), say("REVENUE AFTER"), say("WITHIN")),
        [(one.playbook, one.people, one.orders, one.told_revenue, one.window) for one in found],
    )
    yield say(
        "Replayed on this history: whom the programme would have reached, and what they ordered "
        "after its first message. They may have ordered it anyway: a holdout tells."
    )
    for one in found:
        if one.assumed_consent:
            yield say(
                "{playbook}: this history carries hardly any consent, so who has not said no "
                "counts as having said yes.",
                playbook=one.playbook,
            )
