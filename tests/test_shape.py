"""The figures of the house: how long, how wide, how vague. Each has the aim the house is built to;
where it is not there yet, the limit is the figure of today, and is only ever made smaller.

They are averages and extremes, not taste: a figure that is held is one that nobody has to argue
about in a review.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest

from tests.support.house import (
    LIVING,
    PACKAGES,
    ROOT,
    Function,
    circles,
    classes,
    functions,
    imports,
    inside,
    module_of,
    read,
    room_of,
    shown,
    syntax,
)

#: Beside each, the aim where it is another.
FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 400
LONG_LINES_MAX = 0
ANY_PER_1000_LINES_MAX = 8
UNTYPED_ROWS_MAX = 0


# ---------------------------------------------------------------- imports


def test_no_module_is_needed_by_one_that_it_needs() -> None:
    """A circle cannot be read from either end. It stays one when half of it is imported inside a
    function, or for types only: such imports count.
    """
    assert circles(imports()) == []


def test_a_circle_is_found_wherever_it_is() -> None:
    graph = {"a": {"b"}, "b": {"c", "d"}, "c": {"b"}, "d": {"e"}, "e": set(), "f": {"a", "f"}}
    assert circles(graph) == [{"b", "c"}]


# ---------------------------------------------------------------- lengths


def test_functions_are_short() -> None:
    lengths = [function.lines for function in functions()]
    longest = sorted(functions(), key=lambda function: function.lines)[-3:]
    report = ", ".join(f"{function} {function.lines}" for function in longest)
    assert median(lengths) <= 8
    assert quantiles(lengths, n=10)[-1] <= 23
    assert max(lengths) <= FUNCTION_LINES_MAX, report


def test_files_are_short() -> None:
    """A file that has grown beyond this holds two things, one of which wants a name."""
    lengths = sorted((read(path).count("\n"), shown(path)) for path in LIVING)
    assert lengths[-1][0] <= FILE_LINES_MAX, lengths[-3:]


def test_lines_are_short() -> None:
    """Width must not buy shortness: at 120 columns the same text has a quarter fewer lines."""
    long = [
        f"{shown(path)}:{number}"
        for path in LIVING
        for number, line in enumerate(read(path).splitlines(), 1)
        if len(line) > 100
    ]
    assert len(long) <= LONG_LINES_MAX, long


def test_a_command_reads_its_options_and_calls_a_room() -> None:
    """What a page or a worker could want too must not lie in the command line, which nobody may
    import.
    """
    long = {
        path.stem
        for path in LIVING
        if inside(path, "orchestrator/cli") and read(path).count("\n") > 100
    }
    assert not long


@pytest.mark.parametrize("room", sorted({room_of(path) for path in LIVING}))
def test_few_functions_take_more_than_four_positional_arguments(room: str) -> None:
    """At a call of five bare values nobody sees which is which; name them, or make them one
    value.
    """
    here = [function for function in functions() if room_of(function.path) == room]
    wide = [str(function) for function in here if function.positional > 4]
    assert len(wide) <= max(1, len(here) * 0.02), wide


# ---------------------------------------------------------------- types


def test_little_is_any() -> None:
    """`Any` switches the types off for all that it touches. An alias counts: its name is spelled
    with `Any` once, and every use of it is one.
    """
    lines = sum(read(path).count("\n") for path in LIVING)
    uses = sum(1 for path in LIVING for _ in uses_of_any(path))
    assert 1000 * uses / lines <= ANY_PER_1000_LINES_MAX


def uses_of_any(path: Path) -> Iterator[int]:
    """The lines of a file at which `Any`, or an alias of it, stands."""
    names = aliases_of_any(path) | {
        alias.asname or alias.name
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ImportFrom) and node.module in MODULES
        for alias in node.names
        if alias.name in aliases_of_any(MODULES[node.module])
    }
    for token in tokenize.generate_tokens(io.StringIO(read(path)).readline):
        if token.type == tokenize.NAME and token.string in names | {"Any"}:
            yield token.start[0]


def aliases_of_any(path: Path) -> set[str]:
    """The other names that a file gives to `Any`."""
    found = set()
    for node in ast.walk(syntax(path)):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Name(id="Any")):
                found.add(name)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Name(id="Any")):
                found.add(name)
            case ast.ImportFrom(module="typing", names=names):
                found |= {alias.asname for alias in names if alias.name == "Any" and alias.asname}
    return found


MODULES = {module_of(path): path for path in LIVING}


def test_rows_have_types_where_they_are_worked_with() -> None:
    """A misspelled column of `row: Any` is found by a customer."""
    rows = [
        f"{shown(path)}:{number}"
        for path in LIVING
        if inside(path, "orchestrator/engine", "orchestrator/api")
        for number, line in enumerate(read(path).splitlines(), 1)
        if re.search(r"\brow\w*: (?:\w+\[)?Any\b", line)
    ]
    assert len(rows) <= UNTYPED_ROWS_MAX, rows


def test_the_handle_of_a_table_is_made_in_one_place() -> None:
    """Where each file made its own, files imported each other for a handle and nothing else."""
    makers = [shown(path) for path in LIVING if "__table__" in read(path)]
    assert len(makers) <= 1, makers


# ---------------------------------------------------------------- words


LITTLE_WORDS = set(
    re.findall("[a-z]+", "a an the of it its this that is are be to for in on by and")
)


def test_no_docstring_only_repeats_the_name() -> None:
    """A sentence that says the name and the arguments once more is read for nothing."""
    repeating = [
        str(function)
        for function in functions()
        if function.is_public and repeats(function, ast.get_docstring(function.node))
    ]
    assert not repeating


def repeats(function: Function, docstring: str | None) -> bool:
    arguments = [argument.arg for argument in function.node.args.args]
    known = _words(" ".join([function.owner, function.node.name, *arguments]))
    return bool(docstring) and _words(docstring or "") <= known


def _words(text: str) -> set[str]:
    """The words of a text or a name, without little ones and without their endings."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).replace("_", " ").lower()
    words = set(re.findall("[a-z]+", parted)) - LITTLE_WORDS
    return {re.sub(r"(ing|es|ed|s|e)$", "", word) for word in words}


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ('def write_outcomes(outcomes): "Writes the outcomes."', True),
        ('def write_outcomes(outcomes): "Writes outcomes in one transaction."', False),
        ("def write_outcomes(outcomes): ...", False),
    ],
)
def test_a_docstring_that_says_the_name_is_seen(code: str, answer: bool) -> None:
    node = ast.parse(code).body[0]
    assert isinstance(node, ast.FunctionDef)
    assert repeats(Function(ROOT, node, ""), ast.get_docstring(node)) is answer


def test_a_file_name_means_one_thing() -> None:
    """Two files of one name are told apart by whoever knows both."""
    folders: defaultdict[str, set[Path]] = defaultdict(set)
    for path in LIVING:
        if path.stem != "__init__":
            folders[path.stem].add(path.parent)
    shared = {stem for stem, found in folders.items() if len(found) > 1} - set(PACKAGES)
    assert not shared


def test_a_class_name_means_one_thing() -> None:
    counts = Counter(name for name, _ in classes())
    assert not {name for name, count in counts.items() if count > 1}
