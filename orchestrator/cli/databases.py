"""The project's database for the length of a command, and what a person names in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

import typer

from orchestrator.cli.options import read_instant
from orchestrator.cli.output import end_with
from orchestrator.clock import Clock, SystemClock
from orchestrator.config import Config
from orchestrator.domain.errors import ParcoursError
from orchestrator.domain.suggestion import did_you_mean
from orchestrator.intake.files import moved_to
from orchestrator.measure.known_customers import NotOneCustomer
from orchestrator.store.availability import tell_failure
from orchestrator.store.database import Database
from orchestrator.store.settings import read_versions
from orchestrator.store.transaction import Transaction
from orchestrator.wiring import open_database


class NothingYet(ParcoursError):
    """There is no database to look into."""


class DatabaseFailed(ParcoursError):
    """What a database, or its driver, could not do."""


@contextmanager
def failures_told() -> Iterator[None]:
    """Turns what a database cannot do into DatabaseFailed, with what a person can do."""
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        cause = error.__cause__ if isinstance(error, ParcoursError) else error
        told = None if cause is None else tell_failure(cause)
        if told is None:
            raise
        raise DatabaseFailed(told) from error


@contextmanager
def opened(config: Config, *, to_look: bool = False) -> Iterator[Database]:
    """Lends the project's database for the length of a command, at the newest schema, made where
    there is none.

    `to_look`: for a command that only looks; it makes none, and raises NothingYet.
    """
    path = config.database_url.removeprefix("sqlite:///")
    if to_look and path != config.database_url and not Path(path).exists():
        raise NothingYet(
            f"nothing has run here yet: there is no database {path} (`parcours up` or "
            "`ingest` makes it)"
        )
    with failures_told():
        database = open_database(config)
        try:
            yield database
        finally:
            database.close()


def clock_at(database: Database, now: str | None) -> AbstractContextManager[Clock]:
    """The clock by which calls are taken in: of the wall, or standing at an instant that was
    typed.
    """
    return nullcontext(SystemClock()) if now is None else moved_to(database, read_instant(now))


def refuse_unknown_journey(transaction: Transaction, journey: str) -> None:
    """Raises BadParameter for a journey that never ran here; one whose file is gone has its story
    all the same.
    """
    known = sorted({name for name, _ in read_versions(transaction)})
    if journey not in known:
        raise typer.BadParameter(
            f"no journey '{journey}' ever ran here{did_you_mean(journey, known)}"
        )


@contextmanager
def customer_told() -> Iterator[None]:
    """Ends the command where what was typed means no customer, or several."""
    try:
        yield
    except NotOneCustomer as error:
        raise end_with(str(error)) from None
