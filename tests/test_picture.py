"""The picture of the house in docs/ is the house as it stands."""

from __future__ import annotations

from tests.support.picture import bare, files


def test_the_picture_of_the_house_is_drawn_from_its_imports() -> None:
    for path, text in files().items():
        assert path.read_text("utf-8") == text, f"{path.name} is old: `make picture` draws it anew"


def test_an_arrow_that_follows_from_others_is_left_out() -> None:
    graph = {"a": {"b", "c", "d"}, "b": {"c"}, "c": set(), "d": {"c"}}
    assert bare(graph) == {"a": {"b", "d"}, "b": {"c"}, "c": set(), "d": {"c"}}
