"""The maker of pages as a process: `python -m orchestrator.report.pages_process LINE`.

Figures are computed here, away from the HTTP side, which has calls to take and little memory. It
lives while pages are asked for, and ends with the line.
"""

from __future__ import annotations

import logging
import sys
from multiprocessing.connection import Connection

from orchestrator.config import Config
from orchestrator.log_lines import log_to_stderr
from orchestrator.report.answering import Answering
from orchestrator.report.page_asked import MadePage, PageAsked, Unwritten
from orchestrator.store.availability import StoreUnavailable
from orchestrator.store.database import Database

logger = logging.getLogger(__name__)


def main(line: str) -> None:
    """Answers until nobody is there to ask: first comes the configuration, then pages."""
    log_to_stderr()
    with Connection(int(line)) as asking:
        try:
            config: Config = asking.recv()
            database = Database(config.database_url)
            answering = Answering(config, database)
            while True:
                asking.send(answer(answering, asking.recv()))
        except (EOFError, OSError):
            return


def answer(answering: Answering, asked: PageAsked) -> MadePage | Unwritten:
    """A page, or why there is none."""
    try:
        return answering.answer(asked)
    except StoreUnavailable as away:
        return Unwritten(str(away))
    except Exception:  # a bug, with one page: the others are made
        logger.exception("The page /%s cannot be made", asked.page)
        return Unwritten()


if __name__ == "__main__":
    main(sys.argv[1])
