"""What pages show of experiments: who had what, how sure the difference is, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from orchestrator.domain.assignment import HELD_OUT, HOLDOUT, TREATED
from orchestrator.domain.event import Kind
from orchestrator.engine.last_tick import CLOCK, LAST_TICK, VIRTUAL
from orchestrator.report.answering import Answering
from orchestrator.report.chapters import chapters_of
from orchestrator.report.page_asked import PageAsked
from orchestrator.report.whole_report import tables_of, write_report
from orchestrator.store import settings
from orchestrator.store.tables import ASSIGNMENTS, CUSTOMERS, DECISIONS, ENROLLMENTS, EVENTS
from tests.api.read_pages import page, words
from tests.api.site import NOW, Site

JOURNEY = """\
journey: welcome
trigger: {event: Signed Up}
goal: {event: Order Completed, within: 7d, value: event.total}
topic: offers
steps:
  - id: which
    split:
      - {variant: A, share: 50%, then: [{email: hello}]}
      - {variant: B, share: 50%, then: [{email: warm-hello}]}
"""


@dataclass(frozen=True)
class Group:
    """So many people, of whom so many ordered for 20; `drawn` is what they are in a control group
    of `drawn_for`, a journey or "" for the whole project."""

    people: int
    bought: int
    variant: str | None = None
    drawn: str = ""
    drawn_for: str = "welcome"


@pytest.fixture
def tried(sqlite_shop: Site, tmp_path: Path) -> Site:
    return prepare(sqlite_shop, tmp_path)


@pytest.fixture
def tried_on_both(shop: Site, tmp_path: Path) -> Site:
    return prepare(shop, tmp_path)


def prepare(shop: Site, root: Path) -> Site:
    """A shop without anybody, whose one journey tries out two mails."""
    (root / "journeys").mkdir()
    (root / "parcours.toml").write_text('[topics]\noffers = "Offers"\n', "utf-8")
    write(root, JOURNEY)
    with shop.database.write() as transaction:
        settings.write(transaction, LAST_TICK, NOW.isoformat())
        settings.write(transaction, CLOCK, VIRTUAL)
    return shop


def write(root: Path, journey: str) -> None:
    (root / "journeys/welcome.yaml").write_text(journey, "utf-8")


def fill(shop: Site, *groups: Group) -> Site:
    """One person every hour of ten days, in turn of each group."""
    people = [(group, number) for group in groups for number in range(group.people)]
    tables: list[Any] = [CUSTOMERS, ENROLLMENTS, ASSIGNMENTS, DECISIONS, EVENTS]
    rows: dict[Any, list[dict[str, Any]]] = {table: [] for table in tables}
    for key, (group, number) in enumerate(people, 1):
        for table, row in _rows(key, group, number):
            rows[table].append(row)
    with shop.database.write() as transaction:
        for table, all_ in rows.items():
            if all_:
                transaction.execute(insert(table), all_)
    return shop


def _rows(key: int, group: Group, number: int) -> Sequence[tuple[Any, dict[str, Any]]]:
    at = NOW - timedelta(days=20) + timedelta(hours=number % 240)
    bought_at = at + timedelta(hours=1) if number < group.bought else None
    of = {"customer_id": key, "journey": "welcome"}
    found: list[tuple[Any, dict[str, Any]]] = [
        (CUSTOMERS, {
            "id": key, "external_id": f"u{key}", "anonymous": False, "created_at": at,
            "traits": {}, "facts": {}, "facts_version": "", "consent": {}, "applied_event_id": 0,
        }),
        (ENROLLMENTS, {
            **of, "id": key, "version": "v", "number": 1, "entered_at": at, "entry": {},
            "variables": {}, "status": "completed", "held_out": group.drawn == HELD_OUT,
            "converted_at": bought_at, "goal_value": 20.0 if bought_at else None,
        }),
    ]  # fmt: skip
    if group.drawn:
        found.append((ASSIGNMENTS, {
            "customer_id": key, "journey": group.drawn_for, "step": HOLDOUT,
            "variant": group.drawn, "at": at,
        }))  # fmt: skip
    if group.variant:
        found.append((DECISIONS, {
            **of, "enrollment_id": key, "at": at, "kind": "branched", "step": "which",
            "reason": "variant", "detail": {"variant": group.variant},
        }))  # fmt: skip
    if bought_at:
        found.append((EVENTS, {
            "customer_id": key, "at": bought_at, "received_at": bought_at, "kind": int(Kind.TRACK),
            "name": "Order Completed", "context": {}, "message_id": f"o{key}",
            "properties": {"order_id": f"o{key}", "total": 20, "currency": "EUR"},
        }))  # fmt: skip
    return found


def test_a_winner_stands_on_its_journeys_page_and_on_the_first(tried_on_both: Site) -> None:
    fill(tried_on_both, Group(250, 25, "A"), Group(250, 125, "B"))
    told = words(page(tried_on_both, "journeys", "welcome"))
    assert (
        "Experiment: which B brings more than A. parcours experiment welcome/which --declare B"
    ) in told
    assert "A 50.0% 250 25 10.0% €2.00 B 50.0% 250 125 50.0% €10.00" in told
    assert "B against A +40.0 pts +25.8 pts to +54.2 pts €8.00 €5.15 to €10.85" in told
    assert "Sizes of the groups they fit the shares" in told
    assert "Smallest difference of the rate that would be seen by now +" in told
    overview = words(page(tried_on_both, ""))
    assert "welcome/which: B brings more than A. parcours experiment" in overview


def test_a_winner_that_everybody_gets_needs_no_look_any_more(tried: Site, tmp_path: Path) -> None:
    fill(tried, Group(250, 25, "A"), Group(250, 125, "B"))
    declared = JOURNEY.replace("A, share: 50%", "A, share: 0%")
    write(tmp_path, declared.replace("B, share: 50%", "B, share: 100%"))
    assert "B brings more than A. Experiment: which Variant" in words(
        page(tried, "journeys", "welcome")
    )
    assert "B brings more" not in words(page(tried, ""))


def test_groups_that_are_not_as_drawn_are_not_to_be_trusted(tried: Site) -> None:
    fill(tried, Group(250, 25, "A"), Group(120, 60, "B"))
    told = words(page(tried, "journeys", "welcome"))
    assert "The groups are not as drawn: do not trust it." in told
    assert "they do not fit the shares" in told
    assert "B brings more" not in told
    assert "welcome/which: The groups are not as drawn" in words(page(tried, ""))


def test_what_is_not_sure_says_how_many_days_still(tried: Site) -> None:
    fill(tried, Group(240, 60, "A"), Group(240, 62, "B"))
    told = words(page(tried, "journeys", "welcome"))
    assert "Too early: about" in told
    assert "days still until 10% more or less is seen" in told
    assert "welcome/which" not in words(page(tried, ""))


def test_an_experiment_without_people_and_a_journey_without_one_say_so(
    tried: Site, tmp_path: Path
) -> None:
    told = words(page(tried, "journeys", "welcome"))
    assert "Experiment: which Nobody has come to it yet." in told
    write(tmp_path, JOURNEY[: JOURNEY.index("steps:")] + "steps: [{delay: 1d}]\n")
    told = words(page(tried, "journeys", "welcome"))
    assert "Nothing is tried here: a split or a holdout would tell" in told


def test_nothing_is_decided_while_nobody_did_it_or_there_is_no_goal(
    tried: Site, tmp_path: Path
) -> None:
    fill(tried, Group(30, 0, "A"), Group(30, 0, "B"))
    told = words(page(tried, "journeys", "welcome"))
    assert "in the group to compare with nobody has done what is hoped for" in told
    write(tmp_path, "".join(x for x in JOURNEY.splitlines(True) if not x.startswith("goal")))
    told = words(page(tried, "journeys", "welcome"))
    assert "The journey has no goal: only its revenue can be compared." in told


@pytest.mark.parametrize(
    ("treated", "control", "said", "asks"),
    [
        (125, 10, "More reach the goal with the journey than without it.", False),
        (10, 60, "Fewer reach the goal with the journey than without it.", True),
    ],
)
def test_a_control_group_asks_for_a_look_only_where_it_does_better(
    tried: Site, tmp_path: Path, treated: int, control: int, *, said: str, asks: bool
) -> None:
    write(tmp_path, JOURNEY.replace("topic:", "holdout: 30%\ntopic:"))
    fill(tried, Group(210, treated, drawn=TREATED), Group(90, control, drawn=HELD_OUT))
    told = words(page(tried, "journeys", "welcome"))
    assert f"Experiment: the control group {said}" in told
    assert f"Control group 30.0% 90 {control} " in told
    assert "Everybody else 70.0% 210 " in told
    overview = words(page(tried, ""))
    assert (f"welcome/holdout: {said}" in overview) is asks


def test_the_control_group_of_the_whole_project_stands_on_the_page_of_all_journeys(
    tried: Site,
) -> None:
    fill(
        tried,
        Group(210, 10, drawn=TREATED, drawn_for=""),
        Group(90, 60, drawn=HELD_OUT, drawn_for=""),
    )
    config = replace(tried.services.config, holdout_global=30.0)
    pages = Answering(config, tried.database)
    harm = "Fewer order with messages than without any."
    told = words(pages.answer(PageAsked("journeys")))
    assert f"Experiment: the control group of the whole project {harm}" in told
    assert "Control group 30.0% 90 60 66.7% €13.33" in told
    assert f"holdout: {harm}" in words(pages.answer(PageAsked("")))
    assert harm not in words(page(tried, "journeys")), "a project without one"


def test_the_report_has_experiments_and_their_tables(tried: Site) -> None:
    fill(tried, Group(250, 25, "A"), Group(250, 125, "B"))
    source = Answering(tried.services.config, tried.database).source()
    chapters = list(chapters_of(source))
    assert "B brings more than A." in write_report(source, chapters)
    (table, compared) = [
        one for one in tables_of(source, chapters) if one.name.startswith("experiment")
    ]
    assert table.name == "experiment_welcome_which"
    assert compared.name == "experiment_welcome_which_compared"
    assert compared.rows[0][:2] == ["B against A", "0.4"]
    assert [row[:5] for row in table.rows] == [
        ["A", "0.5", "250", "25", "0.1"],
        ["B", "0.5", "250", "125", "0.5"],
    ]


def test_french_pages_tell_experiments_in_french(tried: Site) -> None:
    fill(tried, Group(250, 25, "A"), Group(250, 125, "B"))
    told = words(page(tried, "journeys", "welcome", locale="fr-FR"))
    assert "Expérience : which B apporte plus que A." in told.replace("\u202f", " ")
