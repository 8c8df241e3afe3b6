"""What lies inside of an event's properties: the elements of its lists, the parts of its maps."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from orchestrator.domain.expression import (
    Attribute,
    Const,
    Each,
    Expr,
    Filter,
    Invoke,
    Item,
    Name,
    walk,
)
from orchestrator.domain.phrase import Phrase, say
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.domain.tracking_plan import Shape
from orchestrator.domain.triggers import EventTrigger
from orchestrator.domain.values import is_number
from orchestrator.lint.knowledge import Knowledge
from orchestrator.lint.rules import Finding
from orchestrator.lint.template_reads import template_reads
from orchestrator.lint.uses import usages
from orchestrator.render.methods import METHODS
from orchestrator.render.reads import ELEMENT

Shapes = Sequence[Shape]  # all that is told of one value; none: nothing is known of it
_WORD = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
_LISTED = 12


@dataclass(frozen=True, slots=True)
class WithinEvents:
    """What `event`, `entry` and `item` may be somewhere, by plan or data."""

    event: Shapes = ()
    entry: Shapes = ()
    item: Shapes = ()

    def faults(self, tree: Expr) -> Iterator[Phrase]:
        """Names that no element of a list, and no map inside of the properties, has."""
        for part in walk(tree):
            match part:
                case Attribute(of, name) if of not in (Name("event"), Name("entry")):
                    yield from _missing(self.of(of), name, _spelled(of))
                case Each(of, name):
                    yield from _missing(_elements(self.of(of)), name, _spelled(of))
                case Invoke("any", (of, *_), options):
                    for name, _ in options:
                        yield from _missing(_elements(self.of(of)), name, _spelled(of))
                case Invoke("sum", (of, Const(str() as text))):
                    for word in dict.fromkeys(_WORD.findall(text)):
                        name = word.partition(".")[0]
                        yield from _missing(_elements(self.of(of)), name, _spelled(of))

    def of(self, tree: Expr) -> Shapes:
        """What is known of a value."""
        match tree:
            case Name("event"):
                return self.event
            case Name("entry"):
                return self.entry
            case Name("item"):
                return self.item
            case Attribute(of, name) | Item(of, Const(str() as name)):
                return _part(self.of(of), name)
            case Item(of, Const(key)) if is_number(key):
                return _elements(self.of(of))
            case Filter("first" | "last", of):
                return _elements(self.of(of))
        return ()

    def along(self, path: Sequence[str]) -> Iterator[Phrase]:
        """The fault of the last name of a path that a template reads."""
        shapes = {"entry": self.entry, "item": self.item}.get(path[0], ())
        for name in path[1:-1]:
            shapes = _elements(shapes) if name == ELEMENT else _part(shapes, name)
        if path[0] == "item" or len(path) > 2:
            names = [name for name in path[1:-1] if name != ELEMENT]
            yield from _missing(shapes, path[-1], ".".join(names) or path[0])


def names_inside(known: Knowledge) -> Iterator[Finding]:
    """Names that nothing inside of an event's properties has, in conditions and in templates."""
    for usage in usages(known.project):
        journey = str(usage.document.map.get("journey"))
        sent = [journey] if journey in known.project.journeys else []
        at = _inside(known, sent, usage.events)
        yield from ((usage.spot, told) for told in dict.fromkeys(at.faults(usage.tree)))
    for root in ("entry", "item"):
        for where, path in template_reads(known, root, depth=None):
            if path[-1] not in METHODS:
                at = _inside(known, where.journeys)
                yield from ((where.spot, told) for told in at.along(path))
    yield from _in_facts(known)


def _in_facts(known: Knowledge) -> Iterator[Finding]:
    document = known.project.documents.get("lifecycle")
    for fact in known.project.lifecycle.facts if document else ():
        path = ["entry"]
        for part in (fact.of or "").split("."):
            path += [part.removesuffix("[]"), ELEMENT] if part.endswith("[]") else [part]
        if document is not None and path[-1]:
            spot = document.file, *document.position(("facts", fact.name, "of"))
            at = WithinEvents(entry=_told(known, [fact.event]))
            yield from ((spot, told) for told in at.along(path))


def _inside(
    known: Knowledge, journeys: Collection[str], events: Collection[str] = ()
) -> WithinEvents:
    entries = known.entry_events(journeys) or ()
    return WithinEvents(_told(known, events), _told(known, entries), _items(known, journeys))


def _told(known: Knowledge, events: Collection[str]) -> Shapes:
    return [one for event in events for one in [*known.shapes(event)] or [_UNTOLD]]


#: Of an event that nothing tells of, by Segment's specification.
_UNTOLD = Shape(parts={"products": Shape(items=Shape(is_open=True))}, is_open=True)


def _items(known: Knowledge, journeys: Collection[str]) -> Shapes:
    """What an element is of which the triggers of these journeys let in each."""
    triggers = [one for name in journeys for one in known.project.journeys[name].triggers]
    elements = [
        _elements(WithinEvents(event=_told(known, [one.event])).of(one.each.trees[0]))
        for one in triggers
        if isinstance(one, EventTrigger) and one.each is not None and one.each.trees
    ]
    return [one for some in elements for one in some] if all(elements) else ()


def _part(shapes: Shapes, name: str) -> Shapes:
    parts = [shape.parts.get(name) for shape in shapes]
    return [part for part in parts if part is not None] if all(parts) else ()


def _elements(shapes: Shapes) -> Shapes:
    items = [shape.items for shape in shapes]
    return [item for item in items if item is not None] if all(items) else ()


def _missing(shapes: Shapes, name: str, of: str) -> Iterator[Phrase]:
    if not shapes or name == ELEMENT:
        return
    if all(shape.items is not None for shape in shapes):
        yield say(
            "`{of}` is a list: write `{of}[].{name}` for what all its elements say, or "
            "`any({of}, {name}=…)`",
            of=of,
            name=name,
        )
    elif all(shape.parts and not shape.is_open and name not in shape.parts for shape in shapes):
        there = {part for shape in shapes for part in shape.parts}
        hint = did_you_mean(name, there) or say(
            " (known: {names})", names=", ".join(sorted(there)[:_LISTED])
        )
        yield say("nothing in `{of}` has a '{name}'{hint}", of=of, name=name, hint=hint)


def _spelled(tree: Expr) -> str:
    match tree:
        case Name(name):
            return name
        case Attribute(of, name):
            return f"{_spelled(of)}.{name}"
        case Each(of, name):
            return f"{_spelled(of)}[].{name}"
        case Item(of, Const(key)):
            return f"{_spelled(of)}[{key!r}]"
        case Filter(_, of):
            return _spelled(of)
    return "…"
