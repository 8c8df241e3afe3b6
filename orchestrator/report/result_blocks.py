"""What journeys brought, as blocks: after a message, and beside the control group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.domain.phrase import Phrase, say, verbatim
from orchestrator.measure.results.comparison import Uplift
from orchestrator.measure.results.journey_results import (
    JourneyResults,
    Results,
    ResultsAsked,
    Shop,
    read_results,
)
from orchestrator.measure.results.tally import Tally
from orchestrator.report.page_blocks import Block, Grid, Prose, Section, Tile, Tiles
from orchestrator.report.page_source import Source
from orchestrator.report.page_values import (
    Between,
    Money,
    Number,
    PageLink,
    Portion,
    Value,
)
from orchestrator.store.results import GroupedBy

CONTROL = say(
    "The uplift compares those who had a message with the control group, from the instant the "
    "first message left, or would have left. Where its interval holds 0, chance explains it too."
)


def results_of(source: Source, journey: str | None = None, by: GroupedBy | None = None) -> Results:
    """What journeys brought since they began: all of them, or one."""
    project = source.config.project
    shop = Shop(source.journeys, source.zone, project.currency, project.locale)
    return read_results(source.database, shop, ResultsAsked(journey, by=by))


def earned_table(found: Results, titles: Mapping[str, str]) -> Grid:
    """A line for each journey: whom it reached, what followed, and what it caused."""
    rows: list[list[Value]] = [
        [
            PageLink(verbatim(titles.get(one.journey) or one.journey), f"journeys/{one.journey}"),
            one.tally.entered,
            one.tally.reached,
            one.tally.conversions,
            _portion(one.tally.conversion),
            revenue_of(one.tally),
            points(one.tally.uplift),
            interval(one.tally.uplift),
        ]
        for one in found.journeys
    ]
    head = (
        say("Journey"), say("Entered"), say("Had a message"), say("Goal after a message"),
        say("Rate"), say("Revenue after a message"), say("Uplift"), say("95 % interval"),
    )  # fmt: skip
    empty = say("No journey runs yet: there is nothing to tell.")
    return Grid("results", say("What journeys brought"), head, rows, empty, CONTROL)


def _portion(value: object) -> Value:
    return None if value is None else Portion(float(str(value)))


def revenue_of(tally: Tally) -> Value:
    """What is credited to messages; of several currencies one behind the other."""
    found = [(one, tally.credits[one].revenue) for one in tally.currencies]
    if not found:
        return None
    if len(found) == 1:
        return Money(found[0][1], found[0][0])
    return verbatim(" + ".join(f"{amount:,.2f} {currency}" for currency, amount in found))


def points(found: Uplift | None) -> Value:
    """The difference of two shares, in points of a hundred."""
    if found is None or found.difference is None:
        return None
    return Portion(found.difference, is_change=True)


def interval(found: Uplift | None) -> Value:
    """Between which bounds the difference lies."""
    if found is None or found.interval is None:
        return None
    low, high = found.interval
    return Between(Portion(low, is_change=True), Portion(high, is_change=True))


# ---------------------------------------------------------------- one journey


@dataclass(frozen=True, slots=True)
class _Compared:
    since: Phrase
    found: Uplift


def journey_results(source: Source, name: str) -> Iterator[Block]:
    """What one journey brought: as a whole, against its control group, and step by step."""
    found = results_of(source, name)
    one = found.journeys[0]
    yield Section(say("Results"), list(_whole(one, found)), name="results")
    for by, title in (
        (GroupedBy.STEP, say("Step by step")),
        (GroupedBy.VARIANT, say("By variant")),
    ):
        parts = results_of(source, name, by).journeys[0].groups
        told = [(label, tally) for label, tally in parts if label]
        if told:
            yield Section(title, [_groups(by, title, told, found.tellers)])


def _whole(one: JourneyResults, found: Results) -> Iterator[Block]:
    tally = one.tally
    if not tally.entered:
        yield Prose(say("Nobody has entered it yet."))
        return
    yield Tiles(
        [
            Tile(say("Entered"), tally.entered),
            Tile(say("Had a message"), tally.reached),
            Tile(say("Goal after a message"), tally.conversions, note=_goal(one)),
            Tile(say("Rate"), _portion(tally.conversion)),
            Tile(say("Revenue after a message"), revenue_of(tally)),
            Tile(say("Uplift"), points(tally.uplift), note=_uplift_note(tally.uplift)),
        ]
    )
    yield _entry_table(tally, found.tellers)
    if (compared := list(_comparisons(tally))) != []:
        yield _control_table(compared)
        yield Prose(CONTROL)


def _goal(one: JourneyResults) -> str:
    return verbatim(one.goal) if one.goal else say("without a goal")


def _uplift_note(found: Uplift | None) -> str:
    if found is None:
        return say("no control group: nothing says what it caused")
    if found.interval is None:
        return say("too few in the control group so far")
    low, high = found.interval
    if low > 0:
        return say("more than without the journey")
    if high < 0:
        return say("less than without the journey")
    return say("may be chance")


def _entry_table(tally: Tally, tellers: frozenset[str]) -> Grid:
    told = tally.told(tellers)
    head = (
        say("In the control group"), say("Left before a message"), say("Waiting for one"),
        say("Messages sent"), say("Delivered"), say("Opened"), say("Clicked"),
        say("Unsubscribed"), say("Complained"),
    )  # fmt: skip
    row: list[Value] = [
        tally.held_out, tally.left_before, tally.waiting, tally.sent, told["delivered"],
        told["opened"], told["clicked"], told["unsubscribed"], told["complained"],
    ]  # fmt: skip
    note = say("A dash is what no receipt has told.")
    return Grid("journey_messages_counted", say("Messages"), head, [row], note=note)


def _comparisons(tally: Tally) -> Iterator[_Compared]:
    for since, found in (
        (say("the first message"), tally.uplift),
        (say("the entry"), tally.intended),
    ):
        if found is not None:
            yield _Compared(since, found)


def _control_table(compared: Sequence[_Compared]) -> Grid:
    head = (
        say("Compared from"), say("Treated"), say("Their rate"), say("Control group"),
        say("Its rate"), say("Uplift"), say("95 % interval"), say("Brought"),
    )  # fmt: skip
    rows: list[list[Value]] = [
        [
            one.since,
            one.found.treated,
            _portion(one.found.of_treated),
            one.found.control,
            _portion(one.found.of_control),
            points(one.found),
            interval(one.found),
            None if one.found.incremental is None else Number(one.found.incremental, 0),
        ]
        for one in compared
    ]
    return Grid("control", say("Against the control group"), head, rows)


def _groups(
    by: GroupedBy, title: str, groups: Sequence[tuple[str, Tally]], tellers: frozenset[str]
) -> Grid:
    rows: list[list[Value]] = []
    for label, tally in groups:
        told = tally.told(tellers)
        rows.append(
            [
                verbatim(label), tally.sent, told["delivered"], told["opened"], told["clicked"],
                tally.reached, tally.conversions, _portion(tally.conversion), revenue_of(tally),
            ]
        )  # fmt: skip
    head = (
        say("Step") if by is GroupedBy.STEP else say("Variant"), say("Sent"), say("Delivered"),
        say("Opened"), say("Clicked"), say("Had a message"), say("Goal after a message"),
        say("Rate"), say("Revenue after a message"),
    )  # fmt: skip
    return Grid(f"results_by_{by}", title, head, rows)
