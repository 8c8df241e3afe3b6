"""What a disk cannot do, on one line with what to do about it."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress

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
