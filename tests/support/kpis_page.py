"""The pages of all key figures: `python -m tests.support.kpis_page` writes docs/kpis.md and, from the
catalogue, docs/fr/kpis.md; a test compares them with the registry.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from orchestrator.domain.phrase import Phrase
from orchestrator.measure.figures import FIGURES
from orchestrator.measure.figures.figure import Example, Family, Figure, Unit
from orchestrator.measure.figures.inputs import INPUTS
from orchestrator.translations.catalogue import ENGLISH, Catalogue, catalogue_of
from tests.support.house import ROOT
from tests.support.sentences import typeset

PAGE, FRENCH_PAGE = ROOT / "docs/kpis.md", ROOT / "docs/fr/kpis.md"
MARK = "<!-- figures: written by `make kpis` -->\n"

_FRENCH_UNITS = {
    Unit.MONEY: "montant",
    Unit.SHARE: "part",
    Unit.TIMES: "rapport",
    Unit.COUNT: "nombre",
    Unit.DAYS: "jours",
    Unit.SCORE: "score",
}


def write(catalogue: Catalogue = ENGLISH) -> str:
    """The page's tables as they should be, below its mark."""
    french = catalogue.language == "fr"
    head = (
        "| indicateur | | formule | unité | source | à la main |"
        if french
        else "| figure | | formula | unit | source | by hand |"
    )
    families: dict[str, Family] = {one.family.name: one.family for one in FIGURES.values()}
    parts = [
        f"## {_title(catalogue, family.title)}\n\n{head}\n|---|---|---|---|---|---|\n"
        + "\n".join(_row(one, catalogue) for one in FIGURES.values() if one.family == family)
        for family in families.values()
    ]
    counted = "## Ce qui est compté" if french else "## What is counted"
    inputs = "\n".join(f"| `{name}` | {_tell(catalogue, text)} |" for name, text in INPUTS.items())
    names = "| nombre | |" if french else "| number | |"
    return "\n\n".join([*parts, f"{counted}\n\n{names}\n|---|---|\n{inputs}"]) + "\n"


def _row(figure: Figure, catalogue: Catalogue) -> str:
    unit = _FRENCH_UNITS[figure.unit] if catalogue.language == "fr" else str(figure.unit)
    what = f"{_title(catalogue, figure.title)}. {_tell(catalogue, figure.meaning)}"
    cells = (
        f"`{figure.name}`",
        what,
        f"`{figure.formula}`",
        unit,
        _tell(catalogue, figure.source),
        f"`{worked(figure.formula, figure.example)}`",
    )
    return f"| {' | '.join(cells)} |"


def worked(formula: str, example: Example) -> str:
    """The formula with the numbers of its example in their places."""
    values = {name: str(value) for name, value in example.given.items()}
    filled = re.sub(r"[a-z_]+", lambda name: values.get(name[0], name[0]), formula)
    return f"{filled} = {example.gives}"


def _title(catalogue: Catalogue, text: Phrase) -> str:
    told = _tell(catalogue, text)
    return told[:1].upper() + told[1:]


def _tell(catalogue: Catalogue, text: Phrase) -> str:
    told = catalogue.tell(text)
    return (typeset(told) if catalogue.language == "fr" else told).replace("|", "\\|")


def pages() -> Iterator[tuple[Path, str]]:
    """Each page with its text as it should be: what stands above the mark is written by hand."""
    for path, catalogue in ((PAGE, ENGLISH), (FRENCH_PAGE, catalogue_of("fr"))):
        above = path.read_text("utf-8").partition(MARK)[0]
        yield path, f"{above}{MARK}\n{write(catalogue)}"


if __name__ == "__main__":
    for path, text in list(pages()):
        path.write_text(text, "utf-8")
