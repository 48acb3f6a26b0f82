"""Requests at a steady rate, on new and on kept connections; every answer is checked."""

import asyncio
import contextlib
import hashlib
import json
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from soak.connection import TIMEOUT, Connection, Cut
from soak.ledger import Ledger

TICK = 0.02  # seconds between two groups of requests
MOST_AT_ONCE = 200  # requests under way; beyond that the load waits, as the machine does not keep up
MOST_KEPT = 16  # idle connections
LARGEST_RANGE = 128 * 1024
LARGEST_UPLOAD = 256 * 1024
LONGEST_SLEEP = 800  # milliseconds; far below the drain timeout

Answer = tuple[int, str]  # the worker's PID, and what is wrong with the answer


class Load:
    """rate: requests per second. blob: what `/blob` has to send."""

    def __init__(self, port: int, ledger: Ledger, blob: bytes, rate: float, seed: str) -> None:
        self._port, self._ledger, self._blob, self._rate = port, ledger, blob, rate
        self._chance = random.Random(seed)
        self._kept: list[Connection] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._kinds: dict[str, tuple[float, Callable[[], Awaitable[None]]]] = {
            "plain, kept connection": (50, self._plain_kept),
            "plain, new connection": (34, lambda: self._on_new("plain, new connection", self._plain)),
            "slow, new connection": (3, lambda: self._on_new("slow, new connection", self._slow)),
            "range of a download": (9, lambda: self._on_new("range of a download", self._range)),
            "upload": (4, lambda: self._on_new("upload", self._upload)),
        }

    async def run(self) -> None:
        """Send requests until this is cancelled; then those under way are waited for."""
        due, began = 0.0, time.monotonic()
        kinds, weights = [*self._kinds], [weight for weight, _ in self._kinds.values()]
        try:
            while True:
                await asyncio.sleep(TICK)
                now = time.monotonic()
                due, began = due + (now - began) * self._rate, now
                while due >= 1:
                    due -= 1
                    if len(self._tasks) >= MOST_AT_ONCE:
                        self._ledger.notes["requests held back, as too many were under way"] += 1
                        continue
                    self._begin(self._chance.choices(kinds, weights)[0])
        finally:
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for connection in self._kept:
                connection.close()

    def _begin(self, kind: str) -> None:
        task = asyncio.ensure_future(self._timed(kind, self._kinds[kind][1]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _timed(self, kind: str, request: Callable[[], Awaitable[None]]) -> None:
        began = time.monotonic()
        try:
            async with asyncio.timeout(TIMEOUT):
                await request()
        except TimeoutError:
            self._ledger.fails(kind, began, None, "no complete answer")

    async def _plain_kept(self) -> None:
        """Ask on a connection that was kept; again on a new one if it has ended (RFC 9110, 9.2.2), as browsers do."""
        kind, began = "plain, kept connection", time.monotonic()
        while self._kept:
            connection = self._kept.pop(0)
            if connection.has_ended:
                connection.close()
                continue
            try:
                await self._exchange(kind, connection, self._plain)
                return
            except Cut as cut:
                connection.close()
                if cut.answered:
                    self._ledger.fails(kind, began, connection.pid, str(cut))
                    return
                self._ledger.retried[kind] += 1
                break
        await self._on_new(kind, self._plain, keep=True)

    async def _on_new(
        self, kind: str, request: Callable[[Connection], Awaitable[Answer]], *, keep: bool = False
    ) -> None:
        began = time.monotonic()
        try:
            connection = await Connection.open(self._port)
        except Cut as cut:
            self._ledger.fails(kind, began, None, str(cut))
            return
        try:
            await self._exchange(kind, connection, request, keep=keep)
        except Cut as cut:
            self._ledger.fails(kind, began, None, str(cut))
        finally:
            if connection not in self._kept:
                connection.close()

    async def _exchange(
        self,
        kind: str,
        connection: Connection,
        request: Callable[[Connection], Awaitable[Answer]],
        *,
        keep: bool = True,
    ) -> None:
        connection.pid, wrong = await request(connection)
        if wrong:
            self._ledger.failed[kind] += 1
            self._ledger.breaks(f"{kind}: {wrong}, worker {connection.pid}")
        else:
            self._ledger.answered[kind] += 1
        if keep and not wrong and len(self._kept) < MOST_KEPT:
            self._kept.append(connection)
        elif connection not in self._kept:
            connection.close()

    async def _plain(self, connection: Connection) -> Answer:
        return await fetch(connection, "GET", "/")

    async def _slow(self, connection: Connection) -> Answer:
        return await fetch(connection, "GET", f"/sleep/{self._chance.randrange(LONGEST_SLEEP)}")

    async def _upload(self, connection: Connection) -> Answer:
        body = self._chance.randbytes(self._chance.randrange(LARGEST_UPLOAD))
        return await fetch(connection, "POST", "/upload", body, sha256=hashlib.sha256(body).hexdigest())

    async def _range(self, connection: Connection) -> Answer:
        start = self._chance.randrange(len(self._blob))
        stop = min(len(self._blob), start + self._chance.randrange(1, LARGEST_RANGE))
        head = await connection.ask("GET", "/blob", f"range: bytes={start}-{stop - 1}\r\n")
        body = await connection.body(head)
        right = head.status == 206 and body == self._blob[start:stop]
        return int(head.headers.get("x-pid", 0)), "" if right else f"{head.status} with {len(body)} other bytes"


async def fetch(
    connection: Connection, method: str, path: str, body: bytes | None = None, **fields: object
) -> Answer:
    """Send a request whose answer is JSON with the worker's PID, and with these fields. Raises Cut."""
    head = await connection.ask(method, path, body=body)
    content = await connection.body(head)
    if head.status != 200:
        return 0, f"{head.status} {content[:100]!r}"
    answer = json.loads(content)
    wrong = {name: answer.get(name) for name, value in fields.items() if answer.get(name) != value}
    return answer["pid"], f"answered {wrong}" if wrong else ""


@contextlib.asynccontextmanager
async def under_load(load: Load) -> AsyncIterator[None]:
    """Send requests while this is entered; every one has its outcome in the end."""
    task = asyncio.ensure_future(load.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
