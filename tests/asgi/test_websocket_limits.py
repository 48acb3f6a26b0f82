"""What a WebSocket's client may send: the size of a message, and of what waits for the handler."""

import asyncio
import contextlib
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from asgi.memory import run, until
from asgi.real import granian
from support.waiting import wait_for
from wesktop.asgi import Router, WebSocket, WebSocketDisconnect, create_app
from wesktop.asgi.receiving.inbox import MAX_WAITING
from wesktop.asgi.types import Message

CONNECT: Message = {"type": "websocket.connect"}
SCOPE = {"type": "websocket", "path": "/", "headers": [], "scheme": "ws", "query_string": b""}


class Client:
    """Sends the same message for as long as the app takes it; `taken` counts."""

    def __init__(self, message: str | bytes) -> None:
        key = "text" if isinstance(message, str) else "bytes"
        self.message: Message = {"type": "websocket.receive", key: message}
        self.connected = False
        self.taken = 0
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        if not self.connected:
            self.connected = True
            return CONNECT
        await asyncio.sleep(0)
        self.taken += 1
        return dict(self.message)

    async def send(self, message: Message) -> None:
        self.sent.append(message)


async def settled(client: Client) -> int:
    """How many messages are taken when no more are for a hundred turns of the loop."""
    taken = -1
    while taken != client.taken:
        taken = client.taken
        for _ in range(100):
            await asyncio.sleep(0)
    return taken


@pytest.mark.parametrize(
    ("message", "limits", "taken"),
    [
        (b"x" * 1000, {"max_queue_size": 10_000}, 10),
        ("x" * 1000, {"max_queue_size": 9_001}, 10),
        ("ü" * 1000, {"max_queue_size": 10_000}, 5),
        (b"", {"max_queue_size": 1}, MAX_WAITING),
        (b"x" * 1000, {"max_queue_size": None}, MAX_WAITING),
        (b"x" * 1000, {}, MAX_WAITING),
        (b"x" * 100_000, {}, 42),
    ],
)
def test_a_client_waits_when_enough_waits_for_the_handler(
    message: str | bytes, limits: dict[str, Any], taken: int
) -> None:
    client, counts = Client(message), list[int]()
    router = Router()

    @router.websocket("/")
    async def busy(socket: WebSocket) -> None:
        await socket.accept()
        counts.append(await settled(client))
        for _ in range(2):
            await socket.receive()
        counts.append(await settled(client))

    run(create_app(router, **limits)(SCOPE, client.receive, client.send))
    assert counts == [taken, taken + 2]


@pytest.mark.parametrize(
    ("message", "fits"), [("ü" * 50, True), ("ü" * 51, False), (b"x" * 100, True), (b"x" * 101, False)]
)
def test_the_size_of_a_message_is_that_of_its_bytes(
    message: str | bytes, fits: bool, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client(message)
    router = Router()

    @router.websocket("/")
    async def once(socket: WebSocket) -> None:
        await socket.accept()
        await socket.receive()

    run(create_app(router, max_message_size=100)(SCOPE, client.receive, client.send))
    assert client.sent[-1]["code"] == (1000 if fits else 1009)
    assert [message["type"] for message in client.sent].count("websocket.close") == 1
    assert ["1009" in line for line in caplog.messages] == ([] if fits else [True])


def test_a_handler_that_does_not_listen_is_raised_when_it_sends() -> None:
    client, told = Client(b"x" * 101), list[WebSocketDisconnect]()
    router = Router()

    @router.websocket("/")
    async def feed(socket: WebSocket) -> None:
        await socket.accept()
        await until(lambda: client.sent[-1]["type"] == "websocket.close")
        with pytest.raises(WebSocketDisconnect) as caught:
            await socket.send("tick")
        told.append(caught.value)

    run(create_app(router, max_message_size=100)(SCOPE, client.receive, client.send))
    [error] = told
    assert (error.code, "101" in error.reason, "100" in error.reason) == (1009, True, True)
    assert client.sent[-1]["type"] == "websocket.close"


def flood(client: ClientConnection, message: bytes) -> int:
    """Send until the server takes no more, or closes; how many bytes it has taken."""
    client.socket.settimeout(0.3)
    sent = 0
    with contextlib.suppress(ConnectionClosed, TimeoutError):
        for _ in range(400):
            client.send(message)
            sent += len(message)
    return sent


def test_one_client_of_a_busy_handler_does_not_fill_the_memory() -> None:
    router = Router()
    leave = asyncio.Event()

    @router.websocket("/")
    async def busy(socket: WebSocket) -> None:
        await socket.accept()
        await leave.wait()

    with granian(create_app(router)) as port:
        with connect(f"ws://127.0.0.1:{port}/", close_timeout=0.1) as client:
            assert flood(client, bytes(1_000_000)) < 40_000_000  # of 400: 4 MiB, and what the sockets' buffers take
        with connect(f"ws://127.0.0.1:{port}/") as client:
            client.send(bytes(2_000_000))
            with pytest.raises(ConnectionClosed):
                client.recv(timeout=20)
            wait_for(lambda: client.close_code == 1009, "the refusal")
