"""Clients that go in the middle, and servers that are stopped, on a real granian: what ends, and what does not."""

import asyncio
import contextlib
import gc
import json
import os
import socket
import string
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from asgi.real import exchange, granian, open_files
from support.waiting import wait_for
from wesktop.asgi import FileResponse, HTTPError, JSONResponse, Request, Router, StreamResponse, create_app
from wesktop.asgi.types import Message, Receive, Scope, Send
from wesktopd.worker.drain import Drain

SIZE = 6 * 1024**3
"""Of a file that has holes alone: so long that nobody sends all of it while a test waits, and nothing on the disk."""

WAITS: set[int] = set()
CLOSED: list[str] = []


class Watched:
    """The app, its drain, and what it has sent: bytes, and requests that have ended."""

    def __init__(self, app: Any) -> None:
        self.drain = Drain(app)
        self.sent = 0
        self.begun = 0
        self.ended = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.drain(scope, receive, send)
            return

        async def watched(message: Message) -> None:
            self.sent += len(message.get("body", b""))
            await send(message)

        self.loop = asyncio.get_running_loop()
        self.begun += 1
        try:
            await self.drain(scope, receive, watched)
        finally:
            self.ended += 1


async def idle() -> AsyncIterator[bytes]:
    try:
        yield b"first"
        await asyncio.get_running_loop().create_future()
    finally:
        CLOSED.append("idle")


def app_of(root: Path, body_timeout: float = 20.0) -> Watched:
    router = Router()

    @router.get("/file/{name}")
    async def file(request: Request) -> FileResponse:
        return FileResponse(root / request.path_params["name"])

    @router.post("/impatient", stream=True)
    async def impatient(request: Request) -> JSONResponse:
        """Gives each wait for a chunk up, again and again."""
        received, chunks = Counter[int](), request.stream()
        while True:
            try:
                async with asyncio.timeout(0.002):
                    chunk = await anext(chunks)
            except TimeoutError:
                WAITS.add(sum(received.values()))
            except StopAsyncIteration:
                break
            else:
                received.update(chunk)
        return JSONResponse({chr(byte): count for byte, count in received.items()})

    @router.post("/half-read", stream=True)
    async def half_read(request: Request) -> StreamResponse:
        await anext(aiter(request.stream()))
        return StreamResponse(idle(), "text/plain")

    @router.post("/back", stream=True)
    async def back(request: Request) -> StreamResponse:
        return StreamResponse(request.stream(), "text/plain")

    @router.post("/gives-up", stream=True)
    async def gives_up(request: Request) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.02):
                async for _ in request.stream():
                    pass
        raise HTTPError(408, headers={"Connection": "close"})

    @router.post("/slow", stream=True)
    async def slow(request: Request) -> int:
        return sum([len(chunk) async for chunk in request.stream()])

    return Watched(create_app(router, body_timeout=body_timeout))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    with (tmp_path / "holes.bin").open("wb") as file:
        file.truncate(SIZE)
    (tmp_path / "some.bin").write_bytes(os.urandom(20_000_000))
    return tmp_path


@pytest.fixture
def served(root: Path) -> Iterator[tuple[Watched, int]]:
    app = app_of(root)
    with granian(app) as port:
        yield app, port


def ask(port: int, path: str, *lines: str, method: str = "GET", body: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), 20)
    head = "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *lines, "", ""])
    connection.sendall(head.encode() + body)
    return connection


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="lists open files by /proc")
def test_ranges_that_clients_abandon_are_read_no_further_and_leave_no_file_open(
    served: tuple[Watched, int], root: Path
) -> None:
    app, port = served
    for start in range(8):
        with ask(port, "/file/holes.bin", f"Range: bytes={start}-") as connection:
            assert connection.recv(1000).startswith(b"HTTP/1.1 206 ")
    wait_for(lambda: app.ended == 8, "the end of the requests", 60)
    assert app.sent < SIZE, "of one alone, to say nothing of all"
    assert open_files(root) == []


def test_a_range_that_is_being_read_when_the_server_is_stopped_arrives_whole(
    served: tuple[Watched, int], root: Path
) -> None:
    app, port = served
    content = (root / "some.bin").read_bytes()
    with ask(port, "/file/some.bin", "Range: bytes=1-", "Connection: close") as connection:
        received = connection.recv(1000)
        app.loop.call_soon_threadsafe(app.drain.begin)
        received += b"".join(iter(lambda: connection.recv(1 << 20), b""))
    assert received.partition(b"\r\n\r\n")[2] == content[1:]


def test_no_part_of_a_body_is_lost_to_a_wait_that_is_given_up(served: tuple[Watched, int]) -> None:
    _, port = served
    WAITS.clear()
    with ask(port, "/impatient", "Content-Length: 26", "Connection: close", method="POST") as connection:
        for number in range(26):
            wait_for(lambda number=number: number in WAITS, "a wait that is given up")  # type: ignore[misc]
            connection.sendall(bytes([ord("a") + number]))
        answer = b"".join(iter(lambda: connection.recv(10_000), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == dict.fromkeys(string.ascii_lowercase, 1)


def test_a_stream_whose_client_goes_in_the_middle_of_its_body_is_closed(served: tuple[Watched, int]) -> None:
    app, port = served
    CLOSED.clear()
    with ask(port, "/half-read", "Content-Length: 9", method="POST", body=b"half") as connection:
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
        assert not CLOSED
    wait_for(lambda: CLOSED == ["idle"], "the end of the generator")
    wait_for(lambda: app.ended == 1, "the end of the request")


def test_what_is_answered_to_a_body_that_turns_out_malformed_is_not_taken_for_the_whole(
    served: tuple[Watched, int],
) -> None:
    _, port = served
    with ask(port, "/back", "Transfer-Encoding: chunked", method="POST", body=b"3\r\nabc\r\n") as connection:
        received = b""
        while b"abc" not in received:
            received += connection.recv(1000)
        connection.sendall(b"zz\r\n")
        with contextlib.suppress(ConnectionResetError):
            received += b"".join(iter(lambda: connection.recv(1000), b""))
    assert b"\r\n0\r\n" not in received


@pytest.mark.parametrize("path", ["/gives-up", "/slow"])
def test_an_answer_before_the_bodys_end_closes_the_connection_without_a_garbage_collection(
    root: Path, path: str
) -> None:
    data = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc".encode()
    with granian(app_of(root, body_timeout=0.05)) as port:
        gc.disable()
        try:
            for _ in range(20):
                assert exchange(port, data).startswith(b"HTTP/1.1 408 ")
        finally:
            gc.enable()
