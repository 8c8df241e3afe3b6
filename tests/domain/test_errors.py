"""What is wrong with a project's files."""

from __future__ import annotations

from orchestrator.domain.errors import Problem


def test_one_fault_is_one_whichever_rule_finds_it() -> None:
    found = Problem("a.yaml", 1, 2, "no such step", rule="steps")
    assert found == Problem("a.yaml", 1, 2, "no such step", rule="places")
    assert found != Problem("a.yaml", 1, 3, "no such step", rule="steps")
