"""Which predictions a project's files read."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.language.predictions_read import are_written_nightly, predictions_read
from orchestrator.language.project import load_project
from tests.support.checked import FILES, journey

PLAIN = journey("trigger: {event: Order Completed}")
TOML = FILES["parcours.toml"]


def read(root: Path, *files: dict[str, str]) -> frozenset[str]:
    write(root, *files)
    return predictions_read(load_project(root, {}))


def write(root: Path, *files: dict[str, str]) -> None:
    for path, text in {key: text for some in (FILES, *files) for key, text in some.items()}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")


@pytest.mark.parametrize(
    ("files", "read_name"),
    [
        (journey("trigger: {event: Order Completed, if: customer.churn_risk < 0.2}"), "churn_risk"),
        (journey("trigger: {date: customer.next_order_at, offset: -3d, at: 09:00}"), "next_order_at"),
        (journey("trigger: {event: Order Completed}", "set: {worth: '{{ customer.predicted_value }}'}"), "predicted_value"),
        (PLAIN | {"journeys/segments.yaml": "segments:\n  best: customer.predicted_value >= 500\n"}, "predicted_value"),
        (journey("trigger: {event: Order Completed}", "email: {template: hello, subject: 'By {{ customer.next_order_at }}'}"), "next_order_at"),
        (PLAIN | {"templates/sms/hello.txt": "You come at {{ customer.best_hour }} h"}, "best_hour"),
        (PLAIN | {"parcours.toml": f'{TOML}[never]\nrules = ["customer.churn_risk > 0.95"]\n'}, "churn_risk"),
    ],
)  # fmt: skip
def test_a_prediction_is_found_wherever_it_is_read(
    files: dict[str, str], read_name: str, tmp_path: Path
) -> None:
    assert read(tmp_path, files) == {read_name}
    assert are_written_nightly(load_project(tmp_path, {}))


def test_a_project_that_reads_none_has_none_written_unless_it_says_so(tmp_path: Path) -> None:
    assert read(tmp_path, PLAIN) == frozenset()
    assert not are_written_nightly(load_project(tmp_path, {}))
    write(tmp_path, {"parcours.toml": f"{TOML}[predictions]\nnightly = true\n"})
    assert are_written_nightly(load_project(tmp_path, {}))


def test_a_project_may_forbid_it(tmp_path: Path) -> None:
    reads = journey("trigger: {event: Order Completed}\nonly_if: customer.churn_risk < 0.2")
    write(tmp_path, reads, {"parcours.toml": f"{TOML}[predictions]\nnightly = false\n"})
    assert not are_written_nightly(load_project(tmp_path, {}))
