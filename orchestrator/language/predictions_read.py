"""Which predictions a project's files read: where none does, none is written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.domain.expression import Expr, customer_names
from orchestrator.domain.predicted_traits import PREDICTED
from orchestrator.domain.text_files import decode_text
from orchestrator.language.project import Project

_IN_TEMPLATE = re.compile(rf"\bcustomer\.({'|'.join(PREDICTED)})\b")


def are_written_nightly(project: Project) -> bool:
    """Whether predictions are written every night: as the project says, else where they are
    read.
    """
    said = project.config.predictions_nightly
    return bool(predictions_read(project)) if said is None else said


def predictions_read(project: Project) -> frozenset[str]:
    """The predictions that journeys, segments, stages, rules or templates read."""
    read = set[str]().union(*map(customer_names, _trees(project)))
    return frozenset(read & set(PREDICTED)) | _read_by_templates(project)


def _trees(project: Project) -> Iterator[Expr]:
    for document in project.documents.values():
        for trees in document.trees.values():
            yield from trees
    yield from (rule.condition.tree for rule in project.never)


def _read_by_templates(project: Project) -> frozenset[str]:
    texts = [*project.subjects, *_template_texts(project)]
    return frozenset(name for text in texts for name in _IN_TEMPLATE.findall(text))


def _template_texts(project: Project) -> Iterator[str]:
    for path in (project.root / "templates").glob("*/*"):
        try:
            yield decode_text(path.read_bytes())
        except (OSError, UnicodeDecodeError):
            continue  # `check` says which file cannot be read
