"""Every rule of `check` has a name of its own, and stands in the docs with its why and its cure."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.lint.project_check import RULES
from orchestrator.lint.rules import RuleTold
from tests.support.rules_page import FRENCH_PAGE, PAGE, write, write_french

ROOT = Path(__file__).parents[2]


def test_the_page_of_rules_is_that_of_the_source() -> None:
    assert PAGE.read_text("utf-8") == write(), "write it anew: make rules"
    assert FRENCH_PAGE.read_text("utf-8") == write_french(), "write it anew: make rules"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_says_why_and_how_to_mend(rule: RuleTold) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert [text[-1:] for text in (rule.why, rule.mend)] == [".", "."]
    assert f"| `{rule.name}` | {rule.severity} |" in PAGE.read_text("utf-8")


def test_every_code_that_the_language_gives_is_told_of() -> None:
    sources = (ROOT / "orchestrator/language").rglob("*.py")
    written = {
        name
        for path in sources
        for name in re.findall(r'\brule="([a-z-]+)"', path.read_text("utf-8"))
    }
    assert written
    assert written <= {rule.name for rule in RULES}
