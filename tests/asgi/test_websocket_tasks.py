"""WebSocket handlers of several tasks, a reader and a writer above all: each ends when the connection does."""

import asyncio
import contextlib
import gc
import itertools
import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from asgi.real import granian
from support.waiting import wait_for
from wesktop.asgi import Router, WebSocket, WebSocketDisconnect, create_app
from wesktop.asgi.types import Message, Receive, Scope, Send
from wesktopd.worker.drain import Drain

Shape = Callable[[Awaitable[None], Awaitable[None]], Awaitable[Any]]
ENDED: list[str] = []
BEGUN: list[str] = []
LOOPS: list[asyncio.AbstractEventLoop] = []
TIMEOUTS: list[int] = []
GOING_ON: list[asyncio.Task[Any]] = []


async def reader(socket: WebSocket) -> None:
    async for message in socket:
        if message == "close":
            await socket.close(4001, "the reader")
    ENDED.append("reader")


async def writer(socket: WebSocket) -> None:
    try:
        for number in itertools.count():
            await socket.send(str(number))
            if number == 20 and socket.path_params["who"] == "writer":
                await socket.close(4002, "the writer")
            await asyncio.sleep(0.005)
    finally:
        ENDED.append("writer")


async def task_group(*works: Awaitable[None]) -> None:
    async with asyncio.TaskGroup() as group:
        for work in works:
            group.create_task(work)  # type: ignore[arg-type]


async def gather(*works: Awaitable[None]) -> None:
    await asyncio.gather(*works)


async def first_of(*works: Awaitable[None]) -> None:
    tasks = [asyncio.ensure_future(work) for work in works]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def background_reader(reading: Awaitable[None], writing: Awaitable[None]) -> None:
    task = asyncio.ensure_future(reading)
    await writing
    await task


async def as_documented(reading: Awaitable[None], writing: Awaitable[None]) -> None:
    async with asyncio.TaskGroup() as group:
        task: asyncio.Task[None] = group.create_task(writing)  # type: ignore[arg-type]
        await reading
        task.cancel()


SHAPES: dict[str, Shape] = {
    shape.__name__: shape for shape in (task_group, gather, first_of, background_reader, as_documented)
}
each_shape = pytest.mark.parametrize("shape", SHAPES)


@contextlib.contextmanager
def served(**handlers: Callable[[WebSocket], Awaitable[None]]) -> Iterator[tuple[int, Drain]]:
    router = Router()
    for name, handler in handlers.items():
        router.websocket(f"/{name}/{{shape}}/{{who}}")(handler)
    drain = Drain(create_app(router))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        LOOPS[:] = [asyncio.get_running_loop()]
        try:
            await drain(scope, receive, send)
        finally:
            ENDED.append("request")

    with granian(app) as port:
        yield port, drain


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, Drain]]:
    async def both(socket: WebSocket) -> None:
        await socket.accept()
        await SHAPES[socket.path_params["shape"]](reader(socket), writer(socket))

    async def pushes(socket: WebSocket) -> None:
        """Receives nothing, whatever is said to it."""
        await socket.accept()
        for number in itertools.count():
            await socket.send(str(number))
            await asyncio.sleep(0.005)

    async def impatient(socket: WebSocket) -> None:
        """Gives every wait for the next message up, again and again."""
        await socket.accept()
        messages = aiter(socket)
        for number in range(300):
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.001):
                        message = await anext(messages)
                        break
                TIMEOUTS.append(number)
            await socket.send(message)

    async def leaves_a_reader(socket: WebSocket) -> None:
        await socket.accept()
        GOING_ON.append(asyncio.ensure_future(reader(socket)))

    with served(both=both, pushes=pushes, impatient=impatient, leaves=leaves_a_reader) as found:
        yield found


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Neither as a handler's failure, nor as an exception that was never retrieved."""
    ENDED.clear()
    yield
    gc.collect()
    assert [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.WARNING] == []


def ended() -> bool:
    return "request" in ENDED


def read_to_the_end(client: ClientConnection) -> tuple[int | None, str | None]:
    with contextlib.suppress(ConnectionClosed):
        while True:
            client.recv(timeout=20)
    return client.close_code, client.close_reason


@each_shape
def test_both_end_when_the_client_closes(server: tuple[int, Drain], shape: str) -> None:
    with connect(f"ws://127.0.0.1:{server[0]}/both/{shape}/x") as client:
        client.send("hello")
        assert client.recv(timeout=20) == "0"
    wait_for(ended, lambda: f"the handler's end: {ENDED}")


@each_shape
def test_both_end_when_the_client_goes_without_a_word(server: tuple[int, Drain], shape: str) -> None:
    with connect(f"ws://127.0.0.1:{server[0]}/both/{shape}/x") as client:
        assert client.recv(timeout=20) == "0"
        client.socket.shutdown(2)
        wait_for(ended, lambda: f"the handler's end: {ENDED}")


@each_shape
@pytest.mark.parametrize("who", ["reader", "writer"])
def test_both_end_when_either_closes(server: tuple[int, Drain], shape: str, who: str) -> None:
    with connect(f"ws://127.0.0.1:{server[0]}/both/{shape}/{who}") as client:
        if who == "reader":
            client.send("close")
        assert read_to_the_end(client) == ({"reader": 4001, "writer": 4002}[who], f"the {who}")
    wait_for(ended, lambda: f"the handler's end: {ENDED}")


@each_shape
def test_both_end_at_a_drain_and_the_client_hears_that_the_server_goes_away(shape: str) -> None:
    async def both(socket: WebSocket) -> None:
        await socket.accept()
        await SHAPES[shape](reader(socket), writer(socket))

    with served(both=both) as (port, drain), connect(f"ws://127.0.0.1:{port}/both/{shape}/x") as client:
        assert client.recv(timeout=20) == "0"
        LOOPS[0].call_soon_threadsafe(drain.begin)
        assert read_to_the_end(client)[0] == 1001
        wait_for(ended, lambda: f"the handler's end: {ENDED}")


def test_a_push_ends_with_its_client_whatever_that_has_said(server: tuple[int, Drain]) -> None:
    with connect(f"ws://127.0.0.1:{server[0]}/pushes/x/x") as client:
        for _ in range(5):
            client.send("nobody receives it")
        assert client.recv(timeout=20) == "0"
    wait_for(ended, "the handler's end")


def test_who_receives_nothing_ends_at_the_next_send_and_who_does_gets_all_that_came_before_the_end() -> None:
    async def pushes(socket: WebSocket) -> None:
        await socket.accept()
        while True:
            await socket.send("x")

    async def answers(socket: WebSocket) -> None:
        await socket.accept()
        async for message in socket:
            received.append(message)
            await socket.send(message)

    received: list[str | bytes] = []
    messages: list[Message] = [{"type": "websocket.receive", "text": str(number)} for number in range(20)]
    gone: Message = {"type": "websocket.disconnect", "code": 1001}
    assert len(in_memory(pushes, *messages, gone)) < 20
    in_memory(answers, *messages, gone)
    assert received == [str(number) for number in range(20)]


def test_a_task_that_outlives_its_handler_is_raised_of_the_end(server: tuple[int, Drain]) -> None:
    with connect(f"ws://127.0.0.1:{server[0]}/leaves/x/x") as client:
        assert read_to_the_end(client)[0] == 1000
    wait_for(lambda: "reader" in ENDED, lambda: f"the reader's end: {ENDED}")


def test_no_message_is_lost_to_a_wait_that_is_given_up(server: tuple[int, Drain]) -> None:
    TIMEOUTS.clear()
    with connect(f"ws://127.0.0.1:{server[0]}/impatient/x/x") as client:
        for number in range(300):
            if number % 50 == 0:  # with some of them a wait is given up for certain
                wait_for(lambda number=number: number in TIMEOUTS, "a wait that is given up")  # type: ignore[misc]
            client.send(str(number))
            if number % 50 in (0, 49):
                expected = range(number - 48, number + 1) if number % 50 else [number]
                assert [client.recv(timeout=20) for _ in expected] == [str(n) for n in expected]


def in_memory(handler: Callable[[WebSocket], Awaitable[None]], *messages: Message | Exception) -> list[Message]:
    """Connect to a handler of a server that says this, and then nothing; what the handler sent."""
    sent: list[Message] = []
    router = Router()
    router.websocket("/")(handler)

    async def run() -> None:
        waiting: list[Message | Exception] = [{"type": "websocket.connect"}, *messages]

        async def receive() -> Message:
            if not waiting:
                await asyncio.get_running_loop().create_future()
            message = waiting.pop(0)
            if isinstance(message, Exception):
                raise message
            return message

        async def send(message: Message) -> None:
            for _ in range(3):  # it takes a few turns of the loop, as a server's does
                await asyncio.sleep(0)
            sent.append(message)

        scope = {"type": "websocket", "path": "/", "headers": [], "scheme": "ws", "query_string": b""}
        await asyncio.wait_for(create_app(router)(scope, receive, send), 10)

    asyncio.run(run())
    return sent


@pytest.mark.parametrize("acts", ["receives", "iterates", "sends"])
def test_what_receive_of_the_server_raises_is_the_handlers_failure(
    acts: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        if acts == "receives":
            await socket.receive()
        elif acts == "iterates":
            async for _ in socket:
                pass
        while True:
            await asyncio.sleep(0)
            await socket.send("x")

    sent = in_memory(handler, KeyError("the server's own"))
    assert sent[-1] == {"type": "websocket.close", "code": 1011, "reason": ""}
    gc.collect()
    (record,) = caplog.records
    assert (record.name, record.getMessage()) == ("wesktop", "WebSocket handler of / failed")
    assert 'KeyError: "the server\'s own"' in caplog.text
    caplog.clear()


def test_a_handler_that_does_nothing_but_send_hears_of_the_end_where_send_never_suspends() -> None:
    sent: list[Message] = []
    router = Router()

    @router.websocket("/")
    async def pushes(socket: WebSocket) -> None:
        await socket.accept()
        for _ in range(10_000):
            await socket.send("x")

    async def scenario() -> None:
        waiting: list[Message] = [{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1001}]

        async def receive() -> Message:
            for _ in range(5):  # turns of the loop
                await asyncio.sleep(0)
            return waiting.pop(0)

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {"type": "websocket", "path": "/", "headers": [], "scheme": "ws", "query_string": b""}
        await create_app(router)(scope, receive, send)

    asyncio.run(scenario())
    assert len(sent) < 100


def test_what_the_client_said_before_a_close_is_still_received_and_then_the_close_is() -> None:
    seen: list[Any] = []

    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        for _ in range(10):
            await asyncio.sleep(0)  # turns of the loop, in which both messages come
        await socket.close(4003, "enough")
        seen.extend([await socket.receive(), await socket.receive()])
        for act in (socket.receive(), socket.send("x"), socket.send_json(1)):
            with pytest.raises(WebSocketDisconnect) as raised:
                await act
            seen.append((raised.value.code, raised.value.reason))

    messages: list[Message] = [{"type": "websocket.receive", "text": text} for text in "ab"]
    sent = in_memory(handler, *messages)
    assert seen == ["a", "b", *[(4003, "enough")] * 3]
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.close"]


def test_a_close_is_sent_although_whoever_hears_of_it_has_its_task_cancelled() -> None:
    async def closes(socket: WebSocket) -> None:
        await asyncio.sleep(0)
        await socket.close(4003, "enough")

    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        await first_of(reader(socket), closes(socket))

    assert in_memory(handler)[-1] == {"type": "websocket.close", "code": 4003, "reason": "enough"}


def test_another_failure_in_the_group_is_the_handlers(caplog: pytest.LogCaptureFixture) -> None:
    async def failing(socket: WebSocket) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            await socket.receive()
        raise KeyError("its own")

    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        await task_group(failing(socket), writer_to(socket))

    async def writer_to(socket: WebSocket) -> None:
        while True:
            await socket.send("x")
            await asyncio.sleep(0)

    in_memory(handler, {"type": "websocket.disconnect", "code": 1001})
    assert "KeyError: 'its own'" in caplog.text
    caplog.clear()


def test_a_close_is_sent_whole_although_it_has_its_own_task_cancelled() -> None:
    """A server takes a while to send it; the writer, which finds the connection closed, ends the group meanwhile."""
    sent: list[Message] = []

    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        async with asyncio.TaskGroup() as group:
            group.create_task(writer(socket))
            await socket.close(4001, "the reader")

    async def send(message: Message) -> None:
        if message["type"] == "websocket.close":
            for _ in range(20):
                await asyncio.sleep(0)
        sent.append(message)

    async def receive() -> Message:
        if not sent:
            return {"type": "websocket.connect"}
        await asyncio.Event().wait()
        raise AssertionError

    router = Router()
    router.websocket("/{who}")(handler)
    scope: Scope = {"type": "websocket", "path": "/writer", "headers": [], "subprotocols": []}

    async def connection() -> None:
        await create_app(router)(scope, receive, send)

    asyncio.run(connection())
    assert sent[-1] == {"type": "websocket.close", "code": 4001, "reason": "the reader"}
