"""Plays the shop: moves the clock, posts what happened up to then, has the engine work, reads the
mail, and again.

Between two steps the world stands still, so that the engine never looks before everything of a step
has arrived; and the clock waits for the engine, so that a slow machine only takes longer.
"""

from __future__ import annotations

import heapq
import os
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Protocol

import orjson
import urllib3

from channels.mailbox import read_message
from orchestrator.clock import VirtualClock
from orchestrator.demo.deeds import Call, Deed
from orchestrator.demo.goods import with_addresses
from orchestrator.demo.readers import Readers
from orchestrator.demo.seasons import HISTORY, SEASON, imagine_history, imagine_season
from orchestrator.demo.shoppers import invent_shoppers

STEP = timedelta(minutes=30)
BUSY_DAYS = 16  # by then every journey has spoken; the rest is slower, to be looked at
BUSY_DAY_S, CALM_DAY_S = 6.0, 26.0
BATCH_CALLS = 2_000


class World(Protocol):
    """The engine, as far as the demo steers it."""

    def standing_still(self) -> AbstractContextManager[None]: ...
    def wait_until(self, instant: datetime, timeout_s: float) -> bool: ...


class Voice(Protocol):
    """The terminal."""

    def say(self, text: str) -> None: ...
    def warn(self, text: str) -> None: ...
    def end_day(self, title: str) -> None: ...


class Player:
    """Plays in a thread of its own, against the HTTP side at `url`, until the season is over or it
    is stopped.
    """

    def __init__(self, url: str, write_key: str, mailbox: Path, clock: VirtualClock) -> None:
        self._shop, self._mailbox, self._clock = Shopfront(url, write_key), mailbox, clock
        self._url = url.rstrip("/")
        self._begin = clock.now()
        people = invent_shoppers()
        self._readers = Readers(people)
        self._history = imagine_history(people, self._begin)
        self._order = count()
        self._coming = [
            (deed.at, next(self._order), deed) for deed in imagine_season(people, self._begin)
        ]
        heapq.heapify(self._coming)
        self._seen: set[str] = set()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, world: World, nudge: Callable[[], None], voice: Voice) -> None:
        """Begins to play; `nudge` has the engine look at once."""
        self._world, self._nudge, self._voice = world, nudge, voice
        self._thread = threading.Thread(target=self._play_or_say_why_not, name="demo", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ends with the step in hand."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _play_or_say_why_not(self) -> None:
        try:
            self._play()
        except ShopClosed as error:
            if not self._stopping.is_set():
                self._voice.warn(f"The demo's shop stops: {error}")

    def _play(self) -> None:
        self._import_history()
        steps_a_day = timedelta(days=1) // STEP
        for number in range(1, SEASON // STEP + 1):
            if self._stopping.is_set():
                return
            began_s = time.monotonic()
            self._step(self._begin + number * STEP)
            day, rest = divmod(number, steps_a_day)
            if rest == 0:
                self._voice.end_day(f"Day {day:>2} · {self._clock.now() - STEP:%a %d %b}")
            day_s = BUSY_DAY_S if number <= BUSY_DAYS * steps_a_day else CALM_DAY_S
            self._stopping.wait(day_s / steps_a_day - (time.monotonic() - began_s))
        self._voice.say(
            "The three weeks are over: nobody visits the shop any more. Everything stays "
            "as it is, and"
        )
        self._voice.say(
            "the demo's clock goes on at the pace of yours. Look around; Ctrl-C ends it."
        )
        self._voice.say(f"What its journeys brought, and what is missing: {self._url}/")
        self._go_on(self._begin + SEASON)

    def _import_history(self) -> None:
        began_s = time.monotonic()
        calls = [deed.call for deed in self._history if deed.call is not None]
        self._voice.say(
            f"Importing {HISTORY.days} days of history: {len(calls):,} calls, which start "
            "no journey …"
        )
        with self._world.standing_still():
            for start in range(0, len(calls), BATCH_CALLS):
                self._shop.post(calls[start : start + BATCH_CALLS])
        self._step(self._begin + timedelta(seconds=1))
        self._voice.end_day(f"Imported in {time.monotonic() - began_s:.1f} s")
        self._voice.say(
            f"Now three weeks of the shop; a day takes {BUSY_DAY_S:g} s, later {CALM_DAY_S:g} s.\n"
        )

    def _step(self, until: datetime) -> None:
        with self._world.standing_still():
            self._clock.move_to(until)
            self._do(self._take(until))
        self._nudge()
        while not self._stopping.is_set() and not self._world.wait_until(until, 0.5):
            self._nudge()
        self._read_mail()

    def _take(self, until: datetime) -> list[Deed]:
        taken = []
        while self._coming and self._coming[0][0] <= until:
            taken.append(heapq.heappop(self._coming)[2])
        return taken

    def _do(self, deeds: Sequence[Deed]) -> None:
        self._shop.post([deed.call for deed in deeds if deed.call is not None])
        for deed in deeds:
            if deed.url:
                self._shop.send_form(deed)

    def _read_mail(self) -> None:
        """What is new in the mailbox may bring its readers to do something."""
        new = sorted(set(os.listdir(self._mailbox / "new")) - self._seen)
        self._seen.update(new)
        for name in new:
            message = read_message(self._mailbox, name)
            for deed in self._readers.read(message) if message is not None else ():
                heapq.heappush(self._coming, (deed.at, next(self._order), deed))

    def _go_on(self, end: datetime) -> None:
        ended_s = time.monotonic()
        while not self._stopping.wait(1.0):
            self._clock.move_to(end + timedelta(seconds=time.monotonic() - ended_s))


class ShopClosed(Exception):
    """The HTTP side does not answer, or refuses what the demo sends."""


class Shopfront:
    """Speaks to the HTTP side as a shop's server and its customers' browsers do."""

    def __init__(self, url: str, write_key: str) -> None:
        self._url = url
        # The server asks for patience when more waits than it can write; a form or a batch sent
        # twice is harmless.
        patience = urllib3.Retry(
            8, backoff_factor=0.1, status_forcelist=(429, 503), allowed_methods=None
        )
        self._http = urllib3.PoolManager(retries=patience, timeout=30)
        self._headers = {
            "Content-Type": "application/json",
            **urllib3.make_headers(basic_auth=f"{write_key}:"),
        }

    def post(self, calls: Sequence[Call]) -> None:
        """Posts calls as one batch; raises ShopClosed."""
        if calls:
            batch = {"batch": [with_addresses(call, self._url) for call in calls]}
            self._send(f"{self._url}/v1/batch", headers=self._headers, body=orjson.dumps(batch))

    def send_form(self, deed: Deed) -> None:
        """Sends a page's form as a browser would; raises ShopClosed."""
        headers = {"Accept-Language": deed.language} if deed.language else {}
        self._send(deed.url, headers=headers, fields=dict(deed.form), encode_multipart=False)

    def _send(self, url: str, **content: object) -> None:
        try:
            answer = self._http.request("POST", url, **content)  # type: ignore[arg-type]
        except urllib3.exceptions.HTTPError as error:
            raise ShopClosed(f"{self._url} does not answer ({type(error).__name__})") from error
        if (
            answer.status >= 400 and answer.status != 422
        ):  # 422: an invitation to somebody who is known already
            raise ShopClosed(f"{self._url} answers {answer.status} to a call or a form of the demo")
