"""Lives led through the journeys without a database."""

from __future__ import annotations

from orchestrator.domain.program import without_idle_facts
from tests.support.project import read_program, write_facts

READING = """
journey: reading
trigger: {event: Order Completed, if: customer.orders >= 1}
only_if: in_segment("dear")
steps:
  - set: {n: "{{ customer.carts + 1 }}"}
  - email: thanks
"""


def test_a_replay_counts_the_facts_that_a_rule_or_a_step_reads() -> None:
    lifecycle = write_facts(
        "orders: {count: Order Completed}",
        "revenue: {sum: Order Completed, of: total}",
        "carts: {count: Product Added}",
        "visits: {count: Page Viewed}",
        "seen_at: {last: any event}",
        stages="[{stage: old, if: days_since(customer.seen_at) > 9}, {stage: any, if: true}]",
    )
    segments = "segments: {dear: customer.revenue >= 100}\n"
    program = read_program(READING, lifecycle=lifecycle, segments=segments)
    counted = without_idle_facts(program).lifecycle.by_name
    assert list(counted) == ["orders", "revenue", "carts", "seen_at"]
