"""What a template may not say, found before anybody gets it: names, filters, functions and links
that do not exist.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from jinja2 import nodes

from orchestrator.domain.expression import FUNCTIONS
from orchestrator.domain.phrase import Phrase, said_by, say
from orchestrator.domain.suggestion import closest, did_you_mean
from orchestrator.links import LINK_FUNCTIONS, LINK_NAMES
from orchestrator.render.filters import ALL
from orchestrator.render.formats import StyleUnknown, is_style
from orchestrator.render.methods import METHODS
from orchestrator.render.predicates import TESTS

#: What every template sees.
ROOTS = frozenset(
    {
        "customer",
        "account",
        "entry",
        "item",
        "vars",
        "journey",
        "coupon",
        "project",
        "links",
        "now",
        "marketing",
        "language",
        "subject",
        "preheader",
    },
)
#: What there is below those roots that hold the same in every mail.
PARTS = {
    "project": frozenset({
        "name", "postal_address", "website", "currency", "timezone", "locale",
    }),
    "journey": frozenset({"id", "title"}),
}  # fmt: skip
HELPERS = frozenset({"range", "namespace", "dict"})  # of Jinja2
_INSTEAD = {
    "event": say("write `entry`, the event that started the journey"),
    "person": say("write `customer`"),
    "user": say("write `customer`"),
    "profile": say("write `customer`"),
    "organization": say("write `project`"),
    "shop": say("write `project`"),
    "unsubscribe_url": say("write `links.unsubscribe`"),
    "unsubscribe": say("write `links.unsubscribe`"),
    "secrets": say("a secret stands in the url, headers and body of a `webhook` only"),
    "loop": say("it is known between `{% for … %}` and `{% endfor %}` only"),
    "caller": say("it is known inside of a macro only"),
    "self": say("a block cannot be printed twice: write an own file and include it"),
    "super": say("it stands alone, inside of a block: `{{ super() }}`"),
}
#: Filters of other tools (Liquid, Twig, Django), and what they are called here.
_FILTERS_ELSEWHERE = {
    "currency": "money", "format_currency": "money", "price": "money", "upcase": "upper",
    "uppercase": "upper", "downcase": "lower", "lowercase": "lower", "titleize": "title",
    "strftime": "date", "date_format": "date", "format_date": "date", "size": "length",
    "number_with_delimiter": "number", "number_format": "number", "floatformat": "number",
    "truncatewords": "truncate", "strip_html": "striptags", "percentage": "percent",
}  # fmt: skip
# Filters that take the name of another filter or of a test: at which argument.
_NAMING = {
    "map": (0, ALL),
    "select": (0, TESTS),
    "reject": (0, TESTS),
    "selectattr": (1, TESTS),
    "rejectattr": (1, TESTS),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong on a line of the compiled source, at a word of it."""

    line: int
    word: str
    message: Phrase


def find_faults(tree: nodes.Template) -> Iterator[Fault]:
    """What is wrong wherever it stands, also where no customer of today would lead to it."""
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
    for node in tree.find_all(nodes.Node):
        match node:
            case nodes.Getattr(node=nodes.Name(name=root)) if root in PARTS.keys() - own:
                yield from _check_part(node, root)
            case nodes.Filter():
                yield from _check_filter(node)
            case nodes.Test():
                yield from _check_name(
                    node, say("test `is {name}`", name=node.name), node.name, TESTS
                )
            case nodes.Pow():
                yield Fault(
                    node.lineno,
                    "**",
                    say("`**` is not part of the language: write it as a product"),
                )
            case nodes.Getattr():
                yield from _check_attribute(node)
            case nodes.Call(node=nodes.Name(name=name)) if name in ROOTS:
                yield Fault(
                    node.lineno, name, say("`{name}` is a value: write it without `()`", name=name)
                )
            case nodes.Call(node=nodes.Getattr() as function):
                yield from _check_method(function)


def _check_filter(node: nodes.Filter) -> Iterator[Fault]:
    match node:
        case nodes.Filter(name="date" | "datetime", args=[nodes.Const(value=str() as style), *_]):
            if not is_style(style):
                yield Fault(node.lineno, style, said_by(StyleUnknown()))
    yield from _check_name(node, say("filter `{name}`", name=node.name), node.name, ALL)
    position, names = _NAMING.get(node.name, (0, ()))
    if (
        names
        and len(node.args) > position
        and isinstance(named := node.args[position], nodes.Const)
    ):
        name = str(named.value)
        what = (
            say("filter `{name}`", name=name) if names is ALL else say("test `{name}`", name=name)
        )
        yield from _check_name(named, what, name, names)


def _check_name(
    node: nodes.Node, what: Phrase, name: str, known: Collection[str]
) -> Iterator[Fault]:
    if name not in known:
        meant = _FILTERS_ELSEWHERE.get(name, "")
        hint = (
            say("; write `{meant}`", meant=meant) if meant in known else did_you_mean(name, known)
        )
        told = say("there is no {what}{hint}", what=what, hint=hint or _listed(known))
        yield Fault(node.lineno, name, told)


def _listed(known: Iterable[str]) -> Phrase:
    names = sorted(name for name in known if name.isidentifier())
    return (
        say(" (known: {listed})", listed=", ".join(names))
        if len(names) < 20
        else say("; docs/journeys.md lists them")
    )


def _check_attribute(node: nodes.Getattr) -> Iterator[Fault]:
    """A link that does not exist would print as nothing: a dead link in somebody's mail."""
    if node.attr.startswith("_"):
        yield Fault(node.lineno, node.attr, say("'{attr}' is closed to templates", attr=node.attr))
    elif _is(node.node, "links") and node.attr not in LINK_NAMES:
        hint = did_you_mean(node.attr, LINK_NAMES) or _listed(LINK_NAMES)
        yield Fault(
            node.lineno,
            node.attr,
            say("there is no link '{attr}'{hint}", attr=node.attr, hint=hint),
        )


def _check_part(node: nodes.Getattr, root: str) -> Iterator[Fault]:
    """What no mail has would print as nothing."""
    if node.attr in PARTS[root]:
        return
    hint = did_you_mean(node.attr, PARTS[root]) or _listed(PARTS[root])
    told = say("`{root}` has no '{name}'{hint}", root=root, name=node.attr, hint=hint)
    yield Fault(node.lineno, node.attr, told)


def _check_method(function: nodes.Getattr) -> Iterator[Fault]:
    name = function.attr
    if _is(function.node, "links"):
        if name in LINK_NAMES and name not in LINK_FUNCTIONS:
            yield Fault(
                function.lineno,
                name,
                say("`links.{name}` is a link as it stands: write it without `()`", name=name),
            )
    elif not _is(function.node, "loop") and name not in METHODS and not name.startswith("_"):
        if name in ("items", "keys", "values"):
            advice = say("; for its names and values write `| items`")
        elif name in ("append", "extend", "pop", "update"):
            advice = say("; a list grows by `+`: `{% set ns.all = ns.all + [product] %}`")
        else:
            near = closest(name, METHODS | ALL.keys())
            advice = (
                say("; did you mean `{near}`?", near=near)
                if near
                else say("; values are changed by filters: `{{ x | upper }}`")
            )
        yield Fault(
            function.lineno,
            name,
            say("there is no function `{name}()`{advice}", name=name, advice=advice),
        )


def _is(node: nodes.Node, name: str) -> bool:
    return isinstance(node, nodes.Name) and node.name == name


# ---------------------------------------------------------------- names


def find_unknown_names(
    tree: nodes.Template, unresolved: Collection[str], settings: Collection[str]
) -> Iterator[Fault]:
    """The names that come from outside, and that nothing outside has: `unresolved` are those that
    the compiler could not bind, `settings` what the templates of the folder set for one another."""
    known = {*ROOTS, *HELPERS, *FUNCTIONS, *settings, *assigned_names(tree)}
    unknown = {name for name in (*unresolved, "self") if name not in known}
    called = {
        node.node.name for node in tree.find_all(nodes.Call) if isinstance(node.node, nodes.Name)
    }
    told: set[tuple[int, str]] = set()
    for node in tree.find_all(nodes.Name):
        if node.ctx == "load" and node.name in unknown and (node.lineno, node.name) not in told:
            told.add((node.lineno, node.name))
            yield Fault(node.lineno, node.name, _unknown(node.name, node.name in called))


def assigned_names(tree: nodes.Template) -> set[str]:
    """The names that `{% set %}` and `{% macro %}` give to what follows."""
    targets = [node.target for node in tree.find_all(nodes.Assign)]
    targets += [node.target for node in tree.find_all(nodes.AssignBlock)]
    found = [name for target in targets for name in (target, *target.find_all(nodes.Name))]
    macros = {node.name for node in tree.find_all(nodes.Macro)}
    return macros | {name.name for name in found if isinstance(name, nodes.Name)}


def _unknown(name: str, is_called: bool) -> Phrase:
    if is_called and name not in _INSTEAD:
        return say(
            "there is no function `{name}()`{hint}",
            name=name,
            hint=did_you_mean(name, FUNCTIONS | HELPERS) or _listed(FUNCTIONS),
        )
    if name in _INSTEAD:
        return say("there is no `{name}` here: {instead}", name=name, instead=_INSTEAD[name])
    near = closest(name, ROOTS)
    hint = (
        say("; did you mean `{near}`?", near=near)
        if near
        else say("; write `customer.{name}` for a fact or trait of the customer", name=name)
    )
    return say("there is no `{name}` here{hint}", name=name, hint=hint)
