"""Experiments of a log told, for people and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from orchestrator.domain.answer import Notice, Part
from orchestrator.domain.phrase import say_number
from orchestrator.measure.experiments.experiment_told import tell
from orchestrator.measure.experiments.logged_tests import LoggedTests, LogQuestion
from orchestrator.measure.experiments.verdict import Judged


def as_plain(
    found: LoggedTests, question: LogQuestion, judged: Sequence[Judged]
) -> dict[str, object]:
    """As `--json` prints it."""
    experiments = [
        {**asdict(one), "in_several_variations": found.experiments[one.experiment_id].in_several}
        for one in judged
    ]
    return {
        "exposure": question.exposure,
        "outcome": question.outcome,
        "currency": found.currency,
        "other_currencies": dict(found.other_currencies),
        "unnamed_exposures": found.unnamed,
        "experiments": experiments,
    }


def tell_log(found: LoggedTests, judged: Sequence[Judged]) -> Iterator[Part]:
    """For people."""
    for index, one in enumerate(judged):
        yield from [""] if index else []
        yield from tell(one, found.currency)
        if several := found.experiments[one.experiment_id].in_several:
            yield say_number(
                "{number:,} customer saw more than one variation and is left out.",
                "{number:,} customers saw more than one variation and are left out.",
                several,
            )
    if found.unnamed:
        yield Notice(
            say_number(
                "{number:,} exposure names no experiment or no variation",
                "{number:,} exposures name no experiment or no variation",
                found.unnamed,
            )
        )
    for currency, number in found.other_currencies.items():
        yield Notice(
            say_number(
                "{number:,} outcome in {currency} counts without its money",
                "{number:,} outcomes in {currency} count without their money",
                number,
                currency=currency,
            )
        )
