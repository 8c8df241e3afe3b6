"""Who runs on migrates by another process, and keeps nothing of what that takes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from orchestrator.store.migrate import newest_revision

#: What `up` does with its database at the start; then the same on one of a version to come.
AS_UP_DOES = """
import json, sys
from sqlalchemy import text
from orchestrator.store.availability import SchemaUnknown
from orchestrator.store.database import Database
from orchestrator.store.lock import hold_database
from orchestrator.store.migrate import is_current
from orchestrator.store.migrate_aside import migrate_aside

told = {}
database = Database(sys.argv[1])
with hold_database(database) as hold:
    told["before"] = is_current(database)
    migrate_aside(database)
    told["after"], told["held"] = is_current(database), hold.is_held()
    with database.write() as transaction:
        transaction.execute(text("UPDATE alembic_version SET version_num = 'to come'"))
    try:
        migrate_aside(database)
    except SchemaUnknown as unknown:
        told["refused"] = str(unknown)
    told["alembic"] = "alembic" in sys.modules
database.close()
print(json.dumps(told))
"""


def told_by_a_process(url: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", AS_UP_DOES, url], capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_database_is_migrated_and_stays_ours_and_alembic_is_not_loaded(
    database_url: str,
) -> None:
    told = told_by_a_process(database_url)
    assert newest_revision() not in told["refused"]
    assert "to come" in told.pop("refused")  # what the other process raises is raised here
    assert told == {"before": False, "after": True, "held": True, "alembic": False}
