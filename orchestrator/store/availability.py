"""When the database is away or refuses: one error and one text, so that nobody outside the store
knows a driver's.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout

from orchestrator.domain.errors import ParcoursError

log = logging.getLogger(__name__)
log.addHandler(logging.NullHandler())  # where no log is kept, the refusal itself tells it

#: What a person can do, by the driver's words, in small letters.
_ADVICE = {
    "disk is full": (
        "free some space on its disk, then say it again: what was under way was not written"
    ),
    "no space left": (
        "free some space on its disk, then say it again: what was under way was not written"
    ),
    "disk i/o error": "its disk is full or faulty: make room or mend it, then say it again",
    "readonly database": (
        "this user may not write it: say it as the owner of the file and its folder"
    ),
    "unable to open": "say it as the owner of the file and its folder, or name another place",
    "not a database": (
        "the file is something else: name another place, or put a copy of the database back"
    ),
    "malformed": "the file is damaged: put a copy of the database back",
    "is locked": "another process writes to it: end that, or wait for it",
    "permission denied": "give its user the rights to this database",
    "password authentication": "the user or the password is wrong",
    "does not exist": "make it, or name another one",
    "locate revision": "a newer Parcours made it: run that version, or a newer one",
}
_WHERE = "`url` under [database] in parcours.toml, or PARCOURS_DATABASE_URL, says where it is"


class StoreUnavailable(ParcoursError):
    """The database does not answer, or is locked for too long: try again later."""


class SchemaUnknown(Exception):
    """The database is of a version that this one does not know."""


@contextmanager
def unless_away(*, quietly: bool = False) -> Iterator[None]:
    """Turns what drivers raise when the database is away into StoreUnavailable; the log gets the
    driver's words.
    """
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        if _is_about_a_row(error):
            raise
        # The driver's own words: SQLAlchemy's would quote the parameters, and they are personal.
        level = logging.DEBUG if quietly else logging.ERROR
        log.log(
            level,
            "the database does not answer: %s",
            getattr(error, "orig", None) or type(error).__name__,
        )
        raise StoreUnavailable("the database does not answer") from error


def _is_about_a_row(error: SQLAlchemyError) -> bool:
    """Whether PostgreSQL refuses what it is given (class 54, a limit of its own): trying again will
    not help.
    """
    return str(getattr(getattr(error, "orig", None), "sqlstate", None) or "").startswith("54")


def tell_failure(error: BaseException) -> str | None:
    """What a database, or its driver, could not do, on one line with what to do; None when it is no
    such error.

    A constraint that is broken is a bug, and keeps its traceback.
    """
    match error:
        case IntegrityError():
            return None
        case SchemaUnknown():
            said = str(error)
        case DatabaseError() | InterfaceError():
            said = str(error.orig)
        case PoolTimeout():
            said = "no connection became free"
        case _:
            return None
    line = next(filter(None, map(str.strip, said.splitlines())), type(error).__name__)
    advice = next((what for words, what in _ADVICE.items() if words in line.lower()), None)
    if advice is None:
        return f"the database does not answer: {line}; see that its server runs ({_WHERE})"
    return f"the database: {line}; {advice} ({_WHERE})"
