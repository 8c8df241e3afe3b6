"""How the suite is spread over several processes: a process is given a file at a time.

What a file shares is made once then, and the scheduler, whose work for a test grows with what it has
given out before, has 250 things to give instead of 8,000. (The marks `xdist_group` are no way to say
so: with pytest 9.2 `xdist` does not see them.)
"""

from __future__ import annotations

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

#: Each is played by one process: their tests start servers, share one, or look at the clock.
TOGETHER = ("flows", "demo")
#: Begun first, so that no long file is left when the others are done.
LONGEST = (*TOGETHER, "engine", "cli", "api")


class FileByFile(LoadScopeScheduling):
    """Gives out files in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        return played_together(nodeid)


def played_together(nodeid: str) -> str:
    """What a process plays as one: a file, or one of the folders that share something."""
    file = nodeid.partition("::")[0]
    folder = folder_of(nodeid)
    return folder if folder in TOGETHER else file


def rank_of(nodeid: str) -> int:
    """The longest come first."""
    folder = folder_of(nodeid)
    return LONGEST.index(folder) if folder in LONGEST else len(LONGEST)


def folder_of(nodeid: str) -> str:
    """The folder below `tests`; a file that lies there itself."""
    return PurePosixPath(nodeid.partition("::")[0]).parts[1]
