"""What a disk cannot do, or a name cannot be, on one line with what to do about it."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import typer

from orchestrator.domain.errors import ParcoursError

_FULL = "free some space, then say it again"
_FORBIDDEN = "say it as a user who may, or name another place"
_ADVICE = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EFBIG: _FULL,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: "the disk is read-only: name another place",
    errno.EMFILE: "too many files are open: raise the limit (ulimit -n)",
    errno.ENOENT: "see that the folder is there",
    errno.ENOTDIR: "a part of this path is a file: name another place",
    errno.EEXIST: "a file stands where a folder should: name another place",
    errno.EISDIR: "a folder stands where a file should: name another place",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def tell_os_error(error: OSError) -> str:
    """The file, what the system says of it, and what to do."""
    said = error.strerror or " ".join(str(error).split()) or type(error).__name__
    place = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
    advice = _ADVICE.get(error.errno or 0, "")
    return f"{place}{said}" + (f"; {advice}" if advice else "")


def abandon_output() -> None:
    """Lets go of what standard output could not take: Python would try once more when it ends, and
    complain.
    """
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def refuse_unreadable(arguments: Sequence[str]) -> None:
    """Names that are no UTF-8 can neither be looked up in a database nor be printed."""
    for text in arguments:
        if not text.isascii() and any("\ud800" <= sign <= "\udfff" for sign in text):
            shown = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            raise ParcoursError(
                f"'{shown}' is not readable text: type it in UTF-8, or rename the file"
            )


def tell(refusal: str) -> None:
    """Prints why nothing came of a command."""
    typer.secho(f"parcours: {refusal}", fg="red", err=True)
