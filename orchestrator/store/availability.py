"""When the database is away: one error for it, so that nobody outside the store needs to know a driver's."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from orchestrator.domain.errors import ParcoursError

log = logging.getLogger(__name__)


class StoreUnavailable(ParcoursError):
    """The database does not answer, or is locked for too long: try again later."""


@contextmanager
def unless_away(*, quietly: bool = False) -> Iterator[None]:
    """Turns what drivers raise when the database is away into StoreUnavailable; the log gets the driver's words."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        if _is_about_a_row(error):
            raise
        # The driver's own words: SQLAlchemy's would quote the parameters, and they are personal.
        level = logging.DEBUG if quietly else logging.ERROR
        log.log(level, "the database does not answer: %s", getattr(error, "orig", None) or type(error).__name__)
        raise StoreUnavailable("the database does not answer") from error


def _is_about_a_row(error: SQLAlchemyError) -> bool:
    """Whether PostgreSQL refuses what it is given (class 54, a limit of its own): trying again will not help."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "").startswith("54")
