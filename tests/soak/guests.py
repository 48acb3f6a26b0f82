"""Clients that behave badly: they read slowly or not at all, say half of something, or vanish.

Nothing is promised to them. They must not cost anybody else an answer, nor a worker its orderly end.
"""

import asyncio
import contextlib
import random
import socket

from soak.connection import RESET
from soak.ledger import Ledger

SIP = 2048  # bytes that a slow reader takes at a time
SIP_EVERY = 0.05
SMALL_BUFFER = 4096  # bytes that the kernel keeps for one that does not read

REQUESTS = {
    "reads nothing of a download": b"GET /blob HTTP/1.1\r\nhost: localhost:PORT\r\n\r\n",
    "reads a download slowly": b"GET /blob HTTP/1.1\r\nhost: localhost:PORT\r\n\r\n",
    "reads nothing of a range": b"GET /blob HTTP/1.1\r\nhost: localhost:PORT\r\nrange: bytes=1-\r\n\r\n",
    "reads nothing of the events": b"GET /events HTTP/1.1\r\nhost: localhost:PORT\r\n\r\n",
    "sends half a head": b"GET / HTTP/1.1\r\nhost: loc",
    "sends half a body": b"POST /upload HTTP/1.1\r\nhost: localhost:PORT\r\ncontent-length: 100000\r\n\r\n"
    + b"x" * 5000,
    "says nothing": b"",
    "opens a WebSocket and reads nothing": (
        b"GET /socket HTTP/1.1\r\nhost: localhost:PORT\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ),
}


class Guests:
    """count: how many at any time; longest: seconds that one stays."""

    def __init__(self, port: int, ledger: Ledger, count: int, longest: float, seed: str) -> None:
        self._port, self._ledger, self._count, self._longest = port, ledger, count, longest
        self._chance = random.Random(seed)

    async def run(self) -> None:
        """Have guests come and go until this is cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._count):
                group.create_task(self._come_and_go())

    async def _come_and_go(self) -> None:
        while True:
            kind = self._chance.choice([*REQUESTS])
            seconds = self._chance.uniform(0, self._longest)
            with contextlib.suppress(OSError), socket.socket() as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
                client.setblocking(False)
                if self._chance.random() < 0.5:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                await self._stay(client, kind, seconds)
            self._ledger.notes[f"guests: one {kind}"] += 1
            await asyncio.sleep(0.1)

    async def _stay(self, client: socket.socket, kind: str, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(client, ("127.0.0.1", self._port))
        await loop.sock_sendall(client, REQUESTS[kind].replace(b"PORT", b"%d" % self._port))
        if "slowly" not in kind:
            await asyncio.sleep(seconds)
            return
        for _ in range(int(seconds / SIP_EVERY)):
            if not await loop.sock_recv(client, SIP):
                return
            await asyncio.sleep(SIP_EVERY)
