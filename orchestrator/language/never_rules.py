"""`[never] rules` of `parcours.toml` as conditions. They speak of customers as segments do."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.config import FILE, Config
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
) -> tuple[NeverRule, ...]:
    """The rules of a project; faults are added to `problems`."""
    if not config.never:
        return ()
    document, _ = read_toml(decode_text((config.root / FILE).read_bytes()), FILE)
    place = Place(document, known, problems).at("never", "rules")
    return tuple(_rules(config.never, lifecycle, place))


def _rules(written: tuple[str, ...], lifecycle: Lifecycle, place: Place) -> Iterator[NeverRule]:
    finder = CandidateFinder({one.name: one.condition.tree for one in lifecycle.segments})
    for text in written:
        condition = place.condition(text, RULE)
        if condition is not None:
            yield NeverRule.of(condition, finder.find(condition.tree, place), lifecycle)
