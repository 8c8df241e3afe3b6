"""Rules about predictions: read, and written by nobody."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.domain.expression import customer_names
from orchestrator.domain.phrase import say
from orchestrator.domain.predicted_traits import PREDICTED
from orchestrator.language.predictions_read import are_written_nightly
from orchestrator.lint.knowledge import Knowledge
from orchestrator.lint.rules import Finding, Rules, Spot
from orchestrator.lint.template_reads import template_reads
from orchestrator.lint.uses import usages

PREDICTIONS: Rules[Knowledge] = Rules()


@PREDICTIONS.rule(
    "unwritten-prediction",
    why="What nobody writes is undefined: every comparison with it is false.",
    mend="Take `nightly = false` out of [predictions], or send the trait yourself and name it in "
    "journeys/events.yaml.",
)
def unwritten(known: Knowledge) -> Iterator[Finding]:
    """Predictions that files of journeys read, where the project has them written by nobody."""
    if are_written_nightly(known.project):
        return
    unwritten_names = set(PREDICTED) - known.traits_of_the_shop
    for spot, name in _reads(known):
        if name in unwritten_names:
            yield (
                spot,
                say(
                    "nothing writes 'customer.{name}': [predictions] has `nightly = false`",
                    name=name,
                ),
            )


def _reads(known: Knowledge) -> Iterator[tuple[Spot, str]]:
    for usage in usages(known.project):
        yield from ((usage.spot, name) for name in sorted(customer_names(usage.tree)))
    for where, path in template_reads(known, "customer"):
        if len(path) > 1:
            yield where.spot, path[1]
