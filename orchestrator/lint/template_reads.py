"""What templates, and the subjects that steps write themselves, read, and who sends them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.lint.knowledge import Knowledge
from orchestrator.lint.rules import Spot
from orchestrator.lint.step_rules import messages


@dataclass(frozen=True, slots=True)
class TemplateRead:
    """A place in a template, and the journeys that send it."""

    spot: Spot
    journeys: tuple[str, ...]


def template_reads(
    known: Knowledge, root: str, depth: int | None = 2
) -> Iterator[tuple[TemplateRead, tuple[str, ...]]]:
    """What is read of a root, as deep as that, once a place; the journeys are all that send one
    with it.
    """
    if known.templates is None:
        return
    senders: dict[tuple[str, str], set[str]] = {}
    for journey, step in messages(known.project):
        senders.setdefault((step.medium, step.template), set()).add(journey.id)
    found: dict[tuple[Spot, tuple[str, ...]], set[str]] = {}
    for template, reads in known.templates.reads().items():
        for read in reads:
            if read.path[0] == root:
                key = (read.file, read.line, read.column), read.path[:depth]
                found.setdefault(key, set()).update(senders.get(template, ()))
    for subject in known.subjects:
        for read in subject.text.reads:
            if read.path[0] == root:
                found.setdefault((subject.spot, read.path[:depth]), set()).add(subject.journey)
    for (spot, path), journeys in found.items():
        yield TemplateRead(spot, tuple(sorted(journeys))), path
