"""The French pages say what the English ones do: the same headings, and the same code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.sentences import typeset

ROOT = Path(__file__).parent.parent
FRENCH = sorted((ROOT / "docs/fr").glob("*.md"))
BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"(^|\s+)#(?!\d).*$", re.MULTILINE)


def english(page: Path) -> Path:
    return ROOT / "README.md" if page.name == "README.md" else ROOT / "docs" / page.name


def blocks(page: Path) -> list[tuple[str, str]]:
    """The code of a page, without comments and without what readers of a mail see. What has no
    language is a picture in letters.
    """
    return [
        (language, _bare(language, text))
        for language, text in BLOCK.findall(page.read_text("utf-8"))
    ]


def _bare(language: str, text: str) -> str:
    if language == "":
        return ""
    if language in ("html", "mjml", "txt", "text", "markdown"):
        return "".join(re.findall(r"<[^>]*>|\{\{.*?\}\}|\{%.*?%\}", text))
    return COMMENT.sub("", text)


def prose(page: Path) -> str:
    return BLOCK.sub("", page.read_text("utf-8"))


def levels(page: Path) -> list[int]:
    return [len(marks) for marks in re.findall(r"^(#+) ", prose(page), re.MULTILINE)]


@pytest.mark.parametrize("page", FRENCH, ids=lambda page: page.name)
def test_a_french_page_has_the_headings_of_the_english_one(page: Path) -> None:
    assert levels(page) == levels(english(page))


@pytest.mark.parametrize("page", FRENCH, ids=lambda page: page.name)
def test_a_french_page_has_the_code_of_the_english_one(page: Path) -> None:
    assert blocks(page) == blocks(english(page))


@pytest.mark.parametrize("page", FRENCH, ids=lambda page: page.name)
def test_a_french_page_has_the_tables_and_lists_of_the_english_one(page: Path) -> None:
    def shape(text: str) -> list[str]:
        return re.findall(r"^ *(?:\| `[^`]+`|- |\d+\. )", text, re.MULTILINE)

    assert shape(prose(page)) == shape(prose(english(page)))


@pytest.mark.parametrize("page", FRENCH, ids=lambda page: page.name)
def test_every_link_of_a_french_page_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", page.read_text("utf-8")):
        path, _, heading = target.partition("#")
        file = (page.parent / path) if path else page
        assert file.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.+)$", BLOCK.sub("", file.read_text("utf-8")), re.MULTILINE)
            slugs = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
            assert heading in slugs, target


@pytest.mark.parametrize("page", FRENCH, ids=lambda page: page.name)
def test_a_french_page_is_set_as_french_is(page: Path) -> None:
    wrong = [line for line in prose(page).split("\n") if typeset(line) != line]
    assert wrong == []


@pytest.mark.parametrize("page", FRENCH, ids=lambda page: page.name)
def test_the_reference_in_french_has_the_keys_and_examples_of_the_english_one(page: Path) -> None:
    def ends(text: str) -> list[tuple[str, str]]:
        rows = re.findall(r"^\|(.+)\|$", text, re.MULTILINE)
        cells = [re.split(r"(?<!\\)\|", row) for row in rows]
        return [(one[0], one[3]) for one in cells if len(one) == 4 and "`" in one[0]]

    if page.name != "rules.md":  # whose last column says how to mend
        assert ends(prose(page)) == ends(prose(english(page)))


@pytest.mark.parametrize("page", FRENCH, ids=lambda page: page.name)
def test_what_is_typed_is_the_same_on_a_french_page(page: Path) -> None:
    """`parcours …` between backticks: the English page's test knows whether there is such a call."""

    def typed(text: str) -> set[str]:
        return {" ".join(call.split()) for call in re.findall(r"`(parcours [^`]+)`", text)}

    own = {"parcours check"}  # of which the French pages tell once more, for its language
    assert typed(prose(page)) - own <= typed(prose(english(page)))


def test_readers_of_english_find_the_french_pages() -> None:
    assert "(docs/fr/README.md)" in (ROOT / "README.md").read_text("utf-8")
