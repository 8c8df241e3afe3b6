"""The HTTP side as a process: `python -m orchestrator.api.process LISTENER LINE`, two descriptors.

`up` starts it and holds the listening socket as well, so that nobody is turned away while it is
started again. It shares nothing with the engine but the database: what is accepted waits for no
tick, and a tick for no request.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from itertools import count
from multiprocessing.connection import Connection

from orchestrator.api.app import create_app
from orchestrator.api.context import ApiServices
from orchestrator.api.conversation import Copy, CopyWanted, Nudge, Served, Taken
from orchestrator.api.page_maker import PagesApart
from orchestrator.api.serving import QuietServer, server_config
from orchestrator.config import (
    load_onsite_secret,
    load_read_key,
    load_secret_key,
    load_write_key,
)
from orchestrator.links import LinkSigner
from orchestrator.log_lines import log_to_stderr
from orchestrator.store.accepted import AcceptedCalls, folder_of
from orchestrator.store.availability import StoreUnavailable
from orchestrator.store.database import Database

GRACE_S = 3  # what requests under way get; all in all `docker stop` gives ten
COPY_S_MAX = 30.0


class LineToUp:
    """This process's end of the line. Safe between threads."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._speaking = threading.Lock()
        self._questions = count()
        self._waiting: dict[int, Future[Copy]] = {}

    def nudge(self) -> None:
        """Has the engine look at once, if it is there."""
        with suppress(OSError):
            self._say(Nudge())

    def render_copy(self, public_id: str) -> str | None:
        """The web copy of a mail, by the engine's process; raises StoreUnavailable."""
        question, answer = CopyWanted(public_id, next(self._questions)), Future[Copy]()
        self._waiting[question.number] = answer
        try:
            self._say(question)
            copy = answer.result(COPY_S_MAX)
        except (OSError, TimeoutError) as error:
            raise StoreUnavailable("the engine does not answer") from error
        finally:
            del self._waiting[question.number]
        if copy.trouble:
            raise StoreUnavailable(copy.trouble)
        return copy.html

    def hear(self) -> Served | None:
        """What is to be served from now on; None at the end. Answers are handed on meanwhile."""
        while True:
            try:
                heard = self._connection.recv()
            except (EOFError, OSError):  # `up` is gone
                return None
            if isinstance(heard, Served):
                return heard
            if isinstance(heard, Copy) and (waiting := self._waiting.get(heard.number)):
                waiting.set_result(heard)

    def take(self) -> None:
        """Says that what was heard is served, if there is somebody to say it to."""
        with suppress(OSError):
            self._say(Taken())

    def _say(self, what: object) -> None:
        with self._speaking:
            self._connection.send(what)


def services_for(served: Served, database: Database, line: LineToUp) -> ApiServices:
    """What the application is given."""
    config, folder = served.config, folder_of(database)
    return ApiServices(
        database=database,
        clock=served.clock,
        config=config,
        signer=LinkSigner(load_secret_key(config), config.public_url),
        surveys=served.surveys,
        write_key=load_write_key(config),
        read_key=load_read_key(config),
        onsite_secret=load_onsite_secret(config),
        mailbox_root=config.var_dir / "mailbox",
        nudge=line.nudge,
        render_copy=line.render_copy,
        pages=PagesApart(config),
        friend_offer=served.friend_offer,
        topics=served.topics,
        file_calls=AcceptedCalls(database, folder).append if folder else None,
        demo=served.demo,
        prefect_ui_url=served.prefect_ui_url,
    )


async def serve(listener: socket.socket, line: LineToUp, served: Served) -> None:
    """Serves until told to stop, or until the line ends."""
    database = Database(served.config.database_url)
    app = create_app(services_for(served, database, line))
    server = QuietServer(server_config(app, timeout_graceful_shutdown=GRACE_S))
    loop = asyncio.get_running_loop()

    def listen_to_up() -> None:
        line.take()
        while edited := line.hear():
            services: ApiServices = app.state.services
            app.state.services = replace(
                services,
                surveys=edited.surveys,
                friend_offer=edited.friend_offer,
                topics=edited.topics,
            )
            loop.call_soon_threadsafe(app.state.desk.forget)
            line.take()
        loop.call_soon_threadsafe(server.end)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(server.end))
    threading.Thread(target=listen_to_up, name="line-to-up", daemon=True).start()
    await server.serve(sockets=[listener])
    database.close()


def main(listener: str, line: str) -> None:
    """Runs the process."""
    log_to_stderr()
    to_up = LineToUp(Connection(int(line)))
    served = to_up.hear()
    if served is not None:
        with socket.socket(fileno=int(listener)) as listening:
            asyncio.run(serve(listening, to_up, served))


if __name__ == "__main__":
    main(*sys.argv[1:])
