"""What Prefect may not write to the terminal of `up`."""

import os
import subprocess
import sys

SEND_A_LINE = """
from orchestrator.cli.up_command import _log_to_the_terminal
_log_to_the_terminal()
from prefect.logging.handlers import APILogWorker
line = {"name": "run", "level": 20, "message": "hi", "timestamp": "2026-01-05T10:00:00Z"}
APILogWorker.instance().send(line)
APILogWorker.instance().drain()
print("sent in vain")
"""


def test_lines_of_a_run_that_do_not_reach_prefects_server_leave_the_terminal_alone() -> None:
    away = {"PREFECT_API_URL": "http://127.0.0.1:9/api", "PREFECT_CLIENT_MAX_RETRIES": "0"}
    command = [sys.executable, "-c", SEND_A_LINE]
    done = subprocess.run(
        command, env=os.environ | away, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("sent in vain\n", "")
