"""Expressions: a small tree, and what it reads.

`orchestrator.language.expressions` makes the tree from Jinja2 syntax, `closures` compiles it to
Python closures; a later module may make SQL from the same tree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from orchestrator.domain.errors import ExpressionInvalid
from orchestrator.domain.event import Event
from orchestrator.domain.phrase import say

T = TypeVar("T")


class CustomerReader(Protocol):
    """What an expression may ask of a customer; times are aware UTC."""

    def get(self, name: str, now: datetime) -> object:
        """A trait, fact or built-in property; None when missing."""
        ...

    def of_account(self, name: str) -> object:
        """A trait of the account that they belong to; None when missing."""
        ...

    def events(self, name: str) -> Iterable[Event]:
        """Earlier events of a declared name, each with `at` and `properties`, oldest first."""
        ...

    def received(self, name: str, since: datetime | None) -> bool:
        """Whether a message of this template or journey went out after `since`."""
        ...


class _Nobody:
    """Of whom nothing is known."""

    def get(self, name: str, now: datetime) -> object:
        return None

    def of_account(self, name: str) -> object:
        return None

    def events(self, name: str) -> Iterable[Event]:
        return ()

    def received(self, name: str, since: datetime | None) -> bool:
        return False


#: For expressions that see an event only.
NOBODY = _Nobody()


@dataclass(slots=True)
class Scope:
    """Everything an expression can see at one instant for one customer."""

    customer: CustomerReader
    now: datetime
    names: dict[str, object] = field(default_factory=dict)  # event, entry, vars, coupon, journey
    segments: Mapping[str, Callable[[Scope], bool]] = field(default_factory=dict)


Compiled = Callable[[Scope], object]

# ---------------------------------------------------------------- the tree


@dataclass(frozen=True, slots=True)
class Const:
    value: object


@dataclass(frozen=True, slots=True)
class Name:
    name: str  # customer, account, event, entry, vars, coupon, journey, now


@dataclass(frozen=True, slots=True)
class Attribute:
    of: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    of: Expr
    key: Expr


@dataclass(frozen=True, slots=True)
class Each:
    """`list[].name`: what the elements of a list say of one property."""

    of: Expr
    name: str


@dataclass(frozen=True, slots=True)
class Not:
    of: Expr


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Any_:
    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    left: Expr
    operator: str  # == != < <= > >= in "not in"
    right: Expr


@dataclass(frozen=True, slots=True)
class Arithmetic:
    operator: str  # + - * / // % ~
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Negate:
    of: Expr


@dataclass(frozen=True, slots=True)
class Invoke:
    function: str
    args: tuple[Expr, ...] = ()
    options: tuple[tuple[str, Expr], ...] = ()


@dataclass(frozen=True, slots=True)
class Test:
    name: str  # defined, undefined, none, true, false, number, string
    of: Expr


@dataclass(frozen=True, slots=True)
class Filter:
    name: str
    of: Expr
    args: tuple[Expr, ...] = ()


@dataclass(frozen=True, slots=True)
class IfElse:
    condition: Expr
    then: Expr
    otherwise: Expr


@dataclass(frozen=True, slots=True)
class ListOf:
    items: tuple[Expr, ...]


Expr = (
    Const
    | Name
    | Attribute
    | Item
    | Each
    | Not
    | All
    | Any_
    | Compare
    | Arithmetic
    | Negate
    | Invoke
    | Test
    | Filter
    | IfElse
    | ListOf
)

#: Who is asked about: neither says anything alone, and both read names that are plain text.
WHO = frozenset({"customer", "account"})
NAMES = WHO | {"event", "entry", "vars", "coupon", "journey", "item", "now"}
#: What each asks the elements of a list.
OF_LISTS = frozenset({"any", "sum"})
#: What readers did with messages: undefined until receipts come in.
OF_RECEIPTS = frozenset({"opened", "clicked"})
FUNCTIONS = (
    frozenset({"days_since", "hours_since", "performed", "in_segment", "received"})
    | OF_LISTS
    | OF_RECEIPTS
)
TESTS = frozenset({"defined", "undefined", "none", "true", "false", "number", "string"})


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled `if`: `test(scope)` is true or false, never an error; `source` is what the
    author wrote.
    """

    source: str
    tree: Expr
    test: Callable[[Scope], bool] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Value:
    """A step's value: plain, or text with `{{ … }}`; one lone `{{ … }}` keeps its type."""

    source: object
    evaluate: Compiled = field(compare=False)
    trees: tuple[Expr, ...] = ()


# ---------------------------------------------------------------- what an expression reads


def walk(tree: Expr) -> Iterator[Expr]:
    """The tree and all its parts, outermost first."""
    yield tree
    for part in parts_of(tree):
        yield from walk(part)


def parts_of(tree: Expr) -> tuple[Expr, ...]:
    match tree:
        case Attribute(of, _) | Each(of, _) | Not(of) | Negate(of) | Test(_, of):
            return (of,)
        case Item(of, key):
            return of, key
        case All(parts) | Any_(parts) | ListOf(parts):
            return parts
        case Compare(left, _, right) | Arithmetic(_, left, right):
            return left, right
        case Invoke(_, args, options):
            return *args, *(value for _, value in options)
        case Filter(_, of, args):
            return of, *args
        case IfElse(condition, then, otherwise):
            return condition, then, otherwise
    return ()


def customer_names(tree: Expr) -> set[str]:
    """The traits and facts an expression reads."""
    return {
        part.name
        for part in walk(tree)
        if isinstance(part, Attribute) and part.of == Name("customer")
    }


def calls(tree: Expr, function: str) -> list[Invoke]:
    """Every call of one function in the tree."""
    return [part for part in walk(tree) if isinstance(part, Invoke) and part.function == function]


#: Properties whose text is compared without case: the other side folds it, or people type it in.
CASELESS = frozenset({"currency", "coupon", "topic"})


def is_caseless(tree: Expr) -> bool:
    """Whether an expression reads a currency, a coupon's code or a topic."""
    match tree:
        case Attribute(Name("coupon"), "code"):
            return True
        case Attribute(_, name) | Each(_, name) | Item(_, Const(name)):
            return isinstance(name, str) and name in CASELESS
    return False


# --------------------------------------------------------------- calls whose arguments are constant


def constant(tree: Expr, kind: type[T], function: str) -> T:
    if isinstance(tree, Const) and isinstance(tree.value, kind):
        return tree.value
    raise ExpressionInvalid(
        say("{function}() needs plain values here, not something computed", function=function)
    )


@dataclass(frozen=True, slots=True)
class Performed:
    """The constant part of a `performed(…)` call. `filters` compare event properties."""

    event: str
    within: timedelta | None
    at_least: int
    filters: tuple[tuple[str, Expr], ...]


def read_performed(tree: Invoke) -> Performed:
    """The parts of a `performed()` call; raises ExpressionInvalid where one must be constant and
    is not.
    """
    options = dict(tree.options)
    within = options.pop("within", None)
    at_least = options.pop("at_least", Const(1))
    return Performed(
        event=constant(tree.args[0], str, "performed"),
        within=None if within is None else constant(within, timedelta, "performed"),
        at_least=constant(at_least, int, "performed"),
        filters=tuple(options.items()),
    )


def read_received_window(tree: Invoke) -> timedelta | None:
    """How far back a `received()` call looks; None: for ever."""
    within = dict(tree.options).get("within")
    return None if within is None else constant(within, timedelta, "received")
