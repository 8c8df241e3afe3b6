"""Warnings that somebody has seen and keeps quiet, and comments that do not do so."""

from __future__ import annotations

import pytest

from orchestrator.domain.errors import Problem
from orchestrator.lint.ignores import faults_of, read_ignores, silence
from orchestrator.lint.rules import RuleTold

RULES = [RuleTold("unknown-event", "why", "mend"), RuleTold("long-subject", "why", "mend")]


def warning(line: int, rule: str = "unknown-event", file: str = "a") -> Problem:
    return Problem(file, line, 1, "what", "warning", rule)


def left(text: str, *problems: Problem) -> list[int]:
    ignores = list(read_ignores(text, "a"))
    return [one.line for one in silence(problems, ignores)]


def faults(text: str, *problems: Problem) -> list[tuple[int, str, str]]:
    found = faults_of(list(read_ignores(text, "a")), problems, RULES)
    return [(one.line, one.rule, one.message) for one in found]


@pytest.mark.parametrize(
    "text",
    [
        "x: 1\ny: 2  # parcours: ignore[unknown-event] begins in May\nz: 3",
        "x: 1\n# parcours: ignore[unknown-event] begins in May\ny: 2\nz: 3",
        "x\n{# parcours: ignore[unknown-event] begins in May #}\ny",
        "x\ny {#- parcours: ignore[unknown-event] begins in May -#}\nz",
    ],
)
def test_a_comment_silences_its_own_line_or_the_one_below(text: str) -> None:
    here = 3 if text.split("\n")[1].startswith(("#", "{#")) else 2
    assert left(text, warning(here), warning(here + 1)) == [here + 1]
    assert faults(text, warning(here)) == []


def test_comments_above_one_another_are_all_about_the_line_below_them() -> None:
    text = (
        "# parcours: ignore[unknown-event] begins in May\n"
        "# parcours: ignore[long-subject] meant so\nx: 1"
    )
    assert left(text, warning(3), warning(3, "long-subject"), warning(3, "other")) == [3]


def test_one_comment_may_name_several_rules() -> None:
    text = "x: 1  # parcours: ignore[unknown-event, long-subject] begins in May"
    assert left(text, warning(1), warning(1, "long-subject")) == []


def test_a_comment_at_the_head_of_a_file_is_about_the_whole_file() -> None:
    text = "---\n# parcours: ignore[unknown-event] begins in May\nsubject: x\n---\n"
    assert left(text, warning(1), warning(4)) == [4]
    assert left("x: 1\n# parcours: ignore[unknown-event] begins in May\ny: 2", warning(1)) == [1]


def test_an_error_of_another_file_or_rule_is_never_silenced() -> None:
    text = "x: 1  # parcours: ignore[unknown-event] begins in May"
    error = Problem("a", 1, 1, "what", "error", "unknown-event")
    assert left(text, error, warning(1, file="b"), warning(1, "long-subject")) == [1, 1, 1]
    assert "is an error here" in faults(text, error)[0][2]


def test_a_comment_without_a_reason_is_a_warning() -> None:
    found = faults("x: 1  # parcours: ignore[unknown-event]", warning(1))
    assert [(line, rule) for line, rule, _ in found] == [(1, "ignore-without-reason")]
    assert [rule for _, rule, _ in faults("x: 1  # parcours: ignore because", warning(1))] == [
        "ignore-without-effect"
    ]


def test_a_comment_that_silences_nothing_is_a_warning() -> None:
    text = "x: 1  # parcours: ignore[unknown-event] begins in May"
    ((line, rule, told),) = faults(text)
    assert (line, rule) == (1, "ignore-without-effect")
    assert told == "nothing here is found by 'unknown-event' (any more): take this comment away"
    ((_, _, told),) = faults(text.replace("unknown-event", "unknwon-event"))
    assert told == "there is no rule 'unknwon-event'; did you mean 'unknown-event'?"
