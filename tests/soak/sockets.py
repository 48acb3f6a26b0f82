"""WebSockets that come and go: every message is repeated by the app, and every end by a frame that says why."""

import asyncio
import random
import time
from collections.abc import AsyncIterator

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from soak.connection import TIMEOUT
from soak.ledger import Ledger

EVERY = 0.5  # seconds between two messages
GOING_AWAY = 1001  # RFC 6455, 7.4.1
ABNORMAL = 1006  # RFC 6455, 7.1.5: there was no close frame


class Sockets:
    """count: how many at any time; longest: seconds that one stays."""

    def __init__(self, port: int, ledger: Ledger, count: int, longest: float, seed: str) -> None:
        self._url = f"ws://localhost:{port}/socket"
        self._ledger, self._count, self._longest = ledger, count, longest
        self._chance = random.Random(seed)

    async def run(self) -> None:
        """Have WebSockets come and go until this is cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._count):
                group.create_task(self._come_and_go())

    async def _come_and_go(self) -> None:
        while True:
            began, pid = time.monotonic(), None
            try:
                async with asyncio.timeout(TIMEOUT):
                    socket = await connect(self._url, compression=None, ping_interval=None, open_timeout=None)
            except (OSError, InvalidHandshake, EOFError, TimeoutError) as error:
                self._ledger.fails("WebSocket", began, None, f"no handshake: {error!r}")
                continue
            self._ledger.notes["WebSockets opened"] += 1
            try:
                async for answered in _talk(socket, self._chance.uniform(self._longest / 10, self._longest)):
                    pid = answered
                    self._ledger.answered["WebSocket message"] += 1
                await socket.close()
            except ConnectionClosed as closed:
                if closed.rcvd is None:
                    self._ledger.fails("WebSocket", began, pid, f"ended without a close frame ({ABNORMAL})")
                elif closed.rcvd.code == GOING_AWAY:
                    self._ledger.notes["WebSockets closed by a worker that went away"] += 1
                else:
                    self._ledger.failed["WebSocket"] += 1
                    self._ledger.breaks(f"WebSocket: closed with {closed.rcvd.code}, worker {pid}")
            except TimeoutError:
                self._ledger.fails("WebSocket", began, pid, "a message was not repeated")
            except ValueError as error:
                self._ledger.failed["WebSocket"] += 1
                self._ledger.breaks(f"WebSocket: {error}")
            finally:
                socket.transport.abort()


async def _talk(socket: ClientConnection, seconds: float) -> AsyncIterator[int]:
    """Send messages for so long; the worker's PID for each that is repeated."""
    ends, number = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        number += 1
        await socket.send(str(number))
        async with asyncio.timeout(TIMEOUT):
            answer = str(await socket.recv())
        text, _, pid = answer.partition(" ")
        if text != str(number):
            raise ValueError(f"{number} was repeated as {answer!r}")
        yield int(pid)
        await asyncio.sleep(EVERY)
