"""Two readers of YAML that must say the same: the quick one is heard only where they do."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.documents.yaml_events import Unusual, read_quickly
from orchestrator.documents.yaml_nodes import read_anything, read_yaml
from tests.documents.test_yaml_nodes import YAMLISH
from tests.language.test_hostile_files import one_change_away
from tests.support.examples import examples
from tests.support.house import ROOT

SHIPPED = sorted((ROOT / "journeys").glob("*.yaml"))
WORDS = [
    "a", "b c", "x: y", "x:", "it's", "{{ a.b }}", "!= 3", "a & b", "* x", "*", "&", "!", "- z",
    "#h", "a #h", "a#h", "1", "~", "yes", "[x]", "{x}", "a, b", "a:b", "?", "? x", "&x 1", "*x", "&x", "|", "> 3", "é",
    "\N{GRINNING FACE}", "\\", "%", "@x", "`", "10:00", "a\nb", "x\n  y", "...", "---", "-", "<<",
    "a  b", " a", "a ", "", "x'y", 'x"y',
]  # fmt: skip
ESCAPED = [r"a\tb", r"\u00e9", r"\x41", "a\\\n   b", r"\/", r"\e", "x\n\n  y", " x "]
KEYS = ["a", "bb", "c d", "'e'", '"f"', "1", "true", "? x", ""]


def write_text(chance: Random) -> str:
    """Text in one of the ways of YAML, indented by 6 where it has several lines."""
    word, lines = chance.choice(WORDS), chance.choices(WORDS, k=3)
    ways = {
        "plain": word,
        "over two lines": f"{word}\n      {lines[0]}",
        "single": "'" + word.replace("'", "''") + "'",
        "double": '"' + chance.choice(ESCAPED) + '"',
        "block": chance.choice(["|", "|-", ">", ">-", "|+", ">+", "|2", "> # c", "|-  "])
        + "".join("\n      " + " " * chance.randrange(2) + line for line in lines)
        + "\n" * chance.randrange(3),
    }
    return chance.choice(list(ways.values()))


def write_flow(chance: Random, depth: int = 0) -> str:
    kind, comma = chance.randrange(4), chance.choice([", ", ",", ",\n      ", " , "])
    if depth > 2 or kind < 2:
        return chance.choice(WORDS)
    items = [write_flow(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind == 2:
        return f"[{comma.join(items)}{chance.choice(['', ','])}]"
    colons = chance.choices([": ", ":", " : ", ""], k=len(items))
    pairs = [f"{chance.choice(KEYS)}{c}{item}" for c, item in zip(colons, items, strict=True)]
    return f"{{{comma.join(pairs)}{chance.choice(['', ' '])}}}"


def write_block(chance: Random, indent: int = 0, depth: int = 0) -> str:
    """What stands behind a key or a `-`."""
    kind = chance.randrange(6)
    if depth > 3 or kind < 2:
        return " " + write_text(chance)
    if kind == 2:
        return " " + write_flow(chance)
    inner = indent + chance.choice([1, 2, 2, 4])
    line, entries = "\n" + " " * inner, range(chance.randrange(1, 4))
    if kind == 3:
        return "".join(f"{line}-{write_block(chance, inner, depth + 1)}" for _ in entries)
    ends = ["", "", " # c", "\n# c", "\n"]
    return chance.choice(["", "", " # note"]) + "".join(
        f"{line}{chance.choice(KEYS)}{chance.choice([':', ':', ' :'])}"
        f"{write_block(chance, inner, depth + 1)}{chance.choice(ends)}"
        for _ in entries
    )


def write_yaml(seed: int) -> str:
    chance = Random(seed)
    text = "".join(f"{name}:{write_block(chance)}\n" for name in "abc"[: chance.randrange(1, 4)])
    at, cut = chance.randrange(len(text)), chance.randrange(3)
    return text if chance.random() < 0.5 else text[:at] + chance.choice(WORDS) + text[at + cut :]


SEEDS = st.integers(0, 2**32)
CHANGED = st.builds(
    lambda file, seed: one_change_away(file.read_text("utf-8"), Random(seed)),
    st.sampled_from(SHIPPED),
    SEEDS,
)


@given(YAMLISH | SEEDS.map(write_yaml) | CHANGED)
@settings(max_examples=examples(600), deadline=None)
def test_a_text_is_the_same_document_whoever_reads_it(text: str) -> None:
    assert read_yaml(text, "f") == read_anything(text, "f")


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_shipped_file_is_read_by_the_quick_reader(file: Path) -> None:
    assert list(read_quickly(file.read_text("utf-8")))


@pytest.mark.parametrize(
    "text",
    [
        "a: &xa:b\n",
        "a: !!str 1\n",
        "a:\t1\n",
        "a: 1\r\nb: 2\r\n",
        "a: one\u2028 line\n",
        "--- a: 1\n",
        "a: |\n \n  b\n",
        "a: |# b\n",
        "a: [\n",
        "a: \ud800\n",
    ],
)
def test_of_what_is_unusual_the_quick_reader_says_nothing(text: str) -> None:
    with pytest.raises(Unusual):
        list(read_quickly(text))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a:\n\n\nb: 1\n", (1, 3)),
        ("a: # why\nb: 1\n", (1, 3)),
        ("b: 1\na:", (2, 3)),
        ("{b: 1, a: }", (1, 10)),
    ],
)
def test_a_value_that_is_missing_stands_behind_its_key(text: str, place: tuple[int, int]) -> None:
    assert read_yaml(text, "f")[0].position(("a",)) == place
    assert read_anything(text, "f")[0].position(("a",)) == place
