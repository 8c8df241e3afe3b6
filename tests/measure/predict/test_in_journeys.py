"""Predictions in journeys: what docs/predictions.md says of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from orchestrator.intake.history import read_history
from orchestrator.language.program_building import build_program
from orchestrator.language.project import Project, load_project
from orchestrator.trial.backtest import backtest
from tests.support.checked import FILES, check, mail

PAGE = Path(__file__).parents[3] / "docs/predictions.md"


def project_of_the_page(root: Path) -> Project:
    blocks = re.findall(r"```yaml\n# (journeys/\S+)\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    files = dict(blocks) | mail("Hello", name="we-miss-you")
    granted = FILES["parcours.toml"] + '[consent]\ndefault = "granted"\n'
    problems = check(root, files, {"parcours.toml": granted})
    assert [one for one in problems if one.severity == "error" or "churn" in str(one)] == []
    return load_project(root, {})


def sends(project: Project, *lines: Mapping[str, object]) -> list[str]:
    """Who is written to when these calls are replayed."""
    log = project.root / "log.jsonl"
    log.write_text("".join(json.dumps({"userId": "ada", **line}) + "\n" for line in lines))
    program = build_program(project)
    return [send.user_id for send in backtest(program, read_history([log]), None).sends]


def identify(at: str, **traits: object) -> dict[str, object]:
    return {"type": "identify", "timestamp": at, "messageId": at, "traits": traits}


ADA = identify("2026-01-05T10:00:00Z", email="ada@example.com")
ORDERS = {"type": "track", "event": "Order Completed", "properties": {"total": 80}}
ORDERED = ORDERS | {"timestamp": "2026-01-05T11:00:00Z", "messageId": "o1"}
LATER = {"type": "page", "timestamp": "2026-04-05T11:00:00Z", "messageId": "p1"}
RISK = identify("2026-03-01T03:00:00Z", churn_risk=0.8, predicted_value=90, best_hour=18)


def test_in_a_back_test_nobody_is_predicted_unless_the_log_says_so(tmp_path: Path) -> None:
    project = project_of_the_page(tmp_path)
    assert sends(project, ADA, ORDERED, LATER) == []
    assert sends(project, ADA, ORDERED, RISK, LATER) == ["ada"]


def test_who_orders_before_the_hour_of_the_message_is_left_alone(tmp_path: Path) -> None:
    again = ORDERS | {"timestamp": "2026-03-01T09:00:00Z", "messageId": "o2"}
    assert sends(project_of_the_page(tmp_path), ADA, ORDERED, RISK, again, LATER) == []
