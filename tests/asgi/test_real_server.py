"""What only a real server shows, on granian."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from asgi.real import exchange, granian
from support.waiting import wait_for
from wesktop.asgi import FileResponse, JSONResponse, Request, Router, StreamResponse, create_app

CLOSED: list[str] = []
STATE = {"greeting": "hello"}


async def idle() -> AsyncIterator[bytes]:
    try:
        yield b"first"
        await asyncio.Event().wait()
    finally:
        CLOSED.append("idle")


async def busy() -> AsyncIterator[bytes]:
    try:
        while True:
            yield bytes(1000)
    finally:
        CLOSED.append("busy")


async def failing() -> AsyncIterator[bytes]:
    yield b"first"
    raise KeyError("its own")


STREAMS = {"idle": idle, "busy": busy, "failing": failing}


async def lifespan() -> AsyncIterator[dict[str, Any]]:
    yield STATE


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("static")
    (root / "big.bin").write_bytes(os.urandom(1_000_000))
    (root.parent / "secret.txt").write_text("secret")
    return root


@pytest.fixture(scope="module")
def port(root: Path) -> Iterator[int]:
    router = Router()

    @router.get("/stream/{name}")
    async def stream(request: Request) -> StreamResponse:
        return StreamResponse(STREAMS[request.path_params["name"]](), "text/plain")

    @router.post("/echo")
    async def echo(request: Request) -> JSONResponse:
        return JSONResponse(request.json)

    @router.get("/echo/{text}")
    def echo_path(request: Request) -> list[Any]:
        return [request.path_params["text"], request.query("q"), request.header("x-a"), request.state["greeting"]]

    @router.get("/file")
    def file(_request: Request) -> FileResponse:
        return FileResponse(root / "big.bin", download_name="größe.bin")

    app = create_app(router, static_dir=root, lifespan=lifespan, max_body_size=2_000_000)
    with granian(app) as port:
        yield port


@pytest.fixture
def client(port: int) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as client:
        yield client


def test_path_query_header_and_state_arrive_decoded(client: httpx.Client) -> None:
    answer = client.get("/echo/a%20b%C3%BC", params={"q": "ä&b"}, headers={"X-A": "c"})
    assert answer.json() == ["a bü", "ä&b", "c", "hello"]


def test_head_has_the_length_of_get_and_the_connection_stays_usable(client: httpx.Client) -> None:
    head = client.head("/echo/a", headers={"X-A": "c"})
    get = client.get("/echo/a", headers={"X-A": "c"})
    assert head.content == b""
    assert head.headers["content-length"] == str(len(get.content))


@pytest.mark.parametrize("size", [0, 1, 100_000, 1_000_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_posted_body_arrives_whole(client: httpx.Client, size: int, chunked: bool) -> None:
    body = b'"' + b"x" * size + b'"'
    for _ in range(3):  # on one connection
        answer = client.post("/echo", content=iter([body]) if chunked else body)
        assert (answer.status_code, answer.content) == (200, body)


def test_body_above_the_limit_is_413_before_it_is_sent(port: int) -> None:
    data = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2000001\r\nConnection: close\r\n\r\n"
    assert exchange(port, data).startswith(b"HTTP/1.1 413 ")


def test_malformed_chunk_is_400(port: int) -> None:
    data = b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{} \r\nzz\r\n"
    assert exchange(port, data).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("name", ["idle", "busy"])
def test_stream_whose_client_goes_is_closed(client: httpx.Client, name: str) -> None:
    CLOSED.clear()
    with client.stream("GET", f"/stream/{name}") as answer:
        chunks = answer.iter_raw()  # held, as the connection is closed with it
        assert next(chunks)
        assert not CLOSED
    wait_for(lambda: [name] == CLOSED, f"the {name} generator to be closed")
    assert client.get("/echo/a").status_code == 200


def test_stream_that_fails_breaks_the_connection_off(client: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/stream/failing")


def test_head_of_a_stream_is_answered_at_once(client: httpx.Client) -> None:
    assert client.head("/stream/idle").headers["content-type"] == "text/plain; charset=utf-8"


def test_file_is_sent_and_then_not_sent_again(client: httpx.Client, root: Path) -> None:
    first = client.get("/file")
    assert first.content == (root / "big.bin").read_bytes()
    assert "filename*=UTF-8''gr%C3%B6%C3%9Fe.bin" in first.headers["content-disposition"]
    second = client.get("/file", headers={"If-None-Match": first.headers["etag"]})
    assert (second.status_code, second.content) == (304, b"")
    assert client.get("/assets/big.bin").content == first.content


@pytest.mark.parametrize(
    "path",
    ["/assets/../secret.txt", "/assets/%2e%2e/secret.txt", "/assets/..%2fsecret.txt", "/assets/..%5csecret.txt",
     "/assets//secret.txt", "/assets/%00", "/assets/%ff", "/assets/big.bin%00.txt"],
)  # fmt: skip
def test_hostile_path_as_it_is_on_the_wire_is_404(port: int, path: str) -> None:
    data = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    answer = exchange(port, data)
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"secret" not in answer.partition(b"\r\n\r\n")[2]


def test_websocket_to_an_unknown_path_is_refused_in_the_handshake(port: int) -> None:
    lines = [
        "GET /nowhere HTTP/1.1", "Host: x", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", "",
    ]  # fmt: skip
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall("\r\n".join(lines).encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 403 ")
