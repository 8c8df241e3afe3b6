"""Puts the parts of `up` together, keeps them running, and ends them in order.

The lock comes first, so that a second process touches nothing; then the port, since links carry it;
then the engine. Prefect's server is launched before the slow import of its client, and nothing
waits for it.
"""

from __future__ import annotations

import asyncio
import signal
import socket
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flows.description import DeploymentSpec
from flows.gate import UP, Pace
from flows.project_deployments import describe_predictions, describe_project, describe_shift
from flows.server import PrefectDidNotStart, PrefectServer, free_port
from orchestrator.api.conversation import Served
from orchestrator.clock import Clock, SharedClock, SystemClock, VirtualClock
from orchestrator.config import load_write_key
from orchestrator.demo.stage import begin_season, clear_stage, set_stage
from orchestrator.domain.errors import why_unreadable, without_data
from orchestrator.domain.friend_offer import find_friend_offer
from orchestrator.engine.collecting import keep_for_good
from orchestrator.engine.last_tick import refuse_a_past
from orchestrator.engine.worker import Worker
from orchestrator.language.project import Project, load_project
from orchestrator.live.chores import Chores
from orchestrator.live.edited_files import EditedFiles
from orchestrator.live.heart import Heart, NoBooks
from orchestrator.live.http_side import Answers, HttpSide
from orchestrator.live.listening import is_this_machine, listen, url_of
from orchestrator.live.nights import LOOK_S, Nights
from orchestrator.live.terminal import Places, Terminal
from orchestrator.shift.live_engine import LiveEngine
from orchestrator.store import settings
from orchestrator.store.availability import StoreUnavailable
from orchestrator.store.database import Database
from orchestrator.store.lock import engine_lock, hold_database
from orchestrator.store.migrate_aside import migrate_aside
from orchestrator.wiring import close_engine, open_engine, render_copy, settle_what_died

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.bookkeeper import Bookkeeper
    from flows.predict_run import Predicting
    from orchestrator.demo.player import Player

# accelerated as well: a day of the shop takes six seconds, and an hour's delay is none there
DEMO_PACE = Pace(window_s=20.0, late_s=30 * 86_400.0)
NOT_TAKEN = "The edited files are not taken; the earlier ones go on."
_LOOK_S = 0.5
_PREFECT_LOOK_S = 2.0  # how soon a server that ended is missed
_PREFECT_GRACE_S = 3.0  # all in all `docker stop` gives ten


@dataclass(frozen=True, slots=True)
class Options:
    """What `up` was told. `prefect_url` is a server to use instead of starting one."""

    host: str
    port: int
    prefect_port: int | None
    with_prefect: bool
    demo: bool
    prefect_url: str | None


def run(project: Project, options: Options) -> None:
    """Runs a project until it is told to stop.

    Raises AlreadyRunning, PortTaken, ChannelMisconfigured, PeopleWouldBeLost, TimeWentBack,
    PrefectDidNotStart.
    """
    terminal = Terminal(demo=options.demo)
    project = set_stage(project) if options.demo else project
    with ExitStack() as stack:
        database = Database(project.config.database_url)
        stack.callback(database.close)
        hold = stack.enter_context(hold_database(database))
        if options.demo:
            clear_stage(project.config)
        migrate_aside(database)
        listener = stack.enter_context(
            listen(options.host, options.port, else_another=options.demo)
        )
        project = _with_address(project, url_of(listener))
        with database.write() as transaction:
            settings.write(transaction, settings.BASE_URL, url_of(listener))
        clock: Clock = (
            SharedClock(project.config.var_dir / "clock", begin_season(SystemClock().now()))
            if options.demo
            else SystemClock()
        )
        parts = open_engine(project, clock, database=database, apply=True)
        worker = Worker(project.config.var_dir, engine_lock(database), hold)
        stack.callback(close_engine, parts, worker)
        keep_for_good()
        refuse_a_past(parts, clock.now())
        if count := settle_what_died(parts, worker):
            terminal.say(
                f"{count} messages were leased when Parcours was ended: see `parcours status`"
            )
        prefect = _launch_prefect(project, options, stack) if options.with_prefect else None
        asyncio.run(
            Running(
                project,
                LiveEngine(parts, worker, terminal.watch),
                listener,
                prefect,
                terminal,
                options,
            ).live()
        )


def _with_address(project: Project, url: str) -> Project:
    """The project with links that lead to the port we got, unless its links lead to a public
    address.
    """
    config = project.config
    return (
        replace(project, config=replace(config, public_url=url))
        if is_this_machine(config.public_url)
        else project
    )


def _launch_prefect(project: Project, options: Options, stack: ExitStack) -> PrefectServer:
    home, port, given = (
        project.config.var_dir / "prefect",
        options.prefect_port,
        options.prefect_url,
    )
    if options.demo:  # its invented journeys are nobody's business on a server that others use
        port, given = None if port is None else free_port(port), None
    server = PrefectServer(home, port, given)
    stack.callback(server.stop)
    server.launch()
    return server


class Running:
    """One project's running parts, from start to stop, in one event loop."""

    def __init__(
        self,
        project: Project,
        engine: LiveEngine,
        listener: socket.socket,
        prefect: PrefectServer | None,
        terminal: Terminal,
        options: Options,
    ) -> None:
        self._project, self._engine, self._options = project, engine, options
        self._listener, self._prefect, self._terminal = listener, prefect, terminal
        self._url = url_of(listener)
        self._heart: Heart | None = None
        self._player: Player | None = None
        self._announcing: asyncio.Task[None] | None = None
        self._stop, self._chores = asyncio.Event(), Chores()
        self._files = EditedFiles(project.root)
        self._nights = Nights(engine.parts.database, engine.parts.clock, terminal)
        self._http = HttpSide(listener, self._served(), Answers(self._nudge, self._render_copy))

    async def live(self) -> None:
        """Starts everything, waits for Ctrl-C or SIGTERM, and ends everything, also where something
        broke: what was started does not go on alone.
        """
        self._obey_signals()
        self._terminal.greet(self._places())
        serving = asyncio.create_task(self._http.keep(self._terminal.warn))
        try:
            await self._work(serving)
            self._terminal.say("Stopping …")
        finally:
            await self._end(serving)

    async def _work(self, serving: asyncio.Task[None]) -> None:
        self._heart = await asyncio.to_thread(self._make_heart)
        await asyncio.to_thread(self._heart.start, self._describe())
        self._announcing = asyncio.create_task(self._announce_prefect())
        self._begin_chores()
        self._player = self._start_player()
        await self._until_stopped(serving)

    async def _end(self, serving: asyncio.Task[None]) -> None:
        self._engine.stop()
        self._nights.stop()
        if self._player is not None:
            await asyncio.to_thread(self._player.stop)
        self._chores.stop()
        if self._announcing is not None:
            self._announcing.cancel()
        await asyncio.gather(
            asyncio.to_thread(self._http.stop), serving, asyncio.to_thread(self._end_work)
        )
        if (
            self._prefect is not None
        ):  # before the loop ends: it waits for whoever waits for the server
            await asyncio.to_thread(self._prefect.stop, _PREFECT_GRACE_S)

    def _end_work(self) -> None:
        if self._heart is not None:
            self._heart.stop()
        try:
            self._engine.finish()
        except (
            StoreUnavailable
        ) as away:  # the next start finds out what became of the last messages
            self._terminal.warn(str(away))

    async def _until_stopped(self, serving: asyncio.Task[None]) -> None:
        """Also ends when the HTTP side does, which it must not by itself."""
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait([stopping, serving], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()

    def _obey_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, self._stop.set)
            except NotImplementedError:  # Windows: the handler runs between two turns of the loop
                signal.signal(number, lambda *_: loop.call_soon_threadsafe(self._stop.set))

    def _places(self) -> Places:
        config = self._project.config
        load_write_key(config)  # made, where there is none yet
        from_environment = "PARCOURS_WRITE_KEY" in config.environment
        database = (
            config.database_url.removeprefix("sqlite:///")
            if "sqlite" in config.database_url
            else "PostgreSQL"
        )
        return Places(
            config.project.name,
            self._url,
            database,
            "PARCOURS_WRITE_KEY" if from_environment else str(config.var_dir / "write_key"),
            self._prefect.ui_url if self._prefect else None,
        )

    def _served(self) -> Served:
        project = self._project
        return Served(
            project.config,
            self._engine.parts.clock,
            project.surveys,
            find_friend_offer(project.journeys.values()),
            project.topic_names,
            self._options.demo,
            self._prefect.ui_url if self._prefect else None,
        )

    def _render_copy(self, public_id: str) -> str | None:
        return render_copy(self._engine.parts, public_id)

    def _nudge(self) -> None:
        if self._heart is not None:
            self._heart.nudge()

    def _make_heart(self) -> Heart:
        pace = DEMO_PACE if self._options.demo else Pace()
        if self._prefect is None:
            return Heart(self._engine, NoBooks(), pace)
        bookkeeper, predict_with = _import_bookkeeper()
        predict_with(self._nights.predict)
        books = bookkeeper(UP, self._engine, socket.gethostname(), pace)
        return Heart(self._engine, books, pace)

    def _begin_chores(self) -> None:
        self._chores.every(2 * _LOOK_S, self._take_edits)
        self._chores.every(LOOK_S, self._predict_if_late)
        if self._prefect is not None:
            self._give_prefect_up = self._chores.every(_PREFECT_LOOK_S, self._tend_prefect)
        self._chores.start()

    async def _predict_if_late(self) -> None:
        heart = self._heart
        await self._nights.look(lambda: heart is not None and heart.is_in_sync)

    async def _tend_prefect(self) -> None:
        """Starts a server anew that ended by itself."""
        if self._prefect is None or not self._prefect.has_ended():
            return
        self._terminal.warn(
            "The Prefect server has ended; messages leave without it. It is started again …"
        )
        try:
            # in this, the main thread: on Linux the child ends with who made it
            self._prefect.launch()
        except PrefectDidNotStart as error:
            self._give_prefect_up()
            self._terminal.warn(str(error))
            return
        await self._announce_prefect()

    async def _announce_prefect(self) -> None:
        if self._prefect is None or self._heart is None:
            return
        try:
            await asyncio.to_thread(self._prefect.wait_until_healthy)
        except PrefectDidNotStart as error:
            if not self._stop.is_set():
                self._terminal.warn(f"{error}\nMessages leave without it.")
            return
        while not self._heart.is_in_sync:
            await asyncio.sleep(_LOOK_S)
        self._terminal.say(f"Prefect is ready: {self._prefect.ui_url}/deployments")

    async def _take_edits(self) -> None:
        """Runs edited journeys and templates at once; refuses broken ones, and the earlier ones go
        on.
        """
        try:
            if await asyncio.to_thread(self._files.settled):
                await asyncio.to_thread(self._reload)
                self._terminal.say("The edited files run from now on.")
        except OSError as fault:
            self._terminal.warn(
                f"{fault.filename} cannot be read: {why_unreadable(fault)}\n{NOT_TAKEN}"
            )
        except Exception as fault:  # whatever an edit brings up is told, and the next edit is taken
            self._terminal.warn(f"{without_data(fault)}\n{NOT_TAKEN}")

    def _reload(self) -> None:
        old, config = self._engine.parts, self._project.config
        found = load_project(self._project.root, config.environment)
        project = replace(found, config=config)  # settings and channels stay until the next start
        self._engine.replace(
            lambda: open_engine(
                project, old.clock, database=old.database, channels=old.channels, apply=True
            )
        )
        self._project = project
        self._http.update(self._served())
        if self._heart is not None:
            self._heart.update(self._describe())

    def _describe(self) -> list[DeploymentSpec]:
        found = [*describe_project(self._project), describe_shift()]
        predicts = self._nights.take(self._project, demo=self._options.demo)
        return [*found, describe_predictions(self._project)] if predicts else found

    def _start_player(self) -> Player | None:
        if not self._options.demo:
            return None
        clock = self._engine.parts.clock
        assert isinstance(clock, VirtualClock)
        player = _import_player()(
            self._url,
            load_write_key(self._project.config),
            self._project.config.var_dir / "mailbox",
            clock,
        )
        player.start(self._engine, self._nudge, self._terminal)
        return player


def _import_bookkeeper() -> tuple[type[Bookkeeper], Callable[[Predicting], None]]:
    """Prefect reads its settings when it is imported: only after the environment was set by
    `launch`.
    """
    from flows.bookkeeper import Bookkeeper
    from flows.predict_run import predict_with

    return Bookkeeper, predict_with


def _import_player() -> type[Player]:
    """Only a demo is played: who runs a shop need not load what it posts and reads with."""
    from orchestrator.demo.player import Player

    return Player
