"""Experiments, as blocks: what came of each split and control group, and which need a look."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote

from orchestrator.domain.assignment import HELD_OUT, HOLDOUT, TREATED
from orchestrator.domain.phrase import Phrase, say, verbatim
from orchestrator.measure.experiments.intervals import Interval
from orchestrator.measure.experiments.judging import JudgedBy
from orchestrator.measure.experiments.kept_tests import (
    KeptQuestion,
    known_experiments,
    read_kept_tests,
)
from orchestrator.measure.experiments.verdict import (
    Comparison,
    Judged,
    VariationTold,
)
from orchestrator.report.experiment_verdict import Tried, tell_verdict
from orchestrator.report.page_blocks import Alert, Alerts, Block, Facts, Grid, Prose, Section
from orchestrator.report.page_source import Source
from orchestrator.report.page_values import Between, Money, Portion, Value

NONE = say("Nothing is tried here: a `split` or a `holdout` would tell what the journey causes.")
EVERYBODY = say(
    "Everybody who came counts, also who had no message. The intervals hold however often one "
    "looks: stop when you like."
)


@dataclass(frozen=True, slots=True)
class _Read:
    """The experiments that were asked for, and whose money is told."""

    tried: list[Tried]
    currency: str


def journey_experiments(source: Source, journey: str) -> Iterator[Block]:
    """A section for each split of a journey, and one for its control group."""
    found = _read(source, journey)
    if not found.tried:
        yield Section(say("Experiments"), [Prose(NONE)])
    for one in found.tried:
        yield _section(one, found.currency)


def project_experiment(source: Source) -> Iterator[Block]:
    """The control group of the whole project, where it has one."""
    if source.config.holdout_global:
        found = _read(source, HOLDOUT)
        yield from (_section(one, found.currency) for one in found.tried)


def experiment_alerts(source: Source) -> Iterator[Alert]:
    """Experiments of today's files that are decided, or broken."""
    for one in _read(source).tried:
        name, verdict = one.judged.experiment_id, tell_verdict(one)
        if one.needs_a_look:
            text = say("{experiment}: {verdict}", experiment=name, verdict=verdict.text)
            yield Alert(text, verdict.tone, one.page, verdict.command or _command(one))


def _command(one: Tried) -> str:
    return f"parcours experiment {quote(one.judged.experiment_id)}"


def _read(source: Source, which: str | None = None) -> _Read:
    """Judges those that the files of today name: where none is asked about, nothing is read."""
    project = source.config.project
    question = KeptQuestion(
        source.journeys,
        source.config.holdout_global,
        project.currency,
        source.now,
        JudgedBy(),
        which,
    )
    names = {name for name in known_experiments(question) if question.wants(name)}
    if not names:
        return _Read([], project.currency)
    with source.database.read() as transaction:
        found = read_kept_tests(transaction, question)
    tried = [_tried(source, one) for one in found.judged if one.experiment_id in names]
    return _Read(tried, found.currency)


def _tried(source: Source, judged: Judged) -> Tried:
    journey = source.journeys.get(judged.experiment_id.partition("/")[0])
    return Tried(judged, has_goal=journey is None or journey.goal is not None)


# ---------------------------------------------------------------- one experiment


def _section(one: Tried, currency: str) -> Section:
    verdict = tell_verdict(one)
    blocks: list[Block] = [Alerts([Alert(verdict.text, verdict.tone, command=verdict.command)])]
    if one.judged.customers:
        blocks += [_groups(one, currency), _differences(one, currency), _facts(one.judged)]
    return Section(_title(one), blocks, name=_named(one))


def _named(one: Tried) -> str:
    """The name of its anchor and of its table, also as a file: steps may have a slash in theirs."""
    return "_".join(["experiment", *one.judged.experiment_id.split("/")])


def _title(one: Tried) -> Phrase:
    if one.is_of_project:
        return say("Experiment: the control group of the whole project")
    if one.is_control:
        return say("Experiment: the control group")
    return say("Experiment: {step}", step=one.step)


def _groups(one: Tried, currency: str) -> Grid:
    rows = [_counted(told, currency) for told in one.judged.variations]
    head = (
        say("Group") if one.is_control else say("Variant"), say("Share"), say("People"),
        say("Ordered") if one.is_of_project else say("Reached the goal"), say("Rate"),
        say("Revenue per head"),
    )  # fmt: skip
    return Grid(_named(one), _title(one), head, rows)


def _differences(one: Tried, currency: str) -> Grid:
    rows = [_compared(other, currency) for other in one.judged.comparisons]
    head = (
        say("Compared"), say("Rate: difference"), say("Rate: interval"),
        say("Revenue per head: difference"), say("Revenue per head: interval"),
    )  # fmt: skip
    title = say("What one group brings beyond the other")
    return Grid(f"{_named(one)}_compared", title, head, rows, note=EVERYBODY)


def _counted(told: VariationTold, currency: str) -> list[Value]:
    return [
        _name(told.variation_id),
        _portion(told.share),
        told.customers,
        told.conversions,
        _portion(told.conversion_rate),
        _money(told.revenue_per_customer, currency),
    ]


def _name(variation: str) -> Phrase:
    names = {HELD_OUT: say("Control group"), TREATED: say("Everybody else")}
    return names.get(variation) or verbatim(variation)


def _compared(other: Comparison, currency: str) -> list[Value]:
    rate, money = other.conversion, other.revenue
    always = money.anytime if money else None
    name, base = _name(other.variation_id), _name(other.baseline)
    return [
        say("{other} against {base}", other=name, base=base),
        Portion(rate.difference, is_change=True),
        _points(rate.anytime.interval if rate.anytime else None),
        _money(money.difference if money else None, currency),
        _amounts(always.interval if always else None, currency),
    ]


def _points(found: Interval | None) -> Value:
    if found is None:
        return None
    return Between(Portion(found.low, is_change=True), Portion(found.high, is_change=True))


def _amounts(found: Interval | None, currency: str) -> Value:
    if found is None:
        return None
    return Between(Money(found.low, currency), Money(found.high, currency))


def _portion(part: float | None) -> Value:
    return None if part is None else Portion(part)


def _money(amount: float | None, currency: str) -> Value:
    return None if amount is None else Money(amount, currency)


def _facts(judged: Judged) -> Facts:
    smallest = judged.smallest_effect
    seen = None if smallest is None else Portion(smallest, is_change=True)
    return Facts(
        [
            (say("Sizes of the groups"), _sizes(judged)),
            (say("Smallest difference of the rate that would be seen by now"), seen),
        ]
    )


def _sizes(judged: Judged) -> Value:
    if judged.sample_ratio is None:
        return None
    if judged.sample_ratio.is_mismatch:
        return say("they do not fit the shares: something between the draw and the count is broken")
    return say("they fit the shares")
