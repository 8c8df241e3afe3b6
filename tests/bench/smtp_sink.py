"""An SMTP server that takes everything and keeps nothing: a bare asyncio protocol, so that it is
not the limit.
"""

from __future__ import annotations

import asyncio

REPLIES = {
    b"EHLO": b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


class Sink(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.buffer, self.in_body = transport, b"", False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while self._take_one():
            pass

    def _take_one(self) -> bool:
        end = b"\r\n.\r\n" if self.in_body else b"\r\n"
        head, found, rest = self.buffer.partition(end)
        if not found:
            return False
        self.buffer = rest
        verb = head[:4].upper()
        self.transport.write(b"250 ok\r\n" if self.in_body else REPLIES.get(verb, b"250 ok\r\n"))
        self.in_body = not self.in_body and verb == b"DATA"
        if verb == b"QUIT" and not self.in_body:
            self.transport.close()
        return True


async def main() -> None:
    """Serves until the process is ended; the first line printed is the port."""
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
