"""What decides about a stage: its rule and those above it, and nothing else."""

from __future__ import annotations

from orchestrator.domain.stage_rules import rules_by_stage
from orchestrator.language.lifecycle_file import parse_lifecycle
from tests.support.project import read_program

LIFECYCLE = """
lifecycle: shop
facts:
  orders: {count: Order Completed, minus: Order Refunded}
  orders_30d: {count: Order Completed, within: 30d}
  visits_7d: {count: Page Viewed, within: 7d}
stages:
  - {stage: loyal, if: customer.orders >= 2}
  - {stage: lead, if: "performed('Signed Up')"}
  - {stage: guest, if: customer.visits_7d >= 1}
  - {stage: nobody, if: true}
"""


def test_a_stage_depends_on_its_own_rule_and_on_those_above() -> None:
    rules = rules_by_stage(parse_lifecycle(LIFECYCLE, "shop.yaml"))
    assert rules["loyal"].events == {"Order Completed", "Order Refunded"}
    assert rules["lead"].events == rules["loyal"].events | {"Signed Up"}
    assert rules["guest"].events == rules["lead"].events | {"Page Viewed"} == rules[None].events


def test_a_window_that_no_rule_above_reads_brings_up_no_instant() -> None:
    rules = rules_by_stage(parse_lifecycle(LIFECYCLE, "shop.yaml"))
    assert [fact.name for fact, _ in rules["guest"].windows] == ["visits_7d"]
    assert rules["lead"].windows == ()


def test_a_rule_reads_what_the_segments_read_that_it_asks_for() -> None:
    text = LIFECYCLE.replace("customer.orders >= 2", "in_segment('dear')")
    segments = "segments: {dear: customer.orders_30d >= 2}\n"
    program = read_program(lifecycle=text, segments=segments)
    rules = rules_by_stage(program.lifecycle)
    assert rules["loyal"].events == {"Order Completed"}
    assert [fact.name for fact, _ in rules["loyal"].windows] == ["orders_30d"]
