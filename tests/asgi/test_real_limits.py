"""Clients that are slow, and those that go in the middle, on a real granian; WebSockets and uploads there."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from asgi.real import exchange, granian, open_files
from support.waiting import wait_for
from wesktop.asgi import FileResponse, JSONResponse, Request, Router, StreamResponse, WebSocket, create_app

CLOSED = threading.Event()
GONE = threading.Event()
SEEN: list[Any] = []
SIZE = 60_000_000


async def endless() -> AsyncIterator[bytes]:
    try:
        while True:
            yield bytes(100_000)
    finally:
        CLOSED.set()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("static")
    with (root / "large.bin").open("wb") as file:
        file.truncate(SIZE)
    return root


@pytest.fixture(scope="module")
def port(root: Path) -> Iterator[int]:
    router = Router()

    @router.get("/file")
    async def file(_request: Request) -> FileResponse:
        return FileResponse(root / "large.bin")

    @router.get("/endless")
    async def stream(_request: Request) -> StreamResponse:
        return StreamResponse(endless(), "application/octet-stream")

    @router.post("/whole")
    async def whole(request: Request) -> JSONResponse:
        return JSONResponse(request.body_size)

    @router.post("/chunks", stream=True, max_body_size=None)
    async def chunks(request: Request) -> JSONResponse:
        return JSONResponse(sum([len(chunk) async for chunk in request.stream()]))

    @router.post("/form", stream=True)
    async def form(request: Request) -> dict[str, Any]:
        with await request.form() as found:
            return {"fields": found.fields, "files": [[name, file.name, file.size] for name, file in found.files]}

    @router.post("/patient")
    async def patient(request: Request) -> None:
        while not await request.is_disconnected():  # noqa: ASYNC110  what it is for
            await asyncio.sleep(0.01)
        GONE.set()

    @router.websocket("/ws/{name}")
    async def ws(socket: WebSocket) -> None:
        name = socket.path_params["name"]
        if name == "nobody":
            return
        await socket.accept("chat" if "chat" in socket.subprotocols else None)
        if name == "failing":
            raise KeyError("its own")
        async for message in socket:
            if message == "close":
                await socket.close(4001, "as you like")
                return
            await socket.send(message)
        SEEN.append(name)

    with granian(create_app(router, static_dir=root, body_timeout=0.3, write_timeout=0.3)) as port:
        yield port


@pytest.mark.parametrize("path", ["/assets/large.bin", "/file"])
def test_a_client_that_does_not_read_a_file_is_dropped(port: int, root: Path, path: str) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", port))
        connection.settimeout(20)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        received = len(connection.recv(1000))
        wait_for(lambda: open_files(root) == [], "the file being closed")
        with contextlib.suppress(ConnectionResetError):
            while chunk := connection.recv(1 << 20):
                received += len(chunk)
    assert received < SIZE


def test_a_client_that_reads_nothing_is_dropped(port: int) -> None:
    CLOSED.clear()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", port))
        connection.sendall(b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n")
        assert CLOSED.wait(20), "the generator goes on"


@pytest.mark.parametrize("path", ["/whole", "/chunks"])
@pytest.mark.parametrize("sent", [b"", b"abc"])
def test_a_body_that_does_not_come_is_answered_with_408(port: int, path: str, sent: bytes) -> None:
    data = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n".encode() + sent
    assert exchange(port, data).startswith(b"HTTP/1.1 408 ")


def test_a_large_upload_is_streamed(port: int) -> None:
    size = 5_000_000
    answer = httpx.post(f"http://127.0.0.1:{port}/chunks", content=iter([bytes(size)]), timeout=20)
    assert answer.json() == size
    assert httpx.post(f"http://127.0.0.1:{port}/whole", content=bytes(size), timeout=20).json() == size


def test_a_form_is_uploaded(port: int) -> None:
    answer = httpx.post(
        f"http://127.0.0.1:{port}/form", data={"a": "ü"}, files={"f": ("x.bin", bytes(3_000_000))}, timeout=20
    )
    assert answer.json() == {"fields": [["a", "ü"]], "files": [["f", "x.bin", 3_000_000]]}


def test_a_handler_learns_that_its_client_has_gone(port: int) -> None:
    GONE.clear()
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"POST /patient HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        assert not GONE.wait(0.05)
    assert GONE.wait(20)


def test_a_websocket_goes_both_ways_and_is_closed_with_its_code(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/ws/ada", subprotocols=["chat"]) as client:  # type: ignore[list-item]
        assert client.subprotocol == "chat"
        for message in ("text", b"bytes", "", "ü" * 70_000):
            client.send(message)
            assert client.recv(timeout=20) == message
        client.send("close")
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=20)
        assert (client.close_code, client.close_reason) == (4001, "as you like")


def test_a_client_that_closes_ends_the_iteration(port: int) -> None:
    SEEN.clear()
    with connect(f"ws://127.0.0.1:{port}/ws/ada") as client:
        client.send("hi")
        assert client.recv(timeout=20) == "hi"
    wait_for(lambda: SEEN == ["ada"], "the handler's end")


def test_a_handler_that_raises_closes_with_1011(port: int) -> None:
    with connect(f"ws://127.0.0.1:{port}/ws/failing") as client:
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=20)
        assert client.close_code == 1011


@pytest.mark.parametrize("path", ["/ws/nobody", "/nowhere"])
def test_one_that_is_not_accepted_is_refused_in_the_handshake(port: int, path: str) -> None:
    with pytest.raises(InvalidStatus, match="403"), connect(f"ws://127.0.0.1:{port}{path}"):
        pass
