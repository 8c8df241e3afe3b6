"""The table of typical programmes in docs/gaps.md and docs/fr/gaps.md: `python -m tests.support.gaps_page`
writes both; a test compares them with the catalogue.
"""

from __future__ import annotations

import re

from orchestrator.gaps.gaps_told import PHASE_NAMES, STAGE_NAMES
from orchestrator.gaps.typical import ACTIVITIES
from orchestrator.translations.catalogue import ENGLISH, Catalogue, catalogue_of
from tests.support.house import ROOT

PAGE, FRENCH_PAGE = ROOT / "docs/gaps.md", ROOT / "docs/fr/gaps.md"
_PROGRAMMES = re.compile(r"(?<=<!-- programmes -->\n).*?(?=<!-- /programmes -->)", re.DOTALL)


def write() -> str:
    """The page as it should be."""
    head = "| programme | | stage | phase | why | measured by | filled by |"
    return _filled(PAGE.read_text("utf-8"), head, ENGLISH)


def write_french() -> str:
    """The same in French."""
    head = "| programme | | stade | phase | pourquoi | mesuré par | comblé par |"
    return _filled(FRENCH_PAGE.read_text("utf-8"), head, catalogue_of("fr"))


def _filled(page: str, head: str, catalogue: Catalogue) -> str:
    table = "\n".join((head, "|---|---|---|---|---|---|---|", *_rows(catalogue), ""))
    return _PROGRAMMES.sub(lambda _: table, page, count=1)


def _rows(catalogue: Catalogue) -> list[str]:
    return [
        "| "
        + " | ".join(
            (
                f"`{one.id}`",
                *map(
                    catalogue.tell,
                    (
                        one.title,
                        STAGE_NAMES[one.stage],
                        PHASE_NAMES[one.phase],
                        one.why,
                        one.measure,
                    ),
                ),
                f"`parcours new {one.playbook}`" if one.playbook else f"`parcours gaps {one.id}`",
            )
        )
        + " |"
        for one in ACTIVITIES
    ]


if __name__ == "__main__":
    PAGE.write_text(write(), "utf-8")
    FRENCH_PAGE.write_text(write_french(), "utf-8")
