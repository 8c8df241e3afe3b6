"""docs/coming-from.md: what it offers in the place of another tool's word is taken by `check`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from orchestrator.documents.yaml_nodes import read_yaml
from orchestrator.language.journeys import read_journey
from orchestrator.language.step_forms import BUILT_STEPS
from orchestrator.language.trigger_forms import TRIGGER_EXAMPLES
from tests.language.test_reference import KNOWN

PAGE = (Path(__file__).parents[2] / "docs/coming-from.md").read_text("utf-8")
HERE = [row.rpartition(" | ")[2] for row in re.findall(r"^\| .* \|$", PAGE, re.MULTILINE)]
OF_A_JOURNEY = (
    "trigger", "reentry", "one_per", "only_if", "goal", "exit", "holdout", "topic", "purpose",
    "draft", "on_change", "throttle", "spread",
)  # fmt: skip
CALLED = {"throttle", "spread"}  # which only called journeys have
STEP = re.compile(rf"\{{(id|first_of):|({'|'.join(BUILT_STEPS)}):|exit$|suppress$")


def written(kind: str) -> list[str]:
    """What stands between backticks on the right: steps, or lines of a journey."""
    quoted = dict.fromkeys(text for cell in HERE for text in re.findall(r"`([^`]+)`", cell))
    lines = [text for text in quoted if text.partition(":")[0] in OF_A_JOURNEY and ":" in text]
    steps = [text for text in quoted if STEP.match(text) and text not in lines]
    return lines if kind == "lines" else steps


def problems(*lines: str) -> list[str]:
    heads = {line.partition(":")[0] for line in lines}
    trigger = 'trigger: {schedule: "0 9 * * mon"}' if heads & CALLED else "trigger: manual"
    base = {"journey": "journey: welcome", "trigger": trigger, "steps": "steps: [exit]"}
    text = [line for key, line in base.items() if key not in heads]
    document, found = read_yaml("\n".join((*text, *lines)), "welcome.yaml")
    read_journey(document, KNOWN, found)
    return [str(one) for one in found]


@pytest.mark.parametrize("line", written("lines"))
def test_a_line_of_a_journey_is_taken(line: str) -> None:
    assert problems(line) == []


@pytest.mark.parametrize("step", written("steps"))
def test_a_step_is_taken(step: str) -> None:
    behind = "\n  - {id: end, email: hello}" if step.startswith("goto") else ""
    assert problems(f"steps:\n  - {step}{behind}") == []


def test_the_page_names_every_kind_of_step_and_trigger_that_others_have_too() -> None:
    steps = " ".join((*written("steps"), "exit"))
    assert {word for word in BUILT_STEPS if not re.search(rf"\b{word}\b", steps)} == {
        "reward",
        "mute",
    }
    lines = " ".join(written("lines"))
    assert {word for word in TRIGGER_EXAMPLES if f"{{{word}:" not in lines} == {"stage", "manual"}
