"""A real browser, spoken to by the DevTools protocol: pages as people see them, at the width of
their screen.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import urllib3
from websockets.sync.client import ClientConnection, connect

_WAIT_S = 60


class Page:
    """One page of a browser."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = count(1)

    def call(self, method: str, **parameters: Any) -> Any:
        """The answer of one command."""
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(self._connection.recv(timeout=_WAIT_S))).get("id") != number:
            pass  # an event
        assert "error" not in answer, answer
        return answer["result"]

    def show(self, url: str, width: int = 1200, height: int = 900) -> None:
        """Opens an address and waits until all of it is there."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", **size)
        self.call("Page.navigate", url=url)
        self.until(f"location.href === {json.dumps(url)} && document.readyState === 'complete'")

    def ask(self, script: str) -> Any:
        """The value of an expression in the page."""
        found = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def until(self, script: str) -> Any:
        """The first true value of an expression."""
        deadline = time.monotonic() + _WAIT_S
        while not (value := self.ask(script)):
            assert time.monotonic() < deadline, script
            time.sleep(0.05)
        return value

    def type(self, text: str) -> None:
        """Types into the field that has the focus."""
        self.call("Input.insertText", text=text)

    def picture(self, path: Path) -> None:
        """Writes what is seen as PNG."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


@contextmanager
def open_browser(chromium: str, folder: Path) -> Iterator[Page]:
    """A browser without a window, ended at the end; `folder` holds its profile."""
    options = [
        "--headless",
        "--disable-gpu",
        "--no-first-run",
        "--remote-debugging-port=0",
        "--hide-scrollbars",
    ]
    if os.geteuid() == 0:
        options.append("--no-sandbox")
    command = [chromium, *options, f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with connect(_page_of(folder / "DevToolsActivePort"), max_size=None) as connection:
            yield Page(connection)
    finally:
        process.terminate()
        process.wait(_WAIT_S)


def _page_of(port_file: Path) -> str:
    deadline = time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        if port_file.exists() and (lines := port_file.read_text().split()):
            found = urllib3.request("GET", f"http://127.0.0.1:{lines[0]}/json/list").json()
            for target in found:
                if target["type"] == "page":
                    return str(target["webSocketDebuggerUrl"])
        time.sleep(0.05)
    raise AssertionError("the browser does not answer")
