"""Results in tables, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from orchestrator.domain.answer import Cell, Heading, Part, Table
from orchestrator.domain.formatting import format_duration
from orchestrator.domain.phrase import Phrase, say, verbatim
from orchestrator.measure.results.attribution import CreditRule, Model
from orchestrator.measure.results.comparison import Uplift
from orchestrator.measure.results.journey_results import JourneyResults, Results
from orchestrator.measure.results.tally import Tally
from orchestrator.store.results import GroupedBy

Line = tuple[str, Tally]

_MODELS = {
    Model.LAST: say("the last message before it"),
    Model.FIRST: say("the first message before it"),
    Model.LINEAR: say("all messages before it, in equal parts"),
    Model.POSITION: say(
        "all messages before it, 40 % each to the first and the last of them and the rest to those "
        "between"
    ),
}
_GROUPS = {
    GroupedBy.STEP: say("STEP"),
    GroupedBy.VARIANT: say("VARIANT"),
    GroupedBy.STAGE: say("STAGE AT ENTRY"),
    GroupedBy.LOCALE: say("LANGUAGE"),
    GroupedBy.WEEK: say("WEEK OF ENTRY"),
}


def tell_results(found: Results) -> Iterator[Part]:
    """The answer as tables: what followed messages, and what the control group did without."""
    if not found.journeys:
        yield say("No journey runs yet: there is nothing to tell.")
        return
    lines = [(one.journey, one.tally) for one in found.journeys]
    yield from _tell_lines(say("JOURNEY"), lines, found)
    if found.question.by is not None:
        for one in found.journeys:
            if one.groups:
                yield ""
                yield Heading(_title(one))
                yield from _tell_lines(_GROUPS[found.question.by], one.groups, found)
    costs = [(one.journey, one.cost) for one in found.journeys if one.cost]
    if costs:
        yield ""
        yield _cost_table(costs)
    yield ""
    yield _explain_rule(found.question.rule)
    yield from _tell_goals(found.journeys)


def _tell_lines(head: Phrase, lines: Sequence[Line], found: Results) -> Iterator[Part]:
    by_step = found.question.by is GroupedBy.STEP and head is _GROUPS[GroupedBy.STEP]
    if not by_step:
        yield _entry_table(head, lines)
        yield ""
    yield _message_table(head, lines, found.tellers)
    yield ""
    yield _outcome_table(head, lines)
    for table in (_control_table(head, lines), _money_table(head, lines)):
        if table.rows:
            yield ""
            yield table


def _title(one: JourneyResults) -> Phrase:
    return verbatim(f"{one.title} ({one.journey})" if one.title else one.journey)


def _explain_rule(rule: CreditRule) -> Phrase:
    return say(
        "An order counts once, for {model}, of those that left in the {window} before it.",
        model=_MODELS[rule.model],
        window=format_duration(rule.window),
    )


def _tell_goals(journeys: Sequence[JourneyResults]) -> Iterator[Phrase]:
    for one in journeys:
        if one.goal and one.within is not None:
            yield say(
                "{journey}: converted means {goal} after a message, within {span} of the entry.",
                journey=one.journey, goal=one.goal, span=format_duration(one.within),
            )  # fmt: skip
        elif one.goal:
            yield say(
                "{journey}: converted means {goal} after a message, while inside the journey.",
                journey=one.journey, goal=one.goal,
            )  # fmt: skip


# ---------------------------------------------------------------- tables


def _entry_table(head: Phrase, lines: Sequence[Line]) -> Table:
    columns = (
        say("ENTERED"), say("HELD OUT"), say("REACHED"), say("LEFT BEFORE A MESSAGE"),
        say("WAITING FOR ONE"),
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [_name(name), one.entered, one.held_out, one.reached, one.left_before, one.waiting]
        for name, one in lines
    ]
    return Table((head, *columns), rows)


def _message_table(head: Phrase, lines: Sequence[Line], tellers: frozenset[str]) -> Table:
    columns = (
        say("SENT"), say("DELIVERED"), say("OPENED"), say("CLICKED"), say("UNSUBSCRIBED"),
        say("COMPLAINED"),
    )  # fmt: skip
    rows: list[list[Cell]] = [
        [_name(name), one.sent, *one.told(tellers).values()] for name, one in lines
    ]
    return Table((head, *columns), rows)


def _outcome_table(head: Phrase, lines: Sequence[Line]) -> Table:
    columns = (
        say("REACHED"), say("CONVERTED"), say("RATE"), say("ORDERS"), say("REVENUE"),
        say("PER RECIPIENT"),
    )  # fmt: skip
    rows: list[list[Cell]] = []
    for name, one in lines:
        first: list[Cell] = [_name(name), one.reached, one.conversions, _share(one.conversion)]
        rows.append([*first, *_in_currencies(one)])
    return Table((head, *columns), rows)


def _in_currencies(tally: Tally) -> list[Cell]:
    """Orders, revenue and revenue per recipient; of several currencies one behind the other."""
    found = [(currency, tally.credits[currency]) for currency in tally.currencies]
    orders = " + ".join(_count(credit.orders) for _, credit in found)
    revenue = " + ".join(_money(credit.revenue, currency) for currency, credit in found)
    each = " + ".join(_money(tally.per_recipient(currency), currency) for currency, _ in found)
    return [orders or "0", revenue, each if tally.reached else ""]


def _control_table(head: Phrase, lines: Sequence[Line]) -> Table:
    """After the first message, and of everybody who entered, each side beside the other."""
    columns = (
        say("COMPARED FROM"), say("TREATED"), say("CONVERTED"), say("CONTROL"), say("CONVERTED"),
        say("UPLIFT"), say("95 % INTERVAL"), say("BROUGHT"),
    )  # fmt: skip
    rows: list[list[Cell]] = []
    for name, one in lines:
        treated, control = one.treated, one.control
        for since, found, counts in (
            (say("the first message"), one.uplift, (treated.converted, control.converted)),
            (say("the entry"), one.intended, (treated.goals, control.goals)),
        ):
            if found is not None:
                sides = found.treated, counts[0], found.control, counts[1]
                rows.append([_name(name), since, *sides, *_points(found)])
    return Table((head, *columns), rows)


def _points(found: Uplift) -> list[Cell]:
    """Uplift and interval in points of a hundred, and how many conversions that is."""
    if found.difference is None:
        return ["", "", ""]
    low, high = found.interval or (None, None)
    span = "" if low is None or high is None else f"{100 * low:+.1f} … {100 * high:+.1f}"
    more = "" if found.incremental is None else f"{found.incremental:+,.0f}"
    return [f"{100 * found.difference:+.1f}", span, more]


def _money_table(head: Phrase, lines: Sequence[Line]) -> Table:
    """What each brought after the first message, in each currency."""
    columns = (
        say("AFTER THE FIRST MESSAGE"), say("TREATED, EACH"), say("CONTROL, EACH"),
        say("DIFFERENCE"), say("95 % INTERVAL"), say("BROUGHT"),
    )  # fmt: skip
    rows: list[list[Cell]] = []
    for name, one in lines:
        for currency in one.currencies:
            found = one.uplift_in(currency)
            if found is not None:
                rows.append([_name(name), currency, *_money_row(found)])
    return Table((head, *columns), rows)


def _money_row(found: Uplift) -> list[Cell]:
    low, high = found.interval or (None, None)
    span = "" if low is None or high is None else f"{low:+,.2f} … {high:+,.2f}"
    return [
        _plain(found.of_treated), _plain(found.of_control), _plain(found.difference, "+"), span,
        _plain(found.incremental, "+"),
    ]  # fmt: skip


def _cost_table(costs: Sequence[tuple[str, Mapping[str, Decimal]]]) -> Table:
    rows = [
        (name, " + ".join(_money(amount, currency) for currency, amount in cost.items()))
        for name, cost in costs
    ]
    return Table((say("JOURNEY"), say("COST")), rows)


# ---------------------------------------------------------------- cells


def _name(name: str) -> str:
    return name or say("(none)")


def _share(value: int | Decimal | float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _money(value: int | Decimal | float | None, currency: str) -> str:
    return "" if value is None else f"{value:,.2f} {currency}".rstrip()


def _plain(value: float | None, sign: str = "") -> str:
    return "" if value is None else f"{value:{sign},.2f}"


def _count(number: Decimal) -> str:
    return f"{number:,.0f}" if number == number.to_integral_value() else f"{number:,.1f}"
