"""When time alone may change the answer of a stage or segment rule.

An answer is asked again at the least candidate instant; a rule whose next change cannot be computed
is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from orchestrator.domain.closures import compile_expression
from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.expression import (
    Compare,
    Const,
    Expr,
    Invoke,
    Name,
    Scope,
    parts_of,
    read_performed,
)
from orchestrator.domain.phrase import say
from orchestrator.domain.values import DAY, HOUR, INSTANT, UNITS_MAX, as_time, is_number, iso_time

Candidates = Callable[[Scope], Iterable[datetime]]


def time_candidates(tree: Expr) -> list[Candidates]:
    """For a stage or segment rule: closures giving the instants at which time alone may change its
    answer.

    Windowed facts are not among them: the customer's state knows those. Raises ExpressionInvalid
    where time appears in a form whose next change cannot be computed.
    """
    found: list[Candidates] = []
    _collect_candidates(tree, found)
    return found


def _collect_candidates(tree: Expr, found: list[Candidates]) -> None:
    match tree:
        case Compare(Invoke("days_since" | "hours_since") as call, _, Const(value)) | Compare(
            Const(value), _, Invoke("days_since" | "hours_since") as call
        ) if is_number(value):
            found.append(_elapsed_candidates(call, value))
            _collect_candidates(call.args[0], found)
        case Compare(Name("now"), operator, other) | Compare(other, operator, Name("now")) if (
            other != Name("now") and operator not in ("in", "not in")
        ):
            found.append(_now_candidates(other))
            _collect_candidates(other, found)
        case Name("now"):
            raise ExpressionInvalid(
                say("here `now` can only be compared: `customer.trial_ends_at <= now`")
            )
        case Invoke("days_since" | "hours_since" as name):
            raise ExpressionInvalid(
                say(
                    "here {name}() can only be compared with a number: `{name}(…) >= 90`", name=name
                )
            )
        case Invoke("performed"):
            found.append(_performed_candidates(tree))
            for _, value in read_performed(tree).filters:
                _collect_candidates(value, found)
        case Invoke("received" | "opened" | "clicked" as name):
            raise ExpressionInvalid(
                say(
                    "{name}() cannot be used in stages and segments: they speak of the customer",
                    name=name,
                )
            )
        case _:
            for part in parts_of(tree):
                _collect_candidates(part, found)


def _elapsed_candidates(call: Invoke, value: float) -> Candidates:
    unit = DAY if call.function == "days_since" else HOUR
    since = compile_expression(call.args[0])
    if not abs(value) < UNITS_MAX:  # further away than any instant, or no number at all
        return lambda scope: ()
    first = int(value // 1)
    steps = (
        first,
        first + 1,
    )  # an answer changes when the whole count becomes the constant, or passes it

    def run(scope: Scope) -> Iterable[datetime]:
        start = as_time(since(scope))
        return () if start is None else _within_calendar(start, (unit * steps[0], unit * steps[1]))

    return run


def _now_candidates(other: Expr) -> Candidates:
    value = compile_expression(other)

    def run(scope: Scope) -> Iterable[datetime]:
        at = iso_time(value(scope))
        return () if at is None else _within_calendar(at, (timedelta(0), INSTANT))

    return run


def _within_calendar(start: datetime, spans: Iterable[timedelta]) -> list[datetime]:
    """The instants at those distances that exist: the calendar ends with the year 9999."""
    found = []
    for span in spans:
        try:
            found.append(start + span)
        except OverflowError:
            continue
    return found


def _performed_candidates(tree: Invoke) -> Candidates:
    call = read_performed(tree)
    window = call.within
    if window is None:
        return lambda scope: ()
    return lambda scope: [event.at + window for event in scope.customer.events(call.event)]
