"""What a Prefect server finds when it was started before: to make its tables takes most of what a
first start does.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path


def furnish(home: Path, cache: Path) -> None:
    """Puts a database with all of Prefect's tables and nothing in them into a folder where no
    server has run yet. It is made once for each version of Prefect, and kept in the cache.
    """
    database = cache / f"{version('prefect')}.db"
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # of several processes the first makes it
        if not database.exists():
            _make(database)
    home.mkdir(parents=True, exist_ok=True)
    shutil.copy(database, home / "prefect.db")


def _make(database: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-P", "-m", "prefect", "server", "database", "upgrade", "-y"],
            env=os.environ | {"PREFECT_HOME": folder, "DO_NOT_TRACK": "1"},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        part = database.with_suffix(".part")
        shutil.copy(Path(folder) / "prefect.db", part)
        part.replace(database)
