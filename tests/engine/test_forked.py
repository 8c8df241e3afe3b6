"""Much to deliver is sent by a process of its own: each message once, whoever dies or hangs."""

from __future__ import annotations

import mmap
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import Pipe
from pathlib import Path

import pytest

from channels.delivery import in_turn
from orchestrator.domain.channel import UNWATCHED, Feature, OutcomeKind, SendOutcome, Wire
from orchestrator.domain.medium import ChannelName, Medium
from orchestrator.domain.message import RenderedMessage
from orchestrator.engine import forked, standing
from orchestrator.engine.batches import FAILURES_IN_A_ROW_MAX, Job
from orchestrator.engine.forked import FORKED_MIN, IS_POSSIBLE, Child, Forked, Over, Told
from orchestrator.engine.handover import HandOver
from orchestrator.engine.report import Held
from orchestrator.engine.work import finish
from orchestrator.render import budget
from tests.engine.conftest import OpenShop
from tests.support.processes import is_running
from tests.support.shop import Shop

pytestmark = pytest.mark.skipif(not IS_POSSIBLE, reason="no safe fork on this system")

HELLO_BY_TEMPLATE = "journey: hello\ntrigger: {event: Viewed}\nsteps:\n  - email: %s\n"
CROWD = FORKED_MIN + 20
PATIENCE_S = 20.0  # of a process that waits for a word of its engine

Deed = Callable[[str], SendOutcome]


def accept(_: str) -> SendOutcome:
    return SendOutcome(OutcomeKind.ACCEPTED)


class Post:
    """A provider that writes down which process gave it what, in a file that all of them share."""

    name = "post"
    medium = Medium.EMAIL
    supports = frozenset(Feature)

    def __init__(self, path: Path, deed: Deed = accept) -> None:
        self._path, self._deed = path, deed
        path.touch()

    def reopen(self) -> Post:
        return Post(self._path, self._deed)

    def send_batch(
        self, messages: Sequence[RenderedMessage], deadline_s: float, wire: Wire = UNWATCHED
    ) -> Iterator[tuple[int, SendOutcome]]:
        return in_turn(messages, deadline_s, lambda message: None, self._send, wire)

    def _send(self, message: RenderedMessage, _: None) -> SendOutcome:
        with self._path.open("a") as file:
            file.write(f"{os.getpid()} {message.to}\n")
        return self._deed(message.to)

    def close(self) -> None:
        pass

    def taken(self) -> list[tuple[int, str]]:
        lines = (line.split() for line in self._path.read_text().splitlines())
        return [(int(pid), to) for pid, to in lines]


def open_crowd(open_shop: OpenShop, post: Post, template: str = "hello") -> Shop:
    """A crowd whose messages are decided and wait."""
    shop = open_shop(HELLO_BY_TEMPLATE % template, live=True)
    shop.use(channels={Medium.EMAIL: post})
    for number in range(CROWD):
        shop.identify("0s", f"c{number}", email=f"c{number}@example.com")
        shop.track("0s", "Viewed", f"c{number}")
    return shop


def states(shop: Shop) -> Counter[str]:
    return Counter(state for state, _, _ in shop.ledger())


def is_over(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_crowd_is_sent_by_another_process_which_is_gone_then(
    open_shop: OpenShop, tmp_path: Path
) -> None:
    post = Post(tmp_path / "post")
    shop = open_crowd(open_shop, post)
    report = shop.tick("1s")
    assert report.channels["email"].sent == CROWD
    assert report.channels["email"].stopped == ""
    assert states(shop) == {"accepted": CROWD}
    pids = {pid for pid, _ in post.taken()}
    assert len(post.taken()) == len({to for _, to in post.taken()}) == CROWD
    assert os.getpid() not in pids
    assert all(is_over(pid) for pid in pids)


def test_a_few_leave_without_another_process(open_shop: OpenShop, tmp_path: Path) -> None:
    post = Post(tmp_path / "post")
    shop = open_shop(HELLO_BY_TEMPLATE % "hello", live=True)
    shop.use(channels={Medium.EMAIL: post})
    shop.identify("0s")
    shop.track("0s", "Viewed")
    shop.tick("1s")
    assert post.taken() == [(os.getpid(), "ada@example.com")]


def test_a_process_that_is_killed_leaves_one_message_in_doubt_and_the_others_are_sent_once(
    open_shop: OpenShop, tmp_path: Path
) -> None:
    def die(to: str) -> SendOutcome:
        if to == "c50@example.com":
            os.kill(os.getpid(), signal.SIGKILL)
        return accept(to)

    post = Post(tmp_path / "post", die)
    shop = open_crowd(open_shop, post)
    shop.tick("1s")
    found = states(shop)
    assert found["unknown"] == 1
    assert found["queued"] > 0
    assert found["accepted"] == len(post.taken()) - 1
    shop.tick("30m")  # the channel has rested
    assert states(shop) == {"unknown": 1, "accepted": CROWD - 1}
    assert len({to for _, to in post.taken()}) == len(post.taken()) == CROWD


def test_a_template_that_does_not_end_fails_its_own_message_only(
    open_shop: OpenShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forked, "RENDER_S_MAX", 1.0)
    monkeypatch.setattr(budget, "WORK_MAX", 10**15)
    post = Post(tmp_path / "post")
    shop = open_shop(HELLO_BY_TEMPLATE % "hello", live=True)
    loop = "{% for a in range(99999) %}" * 3 + "{% endfor %}" * 3
    (shop.root / "templates/email/hello.html").write_text(
        "---\nsubject: hello\n---\n<p>{% if customer.email == 'c7@example.com' %}"
        + loop
        + "{% endif %}hello</p>{{ links.unsubscribe }}\n"
    )
    shop.close()
    shop.open(HELLO_BY_TEMPLATE % "hello")
    shop.use(channels={Medium.EMAIL: post})
    for number in range(CROWD):
        shop.identify("0s", f"c{number}", email=f"c{number}@example.com")
        shop.track("0s", "Viewed", f"c{number}")
    shop.tick("1s")
    assert states(shop) == {"failed": 1, "accepted": CROWD - 1}
    assert "c7@example.com" not in {to for _, to in post.taken()}


def test_a_process_whose_template_does_not_end_ends_with_its_engine() -> None:
    engine = (
        "from orchestrator.engine.forked import Forked\n"
        "def render(child):\n"
        "    child.watch(lambda: None)\n"
        "    child.render_at(0)\n"
        "    print(os.getpid(), flush=True)\n"
        "    while True: pass\n"
        "import os, sys\n"
        "forked = Forked(render, ())\n"
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", engine], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert not is_over(pid)
        process.kill()
    while is_running(pid):  # an orphan: who inherits it may never wait for it
        time.sleep(0.01)


def test_told_to_stop_it_begins_nothing_more_and_is_not_waited_for(
    open_shop: OpenShop, tmp_path: Path
) -> None:
    def hang(to: str) -> SendOutcome:
        if to == "c3@example.com":
            (tmp_path / "hangs").touch()
            time.sleep(600)
        return accept(to)

    post = Post(tmp_path / "post", hang)
    shop = open_crowd(open_shop, post)
    shop.clock.move_to(shop.clock.now().replace(second=1))
    while not (tmp_path / "hangs").exists():
        shop.work(budget_s=0.5)
    pids = {pid for pid, _ in post.taken()}
    finish(shop.context, shop.worker, grace_s=0.2)
    found = states(shop)
    assert found["unknown"] == 1
    assert found["accepted"] + found["queued"] == CROWD - 1
    assert found["accepted"] == len(post.taken()) - 1
    assert all(is_over(pid) for pid in pids)


def test_who_waits_for_answers_goes_on_where_a_process_is_over(tmp_path: Path) -> None:
    """Its channel can take more: while others still send, the next batch must not wait with them.
    Where it does, this test waits for an hour."""
    post, email, gate = Post(tmp_path / "post"), ChannelName("email"), tmp_path / "gate"
    os.mkfifo(gate)

    def reopen_late() -> Post:
        gate.read_bytes()
        return post

    hand_over = HandOver(tmp_path)
    hand_over.lease([1])
    for reopen in (reopen_late, post.reopen):
        hand_over.fork(email, [], [], Job(lambda index: "nothing is made", reopen))
    assert not hand_over.is_free(email)
    hand_over.gather(3600.0)
    assert hand_over.is_free(email)
    assert hand_over.is_busy
    gate.write_bytes(b"go on")
    hand_over.gather(3600.0)
    assert not hand_over.is_busy
    hand_over.close()


def test_the_process_has_of_our_descriptors_what_it_was_given_and_no_others(
    tmp_path: Path,
) -> None:
    files = [(tmp_path / str(number)).open("w") for number in range(5)]
    ours = [file.fileno() for file in files]
    ours.append(os.dup2(ours[0], 200, inheritable=False))  # above what the process needs itself
    kept = ours[2]

    def write_what_is_open(_: Child) -> None:
        os.write(kept, repr([one == kept for one in ours if is_open(one)]).encode())

    Forked(write_what_is_open, [kept]).listen(lambda told: None)
    os.close(ours.pop())
    for file in files:
        file.close()
    assert (tmp_path / "2").read_text() == "[True]"


def is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def test_what_a_process_tells_is_read_as_it_was_told() -> None:
    outcome = SendOutcome(
        OutcomeKind.MISCONFIGURED,
        provider_id="p-1",
        reason="no such sender",
        code="550",
        retry_after_s=2.5,
        about_sender=True,
        suppress=True,
    )
    for told in (Told(7, outcome, noted=True), Told(8, outcome, not_made=True)):
        assert Told.of_values(told.as_values()) == told


def test_a_process_whose_engine_is_gone_finishes_without_a_word() -> None:
    """What has left stands in the wire log: an operator need not read a traceback about a pipe."""
    ours, theirs = Pipe()
    child = Child(theirs, mmap.mmap(-1, 64))
    ours.close()
    child.tell(Told(0, accept("a")))
    child.end(Over())


def test_a_provider_that_takes_nothing_from_a_process_is_left_alone(
    open_shop: OpenShop, tmp_path: Path
) -> None:
    post = Post(tmp_path / "post", lambda to: SendOutcome(OutcomeKind.UNAVAILABLE, reason="busy"))
    shop = open_crowd(open_shop, post)
    stopped = shop.tick("1s").channel("email").stopped
    assert stopped == f"{FAILURES_IN_A_ROW_MAX} messages in a row did not get through: busy"
    assert len(post.taken()) == FAILURES_IN_A_ROW_MAX
    shop.tick("2s")
    assert len(post.taken()) == FAILURES_IN_A_ROW_MAX


def test_a_process_whose_channel_is_held_begins_nothing_more(
    open_shop: OpenShop, tmp_path: Path
) -> None:
    def wait_to_be_held(to: str) -> SendOutcome:
        if to == "c3@example.com":
            (tmp_path / "waits").touch()
            until_s = time.monotonic() + PATIENCE_S
            while not shop.worker.hand_over.is_stopping:  # of the process itself: it was told
                assert time.monotonic() < until_s
                time.sleep(0.01)
        return accept(to)

    post = Post(tmp_path / "post", wait_to_be_held)
    shop = open_crowd(open_shop, post)
    shop.clock.move_to(shop.clock.now().replace(second=1))
    while not (tmp_path / "waits").exists():
        shop.work(budget_s=0.5)
    begun = len(post.taken())
    assert begun < CROWD
    standing.hold(shop.context, Held(channels=frozenset({Medium.EMAIL})), shop.clock.now())
    shop.work()
    assert len(post.taken()) == begun
    assert states(shop) == {"accepted": begun, "queued": CROWD - begun}
