"""Which typical programmes a project's journeys are, and what they want of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.gaps.activity import Activity
from orchestrator.gaps.covered import Coverage, InForce, State, judge_all
from orchestrator.gaps.typical import ACTIVITIES
from orchestrator.language.project import load_project
from orchestrator.starter.playbooks import PLAYBOOKS
from tests.support.house import ROOT
from tests.support.project import write_project

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SEGMENTS = """
segments:
  vip: customer.orders >= 5
  silent: days_since(customer.last_order_at) >= 180
"""
GOAL = "goal: {event: Order Completed, within: 5d}\nholdout: 10%\n"
CART = f"""journey: baskets
trigger: {{event: Checkout Started}}
exit: [{{event: Order Completed}}]
{GOAL}steps:
  - delay: 1h
  - email: one
  - delay: 1d
  - email: two
"""


def judged(
    root: Path,
    *journeys: str,
    held: Mapping[str, str] | None = None,
    events: Iterable[str] | None = None,
) -> dict[str, Coverage]:
    write_project(root, *journeys, segments=SEGMENTS)
    project = load_project(root, {})
    known = None if events is None else [*events]
    in_force = InForce(project.journeys, NOW, held or {}, known)
    return {one.activity.id: one for one in judge_all(in_force)}


def test_a_journey_with_all_that_is_usual_covers_its_programme(tmp_path: Path) -> None:
    found = judged(tmp_path, CART)
    assert found["cart-abandonment"].state is State.COVERED
    assert found["cart-abandonment"].journeys == ("baskets",)
    missing = {name for name, one in found.items() if one.state is State.MISSING}
    assert missing == {one.id for one in ACTIVITIES} - {"cart-abandonment"}


@pytest.mark.parametrize(
    ("change", "lacks"),
    [
        (("steps:", "draft: true\nsteps:"), "baskets is a draft"),
        (("steps:", "ends: 2026-02-01\nsteps:"), "baskets has ended"),
        (("  - delay: 1d\n  - email: two\n", ""), "1 of the 2 messages that are usual"),
        ((GOAL, ""), "baskets has no goal"),
    ],
)
def test_what_a_programme_lacks_is_named(
    tmp_path: Path, change: tuple[str, str], lacks: str
) -> None:
    cart = judged(tmp_path, CART.replace(*change))["cart-abandonment"]
    assert cart.state is State.PARTLY
    assert cart.lacks == (lacks,)


def test_a_journey_that_stands_still_covers_nothing_now(tmp_path: Path) -> None:
    cart = judged(tmp_path, CART, held={"baskets": "paused"})["cart-abandonment"]
    assert (cart.state, cart.lacks) == (State.PARTLY, ("baskets stands still",))


def test_a_draft_beside_a_running_journey_does_not_count_against_it(tmp_path: Path) -> None:
    draft = CART.replace("journey: baskets", "journey: baskets-two\ndraft: true")
    cart = judged(tmp_path, CART, draft)["cart-abandonment"]
    assert (cart.state, cart.journeys) == (State.COVERED, ("baskets",))


def test_without_a_holdout_it_is_covered_and_advised(tmp_path: Path) -> None:
    cart = judged(tmp_path, CART.replace("holdout: 10%\n", ""))["cart-abandonment"]
    assert cart.state is State.COVERED
    assert cart.advice == ("baskets has no `holdout`: what it causes cannot be told",)


def test_what_cannot_run_for_want_of_events_says_so(tmp_path: Path) -> None:
    found = judged(tmp_path, CART, events=["order completed", "Checkout Started"])
    assert found["dunning"].data == "no Payment Failed comes in yet"
    assert found["review"].data is None
    assert judged(tmp_path, CART)["dunning"].data is None  # nobody knows what comes in


@pytest.mark.parametrize("activity", [one for one in ACTIVITIES if not one.playbook])
def test_an_outline_is_sound_and_known_as_its_programme(tmp_path: Path, activity: Activity) -> None:
    found = judged(tmp_path, activity.outline)[activity.id]
    assert found.state is State.COVERED, (found.lacks, found.journeys)


@pytest.mark.parametrize("activity", [one for one in ACTIVITIES if one.playbook])
def test_a_shipped_programme_covers_what_it_is_told_to_fill(activity: Activity) -> None:
    shop = load_project(ROOT, {})
    journeys = {name: shop.journeys[name] for name in PLAYBOOKS[activity.playbook].journeys}
    found = judge_all(InForce(journeys, NOW, {}))
    mine = next(one for one in found if one.activity is activity)
    assert mine.state is State.COVERED, mine.lacks


def test_programmes_stand_in_the_order_of_the_stages_and_have_names_of_their_own() -> None:
    ids = [one.id for one in ACTIVITIES]
    assert len(set(ids)) == len(ids)
    stages = [one.stage for one in ACTIVITIES]
    assert stages == sorted(stages, key=list(type(stages[0])).index)
