"""Who sends an event: whoever wakes an idle client, where the server's `send` can do without a task, as granian's."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from asgi.memory import http_scope, until
from asgi.real import exchange, granian
from support.waiting import wait_for
from wesktop.asgi import Request, Router, create_app
from wesktop.asgi.types import Message
from wesktop.sse import Broadcaster, sse_route

REQUEST = Request(http_scope())
EVENTS = 200
PADDING = "x" * 50_000


class Sent:
    """What granian's `send` returns: an iterator over itself, done as soon as there is room."""

    def __init__(self, room: "asyncio.Future[None] | None") -> None:
        self._room = room

    def __await__(self) -> "Sent":
        return self

    def __iter__(self) -> "Sent":
        return self

    def __next__(self) -> Any:
        if self._room is None or self._room.done():
            raise StopIteration
        self._room._asyncio_future_blocking = True
        return self._room


class Page:
    """A connected page on such a server. room: None while there is some; wrong: what `send` raises."""

    def __init__(self, broadcaster: Broadcaster) -> None:
        self.chunks: list[str] = []
        self.by: list[asyncio.Task[Any] | None] = []
        self.room: asyncio.Future[None] | None = None
        self.wrong: Exception | None = None
        self.gone = asyncio.Event()
        self.running = asyncio.create_task(broadcaster.stream(REQUEST)(http_scope(), self._receive, self._send))

    async def _receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    def _send(self, message: Message) -> Any:
        if self.wrong is not None:
            raise self.wrong
        if message.get("body"):
            self.chunks.append(message["body"].decode())
            self.by.append(asyncio.current_task())
        return Sent(self.room)

    @property
    def data(self) -> list[str]:
        lines = "".join(self.chunks).split("\n")
        return [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]

    async def leave(self) -> None:
        self.gone.set()
        await self.running


@pytest.fixture
def broadcaster() -> Broadcaster:
    return Broadcaster(buffer_size=4, strict=False)


async def pages(broadcaster: Broadcaster, count: int) -> list[Page]:
    found = [Page(broadcaster) for _ in range(count)]
    await until(lambda: all(page.chunks for page in found))
    await settled()
    return found


async def settled() -> None:
    """Some turns of the loop, in which who has nothing more to do begins to wait."""
    for _ in range(5):
        await asyncio.sleep(0)


def test_an_idle_client_is_sent_to_at_once_without_its_task(broadcaster: Broadcaster) -> None:
    async def scenario() -> None:
        (page,) = await pages(broadcaster, 1)
        for number in range(3):
            broadcaster.broadcast("e", number)
            await until(lambda number=number: len(page.data) == number + 1)  # type: ignore[misc]
        assert page.data == ["0", "1", "2"]
        assert page.by[1:] == [None, None, None]
        await page.leave()

    asyncio.run(scenario())


def test_a_busy_client_gets_what_waits_in_one_piece_as_soon_as_there_is_room(broadcaster: Broadcaster) -> None:
    async def scenario() -> None:
        (page,) = await pages(broadcaster, 1)
        page.room = asyncio.get_running_loop().create_future()
        for number in range(4):
            broadcaster.broadcast("e", number)
            await settled()
        assert page.data == ["0"]
        page.room.set_result(None)
        await until(lambda: len(page.data) == 4)
        assert len(page.chunks) == 3
        await settled()
        broadcaster.broadcast("e", 4)
        await until(lambda: len(page.data) == 5)
        assert page.by[-1] is None
        await page.leave()
        assert broadcaster.client_count == 0

    asyncio.run(scenario())


def test_a_busy_client_that_leaves_is_gone(broadcaster: Broadcaster) -> None:
    async def scenario() -> None:
        (page,) = await pages(broadcaster, 1)
        page.room = asyncio.get_running_loop().create_future()
        broadcaster.broadcast("e", 1)
        await until(lambda: page.data)
        page.gone.set()
        await until(lambda: broadcaster.client_count == 0)
        page.room = None
        await page.running

    asyncio.run(scenario())


def test_an_idle_client_that_falls_behind_gets_what_it_may_and_ends(broadcaster: Broadcaster) -> None:
    async def scenario() -> None:
        (page,) = await pages(broadcaster, 1)
        for number in range(9):
            broadcaster.broadcast("e", number)
        await asyncio.wait_for(page.running, 10)
        assert page.data == ["0", "1", "2", "3"]

    asyncio.run(scenario())


def test_a_send_that_fails_ends_its_own_stream_alone(broadcaster: Broadcaster) -> None:
    async def scenario() -> None:
        broken, other = await pages(broadcaster, 2)
        broken.wrong = RuntimeError("the transport is closed")
        broadcaster.broadcast("e", 1)
        await until(lambda: other.data == ["1"])
        with pytest.raises(RuntimeError, match="the transport is closed"):
            await broken.running
        assert broadcaster.client_count == 1
        await other.leave()

    asyncio.run(scenario())


@contextlib.contextmanager
def flooded(write_timeout: float) -> Iterator[tuple[Broadcaster, socket.socket]]:
    """A real server that sends 10 MB in 200 events, more than fits the kernel, and a client that has not read yet."""
    broadcaster = Broadcaster(buffer_size=10_000, buffer_bytes=1 << 30, strict=False)
    router = Router()
    router.add_route("GET", "/events", sse_route(broadcaster))

    @router.post("/flood")
    async def flood(_: Request) -> None:
        for number in range(EVENTS):
            broadcaster.broadcast("e", f"{number} {PADDING}")
            await asyncio.sleep(0)  # each is sent for itself as long as there is room

    with granian(create_app(router, write_timeout=write_timeout)) as port, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.settimeout(20)
        client.connect(("127.0.0.1", port))
        client.sendall(b"GET /events HTTP/1.1\r\nHost: x\r\n\r\n")
        greeting = b""
        while b": connected" not in greeting:
            greeting += client.recv(4096)
        assert b" 204 " in exchange(port, b"POST /flood HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        yield broadcaster, client


def test_a_client_that_reads_late_gets_all_in_order() -> None:
    with flooded(write_timeout=60) as (broadcaster, client):
        assert broadcaster.client_count == 1
        received = bytearray()
        while b"data: %d " % (EVENTS - 1) not in received[-len(PADDING) - 200 :]:
            received += client.recv(1 << 20)
        numbers = [int(line.split()[1]) for line in received.split(b"\n") if line.startswith(b"data: ")]
        assert numbers == [*range(EVENTS)]


def test_a_client_that_does_not_read_is_broken_off() -> None:
    with flooded(write_timeout=0.2) as (broadcaster, _):
        wait_for(lambda: broadcaster.client_count == 0, "the client to be broken off")
