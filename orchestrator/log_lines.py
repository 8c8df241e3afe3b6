"""What is logged, as plain lines for a terminal or, with `PARCOURS_LOG=json`, one JSON object a
line. No line holds a customer's data: who logs an error leaves it out (`without_data`).
"""

from __future__ import annotations

import json
import logging
import os
from datetime import UTC, datetime

VARIABLE = "PARCOURS_LOG"


class JsonLines(logging.Formatter):
    """A record as JSON: `at`, `level`, `logger`, `message`, `process`, and `error` with the kind of
    an exception and the place it came from.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        if record.exc_info and record.exc_info[0] is not None:
            # The text of an exception may quote what it was given; its kind and its place do not.
            line["error"] = {"kind": record.exc_info[0].__name__, "at": _place(record)}
        return json.dumps(line, ensure_ascii=False)


def log_to_stderr() -> None:
    """Warnings and errors of any library, in the form that the environment asks for."""
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    if os.environ.get(VARIABLE, "").strip().lower() == "json":
        handler.setFormatter(JsonLines())
    logging.getLogger().addHandler(handler)


def _place(record: logging.LogRecord) -> str:
    trace = record.exc_info[2] if record.exc_info else None
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return f"{record.module}:{record.lineno}"
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
