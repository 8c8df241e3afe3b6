"""Where `up` listens: a port that is taken is said at once, with what to do."""

from __future__ import annotations

import errno
import ipaddress
import socket
from urllib.parse import urlsplit

from orchestrator.domain.errors import ParcoursError


class PortTaken(ParcoursError):
    """Another program listens where `up` was told to."""


def listen(host: str, port: int, *, else_another: bool) -> socket.socket:
    """A listening socket on the port, or with `else_another` on the next free one of the hundred
    after it.

    Raises PortTaken; also for an address that is not this machine's.
    """
    for candidate in range(port, port + 100 if else_another and port else port + 1):
        try:
            return _bind(host, candidate)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise PortTaken(
                    f"cannot listen on {host}:{candidate}: {error.strerror or error}"
                ) from error
    raise PortTaken(
        f"port {port} of {host} is taken: choose another with --port, or end the program "
        "that has it"
    )


def url_of(listener: socket.socket) -> str:
    """The address to type into a browser on this machine."""
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "localhost"
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def is_this_machine(url: str) -> bool:
    """Whether an address leads nowhere else than to the machine it is opened on."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        # Without it the port stays taken for a minute after a stop.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener
