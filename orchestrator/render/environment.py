"""The Jinja2 environments templates run in: sandboxed, bounded, and with the operators of the
language.

Jinja2's own generated code computes with Python's operators, so a price written as text would fail
a mail that the conditions of its journey understand. Here every operator, loop, call and printed
value goes through the environment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from itertools import islice
from operator import eq, ge, gt, le, lt, ne
from types import MethodType
from typing import Any, NoReturn

from jinja2 import Undefined, pass_context
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import SandboxedEnvironment
from jinja2.utils import Namespace
from markupsafe import Markup, escape

from orchestrator.domain import values
from orchestrator.domain.elements import pluck
from orchestrator.domain.phrase import say
from orchestrator.domain.values import ARITHMETIC, COMPARE, as_text, read_amount
from orchestrator.links import Links
from orchestrator.render import filters, predicates
from orchestrator.render.bounded import budget_of, call_bounded, escape_text, plain
from orchestrator.render.budget import LIGHT, NUMBERS, SIGNS_A_STEP, TooMuch, check_size
from orchestrator.render.generation import Generator
from orchestrator.render.methods import Method, find_member
from orchestrator.render.questions import QUESTIONS

RANGE_MAX = 100_000
LOOP_PARTS = frozenset(
    {
        "index",
        "index0",
        "revindex",
        "revindex0",
        "first",
        "last",
        "length",
        "previtem",
        "nextitem",
        "depth",
        "depth0",
        "cycle",
        "changed",
    },
)
_OF_JINJA = ("_loop_vars", "_block_vars")  # given along by generated code to every call
_OF_NUMBERS: Mapping[str, Callable[..., bool]] = {
    "==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge,
}  # fmt: skip
CALL_COST = 5  # steps; what a macro does is spent by its own body


class Missing(Undefined):
    """What is not there: prints as nothing, holds nothing, and every comparison with it is false.

    The same as in the conditions of a journey, so that one expression means one thing everywhere.
    """

    __slots__ = ()

    def _missing(self, *_: object, **__: object) -> Missing:
        return self

    def __getattr__(self, name: str) -> Missing:
        if name.startswith("__"):
            raise AttributeError(
                name
            )  # Python's own protocols (copy, pickle, numbers) must not be answered
        return self

    def __iter__(self) -> Iterator[object]:
        return iter(())

    def __str__(self) -> str:
        return ""

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False

    def __hash__(self) -> int:
        return 0

    # jinja2 types these as never returning, since its own undefined raises in both.
    __getitem__ = __call__ = _missing  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return False


#: One is enough: it says nothing about who asked.
MISSING = Missing()


class SilentNamespace(Namespace):
    """`namespace()`; printed it says nothing, whatever it holds."""

    def __repr__(self) -> str:
        return ""


def _known(value: object) -> object:
    return MISSING if value is None else value


class TemplateEnvironment(SandboxedEnvironment):
    """Looks an attribute up in the mapping first: a third quicker, and a mapping's own methods stay
    out of reach.

    What generated code calls is given the context, which carries the budget of its rendering.
    """

    code_generator_class = Generator
    escape_text = staticmethod(escape_text)
    nothing = MISSING

    # ------------------------------------------------------------ looking up

    def getattr(self, obj: Any, attribute: str) -> object:
        kind = type(obj)
        if kind is dict:
            return _known(obj.get(attribute))
        if kind is Links or kind is SilentNamespace or kind is LoopContext:
            if attribute[:1] == "_":
                self.unsafe_undefined(obj, attribute)
            is_open = kind is not LoopContext or attribute in LOOP_PARTS
            return getattr(obj, attribute, MISSING) if is_open else MISSING
        if isinstance(obj, Mapping):  # asking the abstract class takes as long as all the rest
            return _known(obj.get(attribute))
        if attribute[:1] == "_":
            self.unsafe_undefined(obj, attribute)
        return _known(find_member(obj, attribute))

    def getitem(self, obj: object, argument: object) -> object:
        if isinstance(argument, str):
            return self.getattr(obj, str.__str__(argument))
        if isinstance(obj, Mapping):
            return _known(obj.get(argument)) if isinstance(argument, int | float) else MISSING
        if isinstance(obj, str | list | tuple | range) and type(argument) is int:
            return obj[argument] if -len(obj) <= argument < len(obj) else MISSING
        return MISSING

    def pluck(self, context: Context, elements: object, name: str) -> object:
        """`x[].name`."""
        budget_of(context).weigh(elements)
        return _known(pluck(plain(elements), name))

    def cut(self, context: Context, obj: object, *bounds: object) -> object:
        """`x[1:3]`."""
        if not isinstance(obj, str | list | tuple | range):
            return MISSING
        budget_of(context).spend(1 + len(obj) // (SIGNS_A_STEP if isinstance(obj, str) else 1))
        start, stop, step = (bound if type(bound) is int else None for bound in bounds)
        return obj[slice(start, stop, step or None)]

    def unsafe_undefined(self, obj: object, attribute: str) -> NoReturn:
        raise SecurityError(say("'{attribute}' is closed to templates", attribute=attribute))

    # ------------------------------------------------------------ operators

    def compute(self, context: Context, operator: str, left: object, right: object) -> object:
        """`+ - * / // %`, as in conditions; what cannot be computed is missing."""
        if isinstance(left, str) or isinstance(right, str) or isinstance(left, list):
            budget = budget_of(context)
            budget.weigh(left)
            budget.weigh(right)
            self._check_size(operator, left, right)
        result = ARITHMETIC[operator](left, right)
        return MISSING if result is None else result

    @staticmethod
    def _check_size(operator: str, left: object, right: object) -> None:
        """Conditions take a text that grows too long for undefined; a message says that it
        fails.
        """
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            check_size(len(left) + len(right))
        for text, times in ((left, right), (right, left)) if operator == "*" else ():
            count = read_amount(times)
            if isinstance(text, str) and count is not None and read_amount(text) is None:
                check_size(len(text) * count)

    def format(self, context: Context, pattern: str, *found: object) -> str:
        """`"%.2f" % price`."""
        return filters.run_format(context, pattern, *found)

    def negate(self, value: object) -> object:
        """`-x`."""
        return _known(values.negate(value))

    def join_texts(self, context: Context, parts: Iterable[object]) -> object:
        """`~`: the parts as people read them; where one is marked up, the others are escaped."""
        texts = [part if isinstance(part, str) else self.write(context, part) for part in parts]
        budget_of(context).spend(1 + sum(map(len, texts)) // SIGNS_A_STEP)
        check_size(sum(map(len, texts)))
        return (Markup() if any(type(text) is Markup for text in texts) else "").join(texts)

    def compare(self, context: Context, operator: str, left: object, right: object) -> bool:
        """`== != < <= > >= in`, as in conditions."""
        if type(left) in NUMBERS and type(right) in NUMBERS and operator in _OF_NUMBERS:
            return _OF_NUMBERS[operator](left, right)
        if operator == "in" or operator == "not in":
            budget_of(context).weigh(right)
        elif type(left) not in LIGHT and type(right) not in LIGHT:
            budget_of(context).weigh(left)
        return COMPARE[operator](plain(left), plain(right))

    def key(self, context: Context, value: object) -> object:
        """What is written as a key of `{…}`: texts and numbers as they are, others as printed."""
        return value if isinstance(value, str | int | float) else self.write(context, value)

    # ------------------------------------------------------------ loops, calls, printing

    def spend(self, context: Context, steps: int) -> None:
        """Takes some steps out of the rendering's budget."""
        budget_of(context).spend(steps)

    def steps(self, context: Context, value: object, cost: int) -> object:
        """What a loop walks over; all its passes are spent at once. A number or a date holds
        nothing.
        """
        if not isinstance(value, list | tuple | range | str | Mapping):
            return ()
        budget_of(context).spend(1 + len(value) * cost)
        return value

    def call(__self, __context: Context, __obj: Any, *args: object, **options: object) -> object:
        """A macro, a function or a method; what is none of these, a trait of that name, is
        missing.
        """
        budget = budget_of(__context)
        budget.spend(CALL_COST)
        kind = type(__obj)
        owner = type(__obj.__self__) if kind is MethodType else None
        if owner is LoopContext:
            for value in args:
                if type(value) is not str or len(value) >= SIGNS_A_STEP:
                    budget.weigh(value)
            return __obj(*args)
        given = {name: value for name, value in options.items() if name not in _OF_JINJA}
        if owner is Links:
            known = ((name, value) for name, value in given.items() if plain(value) is not None)
            written = {name: __self.write(__context, value) for name, value in known}
            return __obj(*(__self.write(__context, value) for value in args), **written)
        if kind is Method:
            given = {name: plain(value) for name, value in given.items()}
            return _known(
                call_bounded(budget, __obj.function, (__obj.owner, *map(plain, args)), given)
            )
        if kind is Missing or not callable(__obj):
            return MISSING
        if isinstance(__obj, LoopContext):
            args = (__self.steps(__context, args[0] if args else (), CALL_COST),)
        elif not isinstance(__obj, Macro):
            for value in (*args, *options.values()):
                budget.weigh(value)
        return super().call(__context, __obj, *args, **options)

    @staticmethod
    def write(context: Context, value: object) -> str:
        """A value as people read it: a whole number without `.0`, `true` and `false`; nothing
        for what is missing.
        """
        if isinstance(value, str):
            if len(value) >= SIGNS_A_STEP:
                budget_of(context).weigh(value)
            return value
        if isinstance(value, bool | int | float | date):
            return as_text(value)
        if isinstance(value, list | tuple | dict | range):
            budget_of(context).weigh(value)
            return as_text(value)
        return ""

    def show(self, context: Context, value: object) -> str:
        """A value as it is printed: escaped in HTML."""
        text = self.write(context, value)
        return escape(text) if self.autoescape else text

    @staticmethod
    def join_output(parts: Iterable[str]) -> str:
        """All that was printed; raises TooMuch beyond the size of a message."""
        printed, texts, size = iter(parts), [], 0
        while some := list(islice(printed, 1000)):
            try:
                text = "".join(some)
            except TypeError:  # of `{% filter length %}`, or a `{% call %}` of nothing
                text = "".join(
                    part if isinstance(part, str) else _number_text(part) for part in some
                )
            size += len(text)
            check_size(size)
            texts.append(text)
        return "".join(texts)

    concat = join_output  # the name by which generated code calls it


def _number_text(part: object) -> str:
    return as_text(part) if isinstance(part, int | float) else ""


def _range(*bounds: object) -> object:
    """Whole numbers, as in Python; nothing where a bound is none, a quantity written as text
    counts.
    """
    amounts = [read_amount(plain(bound)) for bound in bounds]
    numbers = [int(amount) for amount in amounts if amount is not None]
    if len(numbers) != len(bounds) or not 1 <= len(numbers) <= 3 or 0 in numbers[2:]:
        return ()
    found = range(*numbers)
    if found and abs(found.stop - found.start) // abs(found.step) > RANGE_MAX:
        raise TooMuch(say("`range` of more than {most} numbers", most=RANGE_MAX))
    return found


def make_environment(html: bool, trim: bool = True) -> TemplateEnvironment:
    """An environment for HTML (escapes) or for plain text (does not); `trim` drops the lines
    that hold tags only.
    """
    environment = TemplateEnvironment(
        autoescape=html,
        undefined=Missing,
        finalize=pass_context(TemplateEnvironment.write),
        trim_blocks=trim,
        lstrip_blocks=trim,
        optimized=False,  # nothing is computed while a template is compiled, where no budget holds
    )
    environment.globals = {"range": _range, "namespace": SilentNamespace, "dict": dict, **QUESTIONS}
    environment.filters = dict(filters.ALL)
    environment.tests = dict(predicates.TESTS)
    environment.policies["json.dumps_kwargs"] = {
        "sort_keys": True,
        "default": lambda value: as_text(plain(value)),
    }
    return environment
