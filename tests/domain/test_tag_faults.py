"""What is said of a tag that cannot be read: what to do, and the word to look for."""

from __future__ import annotations

import pytest

from orchestrator.domain.tag_faults import explain


@pytest.mark.parametrize(
    ("message", "advice", "word"),
    [
        ("unexpected char '&' at 12", "`&` means nothing here: write `and`", "&"),
        ("unexpected char '#' at 12", "`#` means nothing here; put text between quotes", "#"),
        ("unexpected char '\\u201c' at 12", "straight quotes", "“"),
        ('unexpected char "\'" at 12', "the quote ' is not closed", "'"),
        ("The innermost block that needs to be closed is 'for'.", "write `{% endfor %}`", "for"),
        ("Encountered unknown tag 'endif'.", "without its `{% if … %}`", "endif"),
        ("Encountered unknown tag 'fro'.", "did you mean 'for'?", "fro"),
        ("expected token 'end of print statement', got 'x'", "`x` is not expected here", "x"),
        ("expected token 'name', got 'end of statement block'", "`a name` is missing", "%}"),
        ("expected token ',', got '='", "write `==`", "="),
        ("unexpected ')'", "is there one too many", ")"),
        ("something else", "this tag cannot be read", ""),
    ],
)
def test_a_fault_is_said_with_what_to_do_and_where_to_look(
    message: str, advice: str, word: str
) -> None:
    said, place = explain(message)
    assert advice in said
    assert place == word
