"""`[never] rules` of `parcours.toml` as conditions. They speak of customers as segments do."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.config import FILE, Config
from orchestrator.documents.document import Document
from orchestrator.domain.errors import Problem
from orchestrator.domain.lifecycle import Lifecycle
from orchestrator.domain.never import NeverRule
from orchestrator.domain.text_files import decode_text
from orchestrator.language.lifecycle_file import CandidateFinder
from orchestrator.language.place import Known, Place
from orchestrator.language.toml_keys import read_toml
from orchestrator.language.where import RULE


def read_never(
    config: Config, lifecycle: Lifecycle, known: Known, problems: list[Problem]
) -> tuple[tuple[NeverRule, ...], Document | None]:
    """The rules of a project, with the document that they stand in; faults are added to
    `problems`."""
    if not config.never:
        return (), None
    document, _ = read_toml(decode_text((config.root / FILE).read_bytes()), FILE)
    place = Place(document, known, problems).at("never", "rules")
    return tuple(_rules(config.never, lifecycle, place)), document


def _rules(written: tuple[str, ...], lifecycle: Lifecycle, place: Place) -> Iterator[NeverRule]:
    finder = CandidateFinder({one.name: one.condition.tree for one in lifecycle.segments})
    for number, text in enumerate(written):
        here = place.at(number)
        condition = here.condition(text, RULE)
        if condition is not None:
            yield NeverRule.of(condition, finder.find(condition.tree, here), lifecycle)
