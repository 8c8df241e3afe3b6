"""Two customers turn out to be one: the known id survives, with the united life of both."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from orchestrator.domain import effects
from orchestrator.domain.account import unite
from orchestrator.domain.consent import strictness
from orchestrator.domain.effects import Decision, DecisionKind, Effect
from orchestrator.domain.lifecycle import merge_fact
from orchestrator.domain.program import Program
from orchestrator.domain.reasons import Detail, Reason
from orchestrator.domain.state import Choice, CustomerState, Entries, Status


def absorb(
    program: Program, state: CustomerState, other: CustomerState, at: datetime
) -> list[Effect]:
    """Moves everything of `other` into `state`; both must have been run up to just before `at`."""
    for fact in program.lifecycle.facts:
        if fact.name in state.facts or fact.name in other.facts:
            merged = merge_fact(fact, state.facts.get(fact.name), other.facts.get(fact.name))
            state.facts[fact.name] = merged
    for name, events in other.history.items():
        both = [*state.history.get(name, ()), *events]
        state.history[name] = sorted(both, key=lambda event: event.order)
    _unite_traits(state, other)
    state.account, other.account = unite(state.account, other.account), None
    state.sent = sorted([*state.sent, *other.sent], key=lambda message: message.at)
    state.suppressed = {**other.suppressed, **state.suppressed}
    state.coupons = {**other.coupons, **state.coupons}
    state.rewarded |= other.rewarded
    if (
        state.stage is None
    ):  # somebody new: the stage goes on, and being known by name is no change of it
        state.stage, state.stage_since = other.stage, other.stage_since
    if not state.segments:
        state.segments = dict(other.segments)
    if other.muted_until is not None:
        state.muted_until = max(other.muted_until, state.muted_until or other.muted_until)
    return [
        *_merge_consent(state, other, at),
        *_merge_enrollments(state, other, at),
        *_merge_appointments(state, other),
    ]


def _unite_traits(state: CustomerState, other: CustomerState) -> None:
    """Each trait is the newest of both, a deletion included; at one instant the survivor's."""
    for name in other.traits.keys() | other.trait_times.keys():
        theirs, ours = other.trait_times.get(name, ""), state.trait_times.get(name, "")
        if theirs < ours or (theirs == ours and name in state.traits):
            continue
        state.trait_times[name] = theirs
        state.traits.pop(name, None)
        if name in other.traits:
            state.traits[name] = other.traits[name]


def _merge_consent(state: CustomerState, other: CustomerState, at: datetime) -> Iterator[Effect]:
    """The stricter explicit choice holds: a no, then one that was taken back."""
    for key, choice in other.consent.items():
        mine = state.consent.get(key)
        if mine is None or strictness(choice.granted) > strictness(mine.granted):
            kept = Choice(
                choice.granted, max(choice.at, mine.at) if mine else choice.at, choice.source
            )
            state.consent[key] = kept
            yield effects.ConsentChange(at, key, kept)


def _merge_enrollments(
    state: CustomerState, other: CustomerState, at: datetime
) -> Iterator[Effect]:
    """Of two open enrollments of one journey the earlier stays; assignments of the older entry are
    kept.
    """
    for journey in {key for key, _ in other.assignments} | other.entries.keys():
        if _is_older(other, state, journey):
            state.assignments.update(
                {key: v for key, v in other.assignments.items() if key[0] == journey}
            )
    for key, variant in other.assignments.items():
        state.assignments.setdefault(key, variant)
    inside = {(e.journey, e.key): e for e in state.open_enrollments()}
    numbers = {journey: entries.number for journey, entries in state.entries.items()}
    for enrollment in sorted(other.enrollments, key=lambda e: e.number):
        numbers[enrollment.journey] = enrollment.number = numbers.get(enrollment.journey, 0) + 1
        enrollment.changed = True
        mine = inside.get((enrollment.journey, enrollment.key))
        if enrollment.is_open and mine is not None:
            later = enrollment if mine.entered_at <= enrollment.entered_at else mine
            later.status, later.reason, later.ended_at = Status.MERGED, "the same customer", at
            later.due_at, later.changed = None, True
            where, how = later.step or "", Detail(status=Status.MERGED.value)
            yield Decision(at, DecisionKind.LEFT, later.journey, Reason.MERGED, where, later, how)
        state.enrollments.append(enrollment)
    for journey, theirs in other.entries.items():
        ours = state.entries.get(journey, theirs)
        number = max(numbers.get(journey, 0), theirs.number)
        state.entries[journey] = Entries(
            min(ours.first, theirs.first), max(ours.last, theirs.last), number
        )


def _merge_appointments(state: CustomerState, other: CustomerState) -> Iterator[Effect]:
    """Of two for the same call the survivor's own holds."""
    mine = {one.key for one in state.appointments}
    for one in other.appointments:
        yield effects.AppointmentOver(one, of=other.id)
        if one.key not in mine:
            state.appointments.append(one)
            yield effects.AppointmentMade(one)


def _is_older(one: CustomerState, other: CustomerState, journey: str) -> bool:
    if journey not in one.entries:
        return False
    return journey not in other.entries or one.entries[journey].first < other.entries[journey].first
