"""A lease belongs to its worker: what became of it is said by that one, or by its notes once it is
dead.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text, update

from channels.delivery import Crew
from channels.recording import RecordingChannel
from orchestrator.clock import SystemClock
from orchestrator.domain.channel import UNWATCHED, Feature, OutcomeKind, SendOutcome, Wire
from orchestrator.domain.errors import AlreadyRunning, EngineBusy
from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.message import MessageState, RenderedMessage
from orchestrator.engine import settle
from orchestrator.engine.report import Held
from orchestrator.engine.work import end_turn, finish
from orchestrator.shift.live_engine import LiveEngine
from orchestrator.store import messages, wire_log
from orchestrator.store.availability import StoreUnavailable, unless_away
from orchestrator.store.database import Database
from orchestrator.store.lock import engine_lock, hold_database, lock_file
from orchestrator.store.messages import Settlement
from orchestrator.store.tables import MESSAGES
from orchestrator.store.wire_log import WireLog
from orchestrator.wiring import settle_what_died
from tests.engine.conftest import OpenShop
from tests.engine.crowd import queue
from tests.support.journeys import HELLO
from tests.support.life import instant
from tests.support.shop import Shop

RESET = HELLO.replace("trigger", "purpose: transactional\ntrigger")
ACCEPTED = SendOutcome(OutcomeKind.ACCEPTED)


class Slow:
    """A provider over two connections which answers when it is told to; `taken` is what it was
    given, in order.
    """

    name = "slow"
    medium = Medium.EMAIL
    supports = frozenset(Feature)

    def __init__(self, outcome: SendOutcome = ACCEPTED) -> None:
        self.crew = Crew("slow", 2)
        self.taken: list[str] = []
        self.is_given = threading.Semaphore(0)
        self.may_answer = threading.Event()
        self.outcome = outcome

    def send_batch(
        self, messages: Sequence[RenderedMessage], deadline_s: float, wire: Wire = UNWATCHED
    ) -> Iterator[tuple[int, SendOutcome]]:
        return self.crew.deliver(messages, deadline_s, lambda message: message, self._send, wire)

    def _send(self, message: RenderedMessage, _: RenderedMessage) -> SendOutcome:
        self.taken.append(message.to)
        self.is_given.release()
        self.may_answer.wait()
        return self.outcome

    def close(self) -> None:
        self.crew.close()


@pytest.fixture
def slow() -> Iterator[Slow]:
    channel = Slow()
    yield channel
    channel.may_answer.set()
    channel.close()


@pytest.fixture
def in_the_middle(open_shop: OpenShop, slow: Slow) -> Callable[..., Shop]:
    """A shop with two messages on the wire and eight that are leased and not begun; its tick has
    run out of time. All ten were queued before: what a tick does in its time, a busy machine says.
    """

    def open_one(journey: str = RESET) -> Shop:
        shop = open_shop(journey, live=True)
        shop.use(channels={Medium.EMAIL: slow})
        for number in range(10):
            shop.identify("0s", f"c{number}", email=f"c{number}@example.com")
            shop.track("0s", "Viewed", f"c{number}")
        queue(shop)
        for doubled in count():
            shop.work(budget_s=0.1 * 2**doubled)
            if states(shop) == {"leased": 10}:
                break
        for _ in range(2):
            slow.is_given.acquire()
        assert states(shop) == {"leased": 10}
        return shop

    return open_one


def states(shop: Shop) -> dict[str, int]:
    return {
        row[0]: row[1] for row in shop.rows("SELECT state, count(*) FROM messages GROUP BY state")
    }


def restart(shop: Shop) -> Shop:
    """Another process on the same files; the first goes on."""
    return Shop(shop.root, shop.url, shop.journeys, shop.files, shop.clock)


def die(shop: Shop) -> None:
    """What a process leaves that is killed: the kernel lets go of its notes."""
    handle = shop.worker.hand_over.log._handle  # the death of a process, not a call of ours
    assert handle is not None
    os.close(handle)


# ---------------------------------------------------------------- who leased it


def test_a_second_process_leaves_the_leases_of_a_living_one_alone(
    in_the_middle: Callable[..., Shop], slow: Slow
) -> None:
    shop = in_the_middle()
    other = restart(shop)
    settle_what_died(other.context, other.worker)
    other.tick(shop.clock.now() + timedelta(hours=1))
    assert states(shop) == {"leased": 10}
    assert other.delivered() == []
    slow.may_answer.set()
    shop.tick(shop.clock.now())
    assert states(shop) == {"accepted": 10}
    assert sorted(slow.taken) == [f"c{number}@example.com" for number in range(10)]
    other.close()


def test_of_a_dead_process_only_what_was_on_the_wire_is_unknown(
    in_the_middle: Callable[..., Shop],
) -> None:
    shop = in_the_middle(HELLO)
    die(shop)
    other = restart(shop)
    assert settle_what_died(other.context, other.worker) == 10
    assert states(other) == {"queued": 8, "unknown": 2}
    other.tick(other.clock.now())
    assert states(other) == {"accepted": 8, "unknown": 2}
    other.close()


def test_what_a_dead_process_was_told_by_its_provider_is_known(
    in_the_middle: Callable[..., Shop], slow: Slow
) -> None:
    shop = in_the_middle(HELLO)
    slow.may_answer.set()
    for _ in range(8):
        slow.is_given.acquire()
    while (
        shop.worker.hand_over.on_the_wire
    ):  # the last answers are being noted; nothing is written to the database
        threading.Event().wait(0.01)
    die(shop)
    other = restart(shop)
    settle_what_died(other.context, other.worker)
    assert states(other) == {"accepted": 10}
    assert not list((shop.root / "var/wire").iterdir())
    assert other.rows("SELECT token FROM workers") == []
    other.close()


def test_a_dead_address_that_only_the_notes_know_of_is_no_address_of_everybody(
    in_the_middle: Callable[..., Shop], slow: Slow
) -> None:
    """Where the message went is not noted: an empty address would be what is suppressed."""
    slow.outcome = SendOutcome(OutcomeKind.REJECTED, code="550 5.1.1", suppress=True)
    shop = in_the_middle(HELLO)
    slow.may_answer.set()
    while shop.worker.hand_over.on_the_wire:
        threading.Event().wait(0.01)
    die(shop)
    other = restart(shop)
    settle_what_died(other.context, other.worker)
    assert states(other)["rejected"] >= 2
    assert other.rows("SELECT address FROM suppressions") == []
    other.close()


def test_without_its_notes_everything_that_a_dead_process_had_leased_is_unknown(
    in_the_middle: Callable[..., Shop],
) -> None:
    shop = in_the_middle(HELLO)
    for path in (shop.root / "var/wire").iterdir():
        path.unlink()
    other = restart(shop)
    assert settle_what_died(other.context, other.worker) == 0  # it was seen a moment ago
    with shop.context.database.write() as connection:
        long_ago = SystemClock().now() - settle.DEAD_AFTER - timedelta(seconds=1)
        connection.execute(
            text("UPDATE workers SET beat_at = :at"), {"at": long_ago.replace(tzinfo=None)}
        )
    other.tick(other.clock.now())
    assert states(other) == {"unknown": 10}
    other.close()


def test_at_its_end_a_process_queues_what_was_not_begun_and_the_rest_is_unknown(
    in_the_middle: Callable[..., Shop],
) -> None:
    shop = in_the_middle(HELLO)
    finish(shop.context, shop.worker, grace_s=0.1)
    assert states(shop) == {"queued": 8, "unknown": 2}


def test_what_is_answered_behind_a_turn_is_written_while_the_shift_is_held(
    in_the_middle: Callable[..., Shop], slow: Slow
) -> None:
    shop = in_the_middle()
    end_turn(shop.context, shop.worker, grace_s=0.0)
    assert states(shop)["leased"] >= 2  # on the wire
    slow.may_answer.set()
    engine = LiveEngine(shop.context, shop.worker, lambda report: None)
    while states(shop).get("leased"):  # as `up` does twice a second while its shift is paused
        engine.hold(Held(shifts=frozenset({"up"})))
        threading.Event().wait(0.01)
    assert states(shop) == {"accepted": 2, "queued": 8}


def test_who_may_not_work_writes_what_its_provider_has_answered_all_the_same(
    in_the_middle: Callable[..., Shop], slow: Slow
) -> None:
    shop = in_the_middle()
    mine, other = (engine_lock(shop.context.database) for _ in range(2))
    shop.worker.hand_over.hold = mine
    end_turn(shop.context, shop.worker, grace_s=0.0)
    other.take()
    slow.may_answer.set()
    shop.worker.hand_over.gather(60.0)  # until all have answered
    with pytest.raises(EngineBusy):
        shop.work()
    other.release()
    assert states(shop) == {"accepted": 2, "queued": 8}


def test_at_its_end_a_process_waits_for_what_its_provider_still_says(
    open_shop: OpenShop, slow: Slow
) -> None:
    shop = open_shop(RESET, live=True)
    shop.use(channels={Medium.EMAIL: slow})
    shop.identify("0s")
    shop.track("0s", "Viewed")
    queue(shop)
    hand_over = shop.worker.hand_over
    for doubled in count():
        if hand_over.leased:
            break
        shop.work(budget_s=0.1 * 2**doubled)
    slow.is_given.acquire()

    def answer_once_it_is_the_end() -> None:
        while not hand_over.is_stopping:
            time.sleep(0.01)
        time.sleep(0.1)
        slow.may_answer.set()

    answering = threading.Thread(target=answer_once_it_is_the_end)
    answering.start()
    finish(shop.context, shop.worker, grace_s=60.0)
    answering.join()
    assert states(shop) == {"accepted": 1}


@pytest.mark.parametrize("arrived", [True, False, None])
def test_a_provider_that_knows_is_asked_at_the_start_what_became_of_unknown_messages(
    open_shop: OpenShop, arrived: bool | None
) -> None:
    shop = open_shop(HELLO, live=True)
    shop.use(channels={Medium.EMAIL: Knowing(arrived)})
    shop.identify("0s")
    shop.track("1s", "Viewed")
    queue(shop, "2s")
    with shop.context.database.write() as connection:
        connection.execute(update(MESSAGES).values(state="unknown"))
    settle_what_died(shop.context, shop.worker)
    told = {True: "accepted", False: "queued", None: "unknown"}
    assert states(shop) == {told[arrived]: 1}


class Knowing(RecordingChannel):
    """A provider that can be asked about a message; None: it does not know."""

    def __init__(self, arrived: bool | None) -> None:
        super().__init__(Medium.EMAIL)
        self._arrived = arrived

    def look_up(self, message_id: str) -> bool | None:
        return self._arrived


@pytest.mark.parametrize("starts", [False, True])
def test_a_lease_of_nobody_is_over_with_its_time_or_when_a_process_starts(
    open_shop: OpenShop, starts: bool
) -> None:
    shop = open_shop(HELLO, live=True)
    shop.identify("0s")
    shop.track("1s", "Viewed")
    queue(shop, "2s")
    lease = update(MESSAGES).values(state="leased", leased_by=None, lease_until=instant("5m"))
    with shop.context.database.write() as connection:
        connection.execute(lease)
    shop.tick("5m")
    assert states(shop) == {"leased": 1}
    if starts:
        assert settle_what_died(shop.context, shop.worker) == 1
    else:
        shop.tick("6m")
    assert states(shop) == {"unknown": 1}


def test_notes_from_before_a_restart_of_the_machine_are_not_believed(
    in_the_middle: Callable[..., Shop],
) -> None:
    shop = in_the_middle(HELLO)
    die(shop)
    (path,) = (shop.root / "var/wire").iterdir()
    _, _, rest = path.read_bytes().partition(b"\n")
    path.write_bytes(b"machine another\n" + rest)
    with shop.context.database.write() as connection:
        connection.execute(text("DELETE FROM workers"))
    other = restart(shop)
    settle_what_died(other.context, other.worker)
    assert states(other) == {"unknown": 10}
    other.close()


def test_an_outcome_is_written_into_its_own_lease_only(in_the_middle: Callable[..., Shop]) -> None:
    shop = in_the_middle()
    database, at = shop.context.database, shop.clock.now()
    (message_id,) = shop.rows("SELECT min(id) FROM messages")[0]
    said = [Settlement(message_id, MessageState.ACCEPTED, at)]
    with database.write() as connection:
        messages.settle(connection, said, was=MessageState.LEASED, leased_by="somebody else")
        messages.settle(connection, said)  # what was queued
        messages.settle(connection, said, was=MessageState.UNKNOWN)
    assert states(shop) == {"leased": 10}
    with database.write() as connection:
        messages.settle(
            connection, said, was=MessageState.LEASED, leased_by=shop.worker.hand_over.token
        )
    assert states(shop) == {"accepted": 1, "leased": 9}


def test_a_lease_that_was_written_though_the_database_said_no_is_found_again(
    open_shop: OpenShop,
) -> None:
    shop = open_shop(HELLO, live=True)
    shop.identify("0s")
    shop.track("0s", "Viewed")
    shop.tick("1s")
    token = shop.worker.hand_over.token
    with shop.context.database.write() as connection:  # the answer to the COMMIT was lost
        connection.execute(text("UPDATE messages SET state = 'leased'"))
    shop.tick("2s")
    assert states(shop) == {"queued": 1}
    assert [row.token for row in shop.rows("SELECT token FROM workers")] == [token]
    assert [path.name for path in (shop.root / "var/wire").iterdir()] == [token]


def test_a_channel_is_free_for_more_once_all_that_it_has_is_begun(
    open_shop: OpenShop, slow: Slow
) -> None:
    shop = open_shop(RESET, live=True)
    shop.use(channels={Medium.EMAIL: slow})
    for name in ("ada", "bob"):
        shop.identify("0s", name, email=f"{name}@example.com")
        shop.track("0s", "Viewed", name)
    queue(shop)
    hand_over = shop.worker.hand_over
    for doubled in count():
        if hand_over.leased:
            break
        shop.work(budget_s=0.1 * 2**doubled)
    for _ in range(2):
        slow.is_given.acquire()
    assert hand_over.on_the_wire == 2
    assert hand_over.is_free(ChannelName(Medium.EMAIL))


# ---------------------------------------------------------------- who holds the database


def lose_the_lock(shop: Shop, cut_sessions: Callable[[Database], None]) -> None:
    path = lock_file(shop.context.database)
    if path is None:
        cut_sessions(shop.context.database)
    else:
        path.unlink()


def cut_sessions(database: Database) -> None:
    """What a restart of the server does to every session."""
    other = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with database.read() as connection:
        connection.execute(text(other))


def refused_tick(shop: Shop) -> None:
    """A tick of a process that does not hold the database; its sessions may have been cut."""
    with pytest.raises((AlreadyRunning, StoreUnavailable)), unless_away(quietly=True):
        shop.tick(shop.clock.now())


def tick_when_free(shop: Shop) -> None:
    """Ticks as soon as the lock is free: PostgreSQL lets go of it once its server has noticed that
    the session is over.
    """
    while True:
        try:
            shop.tick(shop.clock.now())
        except AlreadyRunning:
            time.sleep(0.01)
        else:
            return


def test_who_loses_the_lock_begins_no_further_message_and_who_gets_it_sends_nothing_twice(
    in_the_middle: Callable[..., Shop], slow: Slow
) -> None:
    shop = in_the_middle()
    with hold_database(shop.context.database) as hold:
        shop.worker.hand_over.hold = hold
        lose_the_lock(shop, cut_sessions)
        while hold.is_held():  # the server's word about it is on its way
            time.sleep(0.01)
        other = restart(shop)
        with hold_database(other.context.database):
            settle_what_died(other.context, other.worker)
            other.tick(other.clock.now())
            slow.may_answer.set()
            while shop.worker.hand_over.is_busy:
                refused_tick(shop)
            assert states(shop) == {"accepted": 2, "queued": 8}
            assert len(slow.taken) == 2
            other.tick(other.clock.now() + timedelta(seconds=1))
        other.close()
        assert states(shop) == {"accepted": 10}
        assert len(slow.taken) + len(other.delivered()) == 10
        tick_when_free(shop)
        assert hold.is_held()  # nobody else is there any more: it goes on


@pytest.mark.parametrize("replaced", [False, True])
def test_a_database_deleted_under_a_running_process_is_missed_at_once(
    open_shop: OpenShop, replaced: bool
) -> None:
    shop = open_shop(HELLO, live=True)
    if not shop.context.database.is_sqlite:
        pytest.skip("PostgreSQL keeps its own files")
    shop.identify("0s")
    shop.track("0s", "Viewed")
    path = Path(shop.url.removeprefix("sqlite:///"))
    path.unlink()
    if replaced:
        path.touch()
    with pytest.raises(Exception, match="under the running process"):
        shop.tick("1s")
    assert shop.delivered() == []
    assert path.exists() is replaced


# ---------------------------------------------------------------- the notes


def noted(folder: Path, write: Callable[[WireLog], None]) -> wire_log.Notes:
    log = WireLog(folder, "t")
    log.open()
    write(log)
    log.close(keep=True)
    return wire_log.read_notes(folder, "t")


def test_notes_tell_what_was_begun_and_what_became_of_it(tmp_path: Path) -> None:
    full = SendOutcome(
        OutcomeKind.THROTTLED, "id", "a reason.\nof two lines", "451", 2.5, suppress=True
    )

    def write(log: WireLog) -> None:
        log.lease([1, 2, 3])
        log.begin(1)
        log.end(1, full)
        log.begin(2)

    notes = noted(tmp_path, write)
    assert notes.begun == {2}
    assert notes.outcomes == {1: full}


def test_a_new_lease_makes_the_notes_of_the_one_before_void(tmp_path: Path) -> None:
    def write(log: WireLog) -> None:
        log.lease([1, 2])
        log.begin(1)
        log.end(1, ACCEPTED)
        log.begin(2)
        log.lease([1, 2])

    notes = noted(tmp_path, write)
    assert (notes.begun, notes.outcomes) == (frozenset(), {})


def test_a_note_that_was_cut_off_says_nothing_and_spoils_no_other(tmp_path: Path) -> None:
    noted(tmp_path, lambda log: log.lease([1, 12]))
    with (tmp_path / "t").open("ab") as file:
        file.write(b"\nb 1")  # of message 12
        file.write(b"\nb 12.")
    assert wire_log.read_notes(tmp_path, "t").begun == {12}


def test_notes_are_alive_for_as_long_as_their_process(tmp_path: Path) -> None:
    holder = (
        "import sys; from pathlib import Path; from orchestrator.store.wire_log import WireLog\n"
        "log = WireLog(Path(sys.argv[1]), 't'); log.open(); print('open', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", holder, str(tmp_path)]
    assert wire_log.is_alive(tmp_path, "t") is None
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        assert wire_log.is_alive(tmp_path, "t") is True
        process.kill()
    assert wire_log.is_alive(tmp_path, "t") is False


def test_nothing_begins_when_it_cannot_be_noted(open_shop: OpenShop) -> None:
    shop = open_shop(HELLO, live=True)
    shop.identify("0s")
    shop.track("0s", "Viewed")
    hand_over = shop.worker.hand_over
    hand_over.log.open()
    full = os.open("/dev/full", os.O_RDWR)
    begin = hand_over.log.begin

    def begin_on_a_full_disk(message_id: int) -> None:
        assert hand_over.log._handle is not None
        os.dup2(full, hand_over.log._handle)
        begin(message_id)

    hand_over.log.begin = begin_on_a_full_disk  # type: ignore[method-assign]
    report = shop.tick("1s")
    os.close(full)
    assert shop.delivered() == []
    assert states(shop) == {"queued": 1}
    assert "cannot be noted" in report.channel(Medium.EMAIL).stopped
