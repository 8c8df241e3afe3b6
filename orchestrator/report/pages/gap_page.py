"""What is missing: the programmes that are typically always on beside those that run here."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.domain.phrase import Phrase, say, say_number, strung, verbatim
from orchestrator.gaps.activity import Phase, Role
from orchestrator.gaps.analysis import Gaps, read_gaps
from orchestrator.gaps.covered import Coverage, State
from orchestrator.gaps.gaps_told import PHASE_NAMES, STAGE_NAMES, STATE_NAMES, cell_of, say_how
from orchestrator.report.page_asked import PageAsked
from orchestrator.report.page_blocks import (
    Block,
    Grid,
    Matrix,
    Page,
    Prose,
    Section,
    Tile,
    Tiles,
)
from orchestrator.report.page_source import Source
from orchestrator.report.page_values import Badge, PageLink, Value

TITLE = say("What is missing")
TONES = {State.COVERED: "good", State.PARTLY: "wait", State.MISSING: "bad"}
SIGNS = {State.COVERED: "✓", State.PARTLY: "◐", State.MISSING: "○"}
LEGEND = say("✓ covered, ◐ partly, ○ missing")
FIRST = 6  # of what is missing, on the overview
ABOUT = say(
    "The programmes that are typically always on, stage by stage, beside the journeys that run "
    "here."
)


def gap_page(source: Source, asked: PageAsked) -> Page:
    """A matrix of stages and phases, each programme with what to do, and whom no journey serves."""
    if source.project is None:
        return Page(TITLE, [Prose(say("Without the project’s files this cannot be said."))])
    gaps = read_gaps(source.project, source.database)
    blocks: list[Block] = [
        _tiles(gaps),
        Section(say("By stage and phase"), [_matrix(gaps), Prose(LEGEND)]),
        Section(say("Whom no journey serves"), [unserved(gaps)]),
        *_stages(gaps),
    ]
    return Page(TITLE, blocks, ABOUT)


def _tiles(gaps: Gaps) -> Tiles:
    numbers = gaps.count_states()
    return Tiles([
        Tile(say("Covered"), numbers[State.COVERED]),
        Tile(say("Partly"), numbers[State.PARTLY]),
        Tile(say("Missing"), numbers[State.MISSING]),
    ])  # fmt: skip


def _matrix(gaps: Gaps) -> Matrix:
    rows = [(STAGE_NAMES[stage], [_cell(gaps, stage, phase) for phase in Phase]) for stage in Role]
    return Matrix(TITLE, [say("Stage"), *(PHASE_NAMES[phase] for phase in Phase)], rows)


def _cell(gaps: Gaps, stage: Role, phase: Phase) -> list[Value]:
    found = cell_of(gaps.coverage, stage, phase)
    return [
        Badge(strung((SIGNS[one.state], one.activity.title), " "), TONES[one.state])
        for one in found
    ]


def unserved(gaps: Gaps) -> Grid:
    """For each of the project's stages who serves it, and who is there."""
    rows: list[list[Value]] = [
        [
            verbatim(one.stage.replace("_", " ")),
            strung(one.journeys, ", ") if one.journeys else "",
            one.customers,
            one.unserved,
        ]
        for one in gaps.stages
    ]
    head = (say("Stage"), say("Journeys"), say("Customers now"), say("Served by none"))
    empty = say("This project has no stages yet.")
    return Grid("unserved", say("Whom no journey serves"), head, rows, empty)


def missing_table(gaps: Gaps) -> Grid:
    """The first programmes that nothing covers, with what fills each gap; the page has them all."""
    missing = [one for one in gaps.coverage if one.state is State.MISSING]
    rows: list[list[Value]] = [
        [one.activity.title, STAGE_NAMES[one.activity.stage], one.to_do, one.activity.why]
        for one in missing[:FIRST]
    ]
    head = (say("Programme"), say("Stage"), say("What to do"), say("Why"))
    calm = say("Nothing: every typical programme runs.")
    more = len(missing) - len(rows)
    note = (
        say_number(
            "{number:,} more stands on the page of gaps.",
            "{number:,} more stand on the page of gaps.",
            more,
        )
        if more
        else ""
    )
    return Grid("missing", TITLE, head, rows, calm, note)


def _stages(gaps: Gaps) -> Iterator[Block]:
    for stage in Role:
        found = [one for one in gaps.coverage if one.activity.stage is stage]
        head = (say("Programme"), say("State"), say("By, or what to do"), say("Why"))
        title = STAGE_NAMES[stage]
        grid = Grid(f"gaps_{stage}", title, head, [_row(one) for one in found])
        yield Section(say("Programmes for the stage: {stage}", stage=title), [grid])


def _row(one: Coverage) -> list[Value]:
    return [
        one.activity.title,
        Badge(STATE_NAMES[one.state], TONES[one.state]),
        _how(one),
        one.activity.why,
    ]


def _how(one: Coverage) -> PageLink | Phrase:
    """The journey that covers it, or what to do."""
    if one.state is State.COVERED and len(one.journeys) == 1:
        name = one.journeys[0]
        return PageLink(verbatim(name), f"journeys/{name}")
    return say_how(one)
