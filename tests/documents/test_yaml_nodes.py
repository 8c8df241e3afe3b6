"""YAML 1.2, where everything stands, and every text that is no YAML of ours."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.documents.yaml_nodes import BYTES_MAX, read_yaml, resolve_plain
from orchestrator.domain.phrase import say
from tests.support.examples import examples


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("off", "off"),
        ("10:00", "10:00"),
        ("1:30", "1:30"),
        ("2026-11-27", "2026-11-27"),
        ("2026-11-27 10:00", "2026-11-27 10:00"),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("-7", -7),
        ("+1", 1),
        (".inf", ".inf"),  # no number that a journey could mean
        (".nan", ".nan"),
        ("1d", "1d"),
        ("true", True),
        ("True", True),
        ("~", None),
        ("null", None),
        ("", None),
        ("9" * 5000, "9" * 5000),
    ],
)
def test_a_word_is_what_yaml_1_2_says(word: str, value: Any) -> None:
    assert resolve_plain(word) == value
    assert type(resolve_plain(word)) is type(value)


def test_every_key_and_value_has_its_line_and_column() -> None:
    document, problems = read_yaml('a: 1\nb:\n  - {c: "x", d: [2, y]}\n', "f.yaml")
    assert problems == []
    assert document.data == {"a": 1, "b": [{"c": "x", "d": [2, "y"]}]}
    assert document.values["a",] == (1, 4)
    assert document.keys["b",] == (2, 1)
    assert document.values["b", 0, "c"] == (3, 10)  # inside the quote
    assert document.keys["b", 0, "d"] == (3, 14)
    assert document.values["b", 0, "d", 1] == (3, 21)


def test_an_offset_counts_columns_only_where_the_text_stands_as_it_is() -> None:
    document, _ = read_yaml(
        "plain: abc\nquoted: 'abc'\nescaped: \"a\\tc\"\nfolded: >-\n  abc\n  def\n", "f"
    )
    columns = {key: document.problem((key,), say(""), offset=2).column for key in document.data}
    assert columns == {"plain": 10, "quoted": 12, "escaped": 10, "folded": 9}


def test_folded_and_literal_text_is_plain_text() -> None:
    document, _ = read_yaml("a: >-\n  x\n  y\n\n  z\nb: |\n  1\n  2\n", "f")
    assert document.data == {"a": "x y\nz", "b": "1\n2\n"}


def test_an_alias_repeats_what_its_anchor_holds() -> None:
    document, problems = read_yaml("a: &x {b: &y 1}\nc: *x\nd: *y\n", "f")
    assert (document.data, problems) == ({"a": {"b": 1}, "c": {"b": 1}, "d": 1}, [])


def test_a_key_that_comes_twice_is_reported_and_the_first_holds() -> None:
    document, problems = read_yaml("a: 1\nb: 2\na: 3\n", "f.yaml")
    assert [str(problem) for problem in problems] == [
        "f.yaml:3:1: the key 'a' is already there, in line 1"
    ]
    assert document.data == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "a: b: c",
            "f:1:5: this is not YAML: `:` is not expected here: put text that holds ': ' between",
        ),
        ("a: [1", "f:1:6: this is not YAML: `\\[`, opened in line 1, is not closed by `]`"),
        ("{a: 1\nb: 2", "f:2:2: this is not YAML: `{`, opened in line 1, is not closed by `}`"),
        (
            "{a: b[0] is defined}",
            "f:1:6: this is not YAML: text that holds `\\[` stands between quotes",
        ),
        (
            'a: "\\q"',
            (
                r"f:1:6: this is not YAML: `\\` begins a special sign here: write `\\\\`, or "
                r"put the text"
            ),
        ),
        ('a: "b\nc: d', "f:1:4: this is not YAML: a quote is opened and never closed"),
        ('a: "\\U99999999"', "f:1:5: there is no such sign"),
        ("a: %b", "f:1:4: this is not YAML: text that begins with `%` stands between quotes"),
        ("a: - b", "f:1:4: this is not YAML: `- ` begins an entry on a line of its own"),
        ("a: [b, }", "f:1:8: this is not YAML: something is missing before `}`"),
        (" a: b\nc: d", "f:2:1: this is not YAML: this line does not line up with those before it"),
        ("a: *", "f:1:5: this is not YAML: text that begins with `&`, `\\*` or `!` stands"),
        (
            "a: |99\n  b",
            "f:1:6: this is not YAML: text over several lines begins on the line after `|`",
        ),
        ("a\nb: c", "f:2:2: this is not YAML: "),
        ("a:\n\t- 1", "f:2:1: this is not YAML: .* indent with spaces"),
        ("a: @b", "f:1:4: this is not YAML: .* between quotes"),
        ("a: !!python/object:os.system x", "f:1:4: tags such as '!x' are not accepted"),
        ("!x a: 1", "f:1:1: tags"),
        ("%YAML 1.1\n---\na: 1", "f:1:1: directives"),
        ("# why\n%TAG ! x\n---\na: 1", "f:2:1: directives"),
        ("a: 1\n---\nb: 2", "f:3:1: one file holds one document"),
        ("a: *x", "f:1:4: the alias '\\*x' has no '&x'"),
        ("a: &x [*x]", "f:1:8: the alias '\\*x' has no '&x'"),
        ("? [a]\n: b", "f:1:3: a key must be a word"),
        ("<<: 3", "f:1:1: merge keys"),
        ("[" * 100 + "]" * 100, "f:1:.*: this is nested too deeply"),
        ("a: \x00", "f:1:4: a character that cannot be seen \\(U\\+0000\\) stands here: delete it"),
        ("a: b\nc: d\x07", "f:2:5: a character that cannot be seen"),
    ],
)
def test_what_is_no_yaml_of_ours_is_refused_with_its_place(text: str, fault: str) -> None:
    document, problems = read_yaml(text, "f")
    assert document.data is None
    assert [bool(re.match(fault, str(problem))) for problem in problems] == [True], problems


def test_a_key_with_a_sign_that_cannot_be_seen_is_said() -> None:
    _, problems = read_yaml("a: 1\n\u200bb: 2\n", "f")
    assert [str(one) for one in problems] == [
        "f:2:1: a character that cannot be seen stands in this key: write it anew"
    ]


def test_aliases_of_aliases_do_not_multiply_without_end() -> None:
    levels = "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 10)}]\n" for n in range(8)
    )
    _, problems = read_yaml(f"a: &a [1,1,1,1,1,1,1,1,1,1]\n{levels}", "f")
    assert "repeated too often by aliases" in problems[0].message


def test_a_file_too_large_is_not_read() -> None:
    _, problems = read_yaml("#" * (BYTES_MAX + 1), "f")
    assert "larger than 200 kB" in problems[0].message


PIECES = [
    "a", "b: ", "- ", "\n", "  ", "\n  ", "[", "]", "{", "}", ",", ": ", "? ", "&x ", "*x", "!t ",
    "!!str ", "'", '"', "|\n", ">-\n", "#", "%", "---\n", "...\n", "\t", "\\", "~", "1", "<<", "@",
    "`", "\ufeff", "é", "\x85", "\0",
]  # fmt: skip
YAMLISH = st.lists(st.sampled_from(PIECES) | st.text(max_size=2), max_size=25).map("".join)


@given(YAMLISH)
@settings(max_examples=examples(1000))
def test_any_text_is_data_or_problems_with_a_place(text: str) -> None:
    document, problems = read_yaml(text, "f")
    lines = len(text.splitlines()) + 2
    assert all(
        1 <= problem.line <= lines and problem.column >= 1 and problem.message
        for problem in problems
    )
    if not problems and text.strip():
        assert () in document.values or document.data is None


@pytest.mark.parametrize("opening", ["[", "{", "- "])
def test_what_is_opened_thousands_of_times_is_refused_after_the_first(opening: str) -> None:
    _, problems = read_yaml("journey: x\nsteps:\n  " + opening * 20_000, "x.yaml")
    assert "nested too deeply" in problems[0].message
    assert problems[0].line == 3
    assert problems[0].column < 500  # the rest was not looked at
