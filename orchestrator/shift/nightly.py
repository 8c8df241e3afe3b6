"""Predictions are written once a night, by a process of its own: what it loads and computes would
stay in the memory of one that is always there.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from orchestrator.store.database import Database
from orchestrator.store.settings import LastNight, read_last_night

AT = time(3)  # of the project's clock
GRACE = timedelta(minutes=30)  # for Prefect, whose schedule says the same
_LOOK_S = 0.5
_COMMAND = "from orchestrator.cli import main; main()"


@dataclass(frozen=True, slots=True)
class Night:
    """What came of a night: a sentence, and whether a person must look."""

    told: str
    has_failed: bool = False


def is_late(database: Database, zone: ZoneInfo, now: datetime) -> bool:
    """Whether predictions should have been written by now, and were not."""
    last, due = _read_last(database), _last_night(zone, now)
    return now >= due + GRACE and (last is None or last.at < due)


def _last_night(zone: ZoneInfo, now: datetime) -> datetime:
    local = now.astimezone(zone)
    due = datetime.combine(local.date(), AT, zone)
    return due if due <= local else datetime.combine(local.date() - timedelta(days=1), AT, zone)


def predict_in_a_process(root: Path, database: Database, stopping: threading.Event) -> Night:
    """Writes predictions and waits for the end of it; ends it where this process stops."""
    command = [sys.executable, "-c", _COMMAND, "predict", "--write", "--project", str(root)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    ) as process:
        while True:
            try:
                _, complaint = process.communicate(timeout=_LOOK_S)
            except subprocess.TimeoutExpired:
                if stopping.is_set():
                    process.terminate()
            else:
                break
    if process.returncode != 0:
        lines = complaint.decode("utf-8", "replace").strip().splitlines() or ["it says nothing"]
        return Night(f"predictions could not be written: {lines[-1]}", has_failed=True)
    return tell_last(database)


def tell_last(database: Database) -> Night:
    """What came of the last night."""
    last = _read_last(database)
    if last is None:
        return Night("predictions were never written")
    if last.told == 0:
        return Night(f"too little data: {last.repeaters} customers ordered again")
    return Night(f"{last.told:,} with a churn risk, {last.written:,} written anew")


def _read_last(database: Database) -> LastNight | None:
    with database.read() as transaction:
        return read_last_night(transaction)
