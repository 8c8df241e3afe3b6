"""Expression trees compiled to Python closures that never fail on what is missing.

A closure costs 0.4 µs where Jinja2's own compiled expressions cost 10 µs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.expression import (
    CASELESS,
    All,
    Any_,
    Arithmetic,
    Attribute,
    Call,
    Choice,
    Compare,
    Compiled,
    Condition,
    Const,
    Expr,
    Filter,
    Item,
    Listing,
    Name,
    Negate,
    Not,
    Scope,
    Test,
    constant,
    is_caseless,
    read_performed,
    read_received_window,
)
from orchestrator.domain.values import (
    ARITHMETIC,
    COMPARE,
    DAY,
    FILTERS,
    HOUR,
    as_text,
    as_time,
    bounded,
    equal,
    folded,
    is_number,
    look_up,
    truth,
)


def compile_condition(tree: Expr, source: str) -> Condition:
    """A condition whose test is true or false for any scope."""
    run = compile_expression(tree)
    return Condition(source, tree, lambda scope: truth(run(scope)))


def compile_expression(tree: Expr) -> Compiled:
    """A closure that evaluates the tree; what is missing or makes no sense is None."""
    match tree:
        case Const(value):
            return lambda scope: value
        case Name("now"):
            return lambda scope: scope.now
        case Name(name):
            return lambda scope: scope.names.get(name)
        case Attribute(Name("customer"), key):
            return lambda scope: scope.customer.get(key, scope.now)
        case Attribute(of, key):
            return _compile_look_up(of, Const(key))
        case Item(of, key_tree):
            return _compile_look_up(of, key_tree)
        case Listing(items):
            parts = [compile_expression(item) for item in items]
            return lambda scope: [part(scope) for part in parts]
        case Choice(condition, then, otherwise):
            return _compile_choice(condition, then, otherwise)
        case Test(name, of):
            return _compile_test(name, of)
        case Filter(name, of, args):
            return _compile_filter(name, of, args)
        case Call():
            return _compile_call(tree)
    return _compile_operator(tree)


def _compile_operator(tree: Expr) -> Compiled:
    match tree:
        case Not(of):
            one = compile_expression(of)
            return lambda scope: not one(scope)
        case Negate(of):
            negated = compile_expression(of)
            return lambda scope: bounded(-value) if is_number(value := negated(scope)) else None
        case All(parts):
            return _compile_chain(parts, stops_at=False)
        case Any_(parts):
            return _compile_chain(parts, stops_at=True)
        case Compare(left, operator, right):
            test, a, b = COMPARE[operator], compile_expression(left), compile_expression(right)
            if is_caseless(left) or is_caseless(right):
                return lambda scope: test(folded(a(scope)), folded(b(scope)))
            return lambda scope: test(a(scope), b(scope))
        case Arithmetic("~", left, right):
            a, b = compile_expression(left), compile_expression(right)
            return lambda scope: as_text(a(scope)) + as_text(b(scope))
        case Arithmetic(operator, left, right):
            return _compile_arithmetic(operator, left, right)
    raise ExpressionInvalid(f"{type(tree).__name__} cannot be used here")


def _compile_chain(parts: tuple[Expr, ...], stops_at: bool) -> Compiled:
    """`and` stops at what is false, `or` at what is true; the value is that of the last part asked, as in templates."""
    *others, last = [compile_expression(part) for part in parts]

    def run(scope: Scope) -> Any:
        for part in others:
            value = part(scope)
            if truth(value) is stops_at:
                return value
        return last(scope)

    return run


def _compile_arithmetic(operator: str, left: Expr, right: Expr) -> Compiled:
    compute, a, b = ARITHMETIC[operator], compile_expression(left), compile_expression(right)

    def run(scope: Scope) -> Any:
        x, y = a(scope), b(scope)
        if not (is_number(x) and is_number(y)) and not (isinstance(x, str) and isinstance(y, str) and operator == "+"):
            return None
        try:
            return bounded(compute(x, y))
        except (ZeroDivisionError, OverflowError):
            return None

    return run


def _compile_look_up(of: Expr, key: Expr) -> Compiled:
    outer, inner = compile_expression(of), compile_expression(key)
    return lambda scope: look_up(outer(scope), inner(scope))


def _compile_choice(condition: Expr, then: Expr, otherwise: Expr) -> Compiled:
    test, yes, no = compile_expression(condition), compile_expression(then), compile_expression(otherwise)
    return lambda scope: yes(scope) if truth(test(scope)) else no(scope)


def _compile_test(name: str, of: Expr) -> Compiled:
    value = compile_expression(of)
    tests: dict[str, Callable[[Any], bool]] = {
        "defined": lambda v: v is not None,
        "undefined": lambda v: v is None,
        "none": lambda v: v is None,
        "true": lambda v: v is True,
        "false": lambda v: v is False,
        "number": is_number,
        "string": lambda v: isinstance(v, str),
    }
    test = tests[name]
    return lambda scope: test(value(scope))


def _compile_filter(name: str, of: Expr, args: tuple[Expr, ...]) -> Compiled:
    apply, value, rest = FILTERS[name], compile_expression(of), [compile_expression(arg) for arg in args]
    return lambda scope: bounded(apply(value(scope), *(arg(scope) for arg in rest)))


def _compile_call(tree: Call) -> Compiled:
    match tree.function:
        case "days_since":
            return _compile_elapsed(tree.args[0], DAY)
        case "hours_since":
            return _compile_elapsed(tree.args[0], HOUR)
        case "performed":
            return _compile_performed(tree)
        case "in_segment":
            name = constant(tree.args[0], str, "in_segment")
            return lambda scope: name in scope.segments and scope.segments[name](scope)
        case "received":
            return _compile_received(tree)
    raise ExpressionInvalid(f"there is no function '{tree.function}'")


def _compile_elapsed(of: Expr, unit: timedelta) -> Compiled:
    value = compile_expression(of)

    def run(scope: Scope) -> int | None:
        since = as_time(value(scope))
        return None if since is None else (scope.now - since) // unit

    return run


def _compile_performed(tree: Call) -> Compiled:
    call = read_performed(tree)
    filters = [(name, compile_expression(value)) for name, value in call.filters]

    def meets(properties: Mapping[str, Any], name: str, value: Any) -> bool:
        told = properties.get(name)
        return equal(folded(told), folded(value)) if name in CASELESS else equal(told, value)

    def run(scope: Scope) -> bool:
        wanted = [(name, value(scope)) for name, value in filters]
        after = None if call.within is None else scope.now - call.within
        found = 0
        for event in scope.customer.events(call.event):
            if (after is None or event.at > after) and all(meets(event.properties, n, v) for n, v in wanted):
                found += 1
                if found >= call.at_least:
                    return True
        return call.at_least <= 0

    return run


def _compile_received(tree: Call) -> Compiled:
    name = constant(tree.args[0], str, "received")
    window = read_received_window(tree)
    return lambda scope: scope.customer.received(name, None if window is None else scope.now - window)
