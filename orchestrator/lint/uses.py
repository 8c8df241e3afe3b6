"""What a project's files name: events, and the expressions that read them, with their places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from orchestrator.documents.document import Document, Path
from orchestrator.domain.event import ANY_EVENT
from orchestrator.domain.expression import Attribute, Const, Expr, Invoke, Item, Name, calls, walk
from orchestrator.domain.lifecycle import FactKind
from orchestrator.language.project import Project
from orchestrator.lint.rules import Spot
from orchestrator.render.compiled import Asked

_OF_FACTS = frozenset({*FactKind, "minus"})


@dataclass(frozen=True, slots=True)
class Mention:
    """An event that a file names; a test is a witness of it, and names nothing that runs."""

    event: str
    spot: Spot
    is_test: bool = False

    @property
    def file(self) -> str:
        """The file that names it."""
        return self.spot[0]


@dataclass(frozen=True, slots=True)
class Usage:
    """An expression in a file of `journeys/`, or in parcours.toml."""

    document: Document
    path: Path
    tree: Expr

    @property
    def spot(self) -> Spot:
        """Where it is written."""
        return self.document.file, *self.document.position(self.path)

    @property
    def events(self) -> frozenset[str]:
        """What `event` may be in it: it stands beside the event's name, in a fact, or in what a
        trigger lets in one passage for.
        """
        keys = _OF_FACTS if self.path[:1] == ("facts",) else ("event",)
        beside = self.document.get(("trigger",) if self.path == ("one_per",) else self.path[:-1])
        told = [one for one in _listed(beside) if isinstance(one, Mapping)]
        names = {one.get(key) for one in told for key in keys}
        return frozenset(name for name in names if isinstance(name, str))


def _listed(written: object) -> list[object]:
    return written if isinstance(written, list) else [written]


def usages(project: Project) -> Iterator[Usage]:
    """Every expression of the files, those of tests left out: they have none."""
    settings = [project.settings] if project.settings else []
    for document in (*project.documents.values(), *settings):
        for path, trees in document.trees.items():
            for tree in trees:
                yield Usage(document, path, tree)


def mentions(project: Project, asked: Iterable[tuple[Spot, Asked]]) -> Iterator[Mention]:
    """Every event that a file names, or that templates ask about; what steps emit is not named by
    that."""
    for stem, document in project.documents.items():
        if stem != "events":
            yield from _in_document(document)
    for usage in usages(project):
        for name in performed(usage.tree):
            yield Mention(name, usage.spot)
    for spot, one in asked:
        if one.call.function == "performed":
            yield Mention(one.name, spot)


def _in_document(document: Document) -> Iterator[Mention]:
    for path, value in walk_values(document.data):
        is_fact = path[:1] == ("facts",) and path[-1] in _OF_FACTS and value != ANY_EVENT
        is_event = path[-1] == "event" and path[-2:] != ("emit", "event")
        if isinstance(value, str) and (is_fact or is_event):
            is_test = path[:1] == ("tests",)
            yield Mention(value, (document.file, *document.position(path)), is_test)


def walk_values(data: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Every value below the top of plain data, with its path."""
    if path:
        yield path, data
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from walk_values(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from walk_values(value, (*path, index))


def performed(tree: Expr) -> Iterator[str]:
    """The events that an expression asks about by name."""
    for call in calls(tree, "performed"):
        match call:
            case Invoke(args=(Const(str() as name), *_)):
                yield name


def path_of(tree: Expr) -> tuple[str, ...]:
    """The names of `a.b.c`, outermost first; the elements of a list have none. Empty where a part
    of it is computed.
    """
    match tree:
        case Name(name):
            return (name,)
        case Attribute(of, name):
            before = path_of(of)
            return (*before, name) if before else ()
        case Item(of, _):
            return ()
    return ()


def paths_of(tree: Expr) -> Iterator[tuple[str, ...]]:
    """Every such path in an expression, with those that others go on from."""
    for part in walk(tree):
        if len(path := path_of(part)) > 1:
            yield path
