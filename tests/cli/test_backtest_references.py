"""The real command on real logs, against answers that were computed independently of this
project.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

REFERENCES = Path(__file__).parents[3] / "shared/data"
pytestmark = pytest.mark.skipif(
    not REFERENCES.is_dir(), reason="the reference logs lie beside the checkout, or nowhere"
)

CART_OF_THE_REFERENCES = """\
journey: cart
trigger: {event: Product Added}
reentry: {after: 7d}
exit: [{event: Order Completed}]
steps:
  - delay: 1h
  - email: {id: send_1, template: any}
"""
IDLE_AFTER_90_DAYS = """\
lifecycle: idle
facts:
  orders: {count: Order Completed}
  last_order_at: {last: Order Completed}
stages:
  - {stage: idle, if: customer.orders >= 1 and days_since(customer.last_order_at) >= 90}
  - {stage: other, if: true}
"""
WIN_BACK = """\
journey: winback
trigger: {stage: idle}
reentry: {after: 180d}
exit: [{event: Order Completed}]
steps:
  - email: {id: send_1, template: any}
  - delay: 7d
  - email: {id: send_2, template: any}
"""


def write_project(folder: Path, **files: str) -> Path:
    (folder / "journeys").mkdir(parents=True)
    for name, text in files.items():
        (folder / "journeys" / f"{name}.yaml").write_text(text)
    return folder


def replay(project: Path, log: str, *options: str) -> list[dict[str, str]]:
    out = project / "sends.csv"
    command = [
        Path(sys.executable).with_name("parcours"),
        "backtest",
        REFERENCES / log,
        "--project",
        project,
    ]
    done = subprocess.run(
        [*command, "--assume-consent", "--out", out, *options],
        capture_output=True, text=True, check=False, env={**os.environ, "TZ": "Pacific/Chatham"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    with out.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def digest(rows: Iterable[dict[str, str]]) -> str:
    lines = sorted(f"{row['at']},{row['user_id']},{row['step']}\n" for row in rows)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def reference(name: str) -> str:
    return str(json.loads((REFERENCES / f"{name}.json").read_text())["sha256_of_sorted_sends"])


def test_every_cart_reminder_is_sent_to_the_millisecond(tmp_path: Path) -> None:
    rows = replay(write_project(tmp_path / "p", cart=CART_OF_THE_REFERENCES), "ecom.jsonl.gz")
    assert digest(rows) == reference("cart_ecom_1h_cap7d")


@pytest.mark.parametrize("log", ["cdnow_sample.jsonl.gz", "cdnow_sample_dirty.jsonl.gz"])
def test_every_win_back_is_sent_to_the_millisecond_however_badly_the_log_was_delivered(
    log: str, tmp_path: Path
) -> None:
    project = write_project(tmp_path / "p", lifecycle=IDLE_AFTER_90_DAYS, winback=WIN_BACK)
    rows = replay(project, log, "--journey", "winback", "--until", "1998-07-01")
    assert digest(rows) == reference("winback_cdnow_sample_edge")


def test_rows_are_sorted_by_instant_customer_journey_and_step(tmp_path: Path) -> None:
    project = write_project(tmp_path / "p", lifecycle=IDLE_AFTER_90_DAYS, winback=WIN_BACK)
    rows = [
        tuple(row.values())
        for row in replay(project, "cdnow_sample_dirty.jsonl.gz", "--until", "1998-07-01")
    ]
    assert rows == sorted(rows, key=lambda row: row[:4])
