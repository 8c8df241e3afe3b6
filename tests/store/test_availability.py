"""What is said when a database, or its driver, cannot do what it is asked."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from orchestrator.store.availability import StoreUnavailable, tell_failure, unless_away


def fault(said: str) -> OperationalError:
    return OperationalError("SELECT :secret", {"secret": "ada@example.com"}, Exception(said))


def test_a_database_that_is_away_is_told_in_its_own_words_without_what_it_was_asked() -> None:
    told = tell_failure(fault("\n  connection refused\nIs the server running?"))
    assert told is not None
    assert told.startswith("the database does not answer: connection refused; see that its server")
    assert "\n" not in told
    assert "ada@example.com" not in told


def test_a_constraint_that_is_broken_is_no_failure_of_the_database() -> None:
    assert tell_failure(IntegrityError("INSERT", {}, Exception("UNIQUE"))) is None
    assert tell_failure(ValueError("of ours")) is None


def test_a_database_that_is_away_is_one_error_whatever_its_driver_raises() -> None:
    with pytest.raises(StoreUnavailable, match="does not answer"), unless_away():
        raise fault("gone")
    with pytest.raises(sqlite3.IntegrityError), unless_away():
        raise sqlite3.IntegrityError("UNIQUE")


@pytest.mark.parametrize(("quietly", "told"), [(False, 1), (True, 0)])
def test_a_database_that_is_away_is_told_once_in_the_log_unless_that_is_known(
    caplog: pytest.LogCaptureFixture, quietly: bool, told: int
) -> None:
    asked = unless_away(quietly=True) if quietly else unless_away()
    with pytest.raises(StoreUnavailable), asked:
        raise fault("connection refused")
    errors = [one.getMessage() for one in caplog.records if one.levelname == "ERROR"]
    assert errors == ["the database does not answer: connection refused"] * told


def test_what_a_database_refuses_of_one_row_is_not_tried_again() -> None:
    refused = fault("index row size exceeds the maximum")
    refused.orig.sqlstate = "54000"  # type: ignore[union-attr]
    with pytest.raises(OperationalError), unless_away():
        raise refused
