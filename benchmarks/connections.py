"""Requests on a new connection each, in an open loop, and what becomes of them.

A request has failed when its connection is refused or reset, when it ends before the whole answer has come, when the
answer is not a 200, and when none has come within 30 s. A SYN that finds the backlog full is no failure of itself:
Linux drops it and the client's sends it again, so that the request is slow; the longest one is shown.
"""

import asyncio
import collections
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

PATIENCE = 30.0  # seconds
BODY = b"hello, whole"
REQUEST = b"GET %s HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n\r\n"


@dataclass
class Outcome:
    """The outcome of the requests: their number, the failures by kind, and the longest success."""

    made: int = 0
    longest: float = 0.0
    failures: "collections.Counter[str]" = field(default_factory=collections.Counter)

    @property
    def failed(self) -> int:
        """The number of failures."""
        return self.failures.total()


async def get(port: int, path: str = "/") -> str:
    """Make one request; what is wrong with its answer, or nothing."""
    loop = asyncio.get_running_loop()
    sock = socket.socket()
    sock.setblocking(False)
    data = b""
    try:
        async with asyncio.timeout(PATIENCE):
            await loop.sock_connect(sock, ("127.0.0.1", port))
            await loop.sock_sendall(sock, REQUEST % (path.encode(), port))
            while chunk := await loop.sock_recv(sock, 4096):
                data += chunk
    except TimeoutError:
        return "no answer"
    except OSError as error:
        return type(error).__name__
    finally:
        sock.close()
    if not data.endswith(BODY):
        return "cut short"
    return "" if data.startswith(b"HTTP/1.1 200") else "not 200"


async def load(port: int, rate: float, at_once: int, path: str, meanwhile: Callable[[], Awaitable[None]]) -> Outcome:
    """Make `rate` requests a second for as long as `meanwhile` takes.

    at_once: so many may be open, and what is due beyond that waits; a server that cannot keep up always has as many.
    """
    outcome = Outcome()
    room = asyncio.Semaphore(at_once)
    requests: set[asyncio.Task[None]] = set()

    async def one() -> None:
        started = time.perf_counter()
        wrong = await get(port, path)
        room.release()
        outcome.made += 1
        if wrong:
            outcome.failures[wrong] += 1
        else:
            outcome.longest = max(outcome.longest, time.perf_counter() - started)

    async def begin() -> None:
        due = time.perf_counter()
        while True:
            await room.acquire()
            task = asyncio.create_task(one())
            requests.add(task)
            task.add_done_callback(requests.discard)
            due = max(due + 1 / rate, time.perf_counter() - 0.1)
            await asyncio.sleep(due - time.perf_counter())

    begun = asyncio.create_task(begin())
    try:
        await meanwhile()
    finally:
        begun.cancel()
    await asyncio.gather(*requests)
    return outcome
