"""Tables of docs/reliability.md, each between two marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs/reliability.md"


def write_table(name: str, lines: Sequence[str]) -> None:
    """Puts lines of markdown between `<!-- name -->` and `<!-- /name -->`."""
    text = PAGE.read_text(encoding="utf-8")
    body = "\n".join(lines)
    found = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    assert found.search(text), f"{PAGE.name} has a place for the table of {name}"
    PAGE.write_text(
        found.sub(lambda place: f"{place[1]}{body}\n{place[2]}", text), encoding="utf-8"
    )
