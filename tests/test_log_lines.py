"""Log lines as JSON objects, without anybody's data."""

from __future__ import annotations

import json
import logging

from orchestrator.log_lines import JsonLines


def record_of(error: Exception | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord("shop", logging.ERROR, __file__, 7, "lost %s", ("é",), info)


def test_a_line_is_one_object_with_its_time_level_and_source() -> None:
    line = JsonLines().format(record_of())
    assert "\n" not in line
    told = json.loads(line)
    assert (told["level"], told["logger"], told["message"]) == ("error", "shop", "lost é")
    assert told["at"].endswith("+00:00")
    assert "error" not in told


def test_an_exception_is_told_by_its_kind_and_place_and_not_by_what_it_quotes() -> None:
    try:
        raise ValueError("ada@example.com is no number")
    except ValueError as error:
        line = JsonLines().format(record_of(error))
    told = json.loads(line)["error"]
    assert told["kind"] == "ValueError"
    assert told["at"].rpartition(":")[2].isdigit()
    assert "ada@example.com" not in line
