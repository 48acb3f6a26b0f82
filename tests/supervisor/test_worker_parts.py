"""What the worker puts round the app, and granian's seam."""

import asyncio
import contextlib
import importlib.metadata
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from support.scripts import get
from wesktopd.drain import Drain, Message, Receive, Scope, Send
from wesktopd.lifespan import LifespanWatch
from wesktopd.worker import cut_off, embedded_server

App = Callable[[Scope, Receive, Send], Awaitable[None]]


async def nothing(message: Message) -> None:
    """A send() that nobody listens to."""


def receive_of(*messages: Message) -> Receive:
    """A receive() that gives these messages, and then waits for ever."""
    waiting = list(messages)

    async def receive() -> Message:
        if waiting:
            return waiting.pop(0)
        await asyncio.Event().wait()
        raise AssertionError

    return receive


async def drained(kind: str, *messages: Message, reads: int) -> list[Message]:
    """What an app receives that reads so often, the drain beginning once it waits for its last message."""
    received: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        received.extend([await receive() for _ in range(reads)])

    drain = Drain(app)
    running = asyncio.ensure_future(drain({"type": kind}, receive_of(*messages), nothing))
    await asyncio.sleep(0)
    drain.begin()
    await asyncio.wait_for(running, 5)
    return received


BODY = {"type": "http.request", "body": b"a", "more_body": True}
LAST = {"type": "http.request", "body": b"b", "more_body": False}


def test_a_body_is_read_to_its_end_during_a_drain_and_then_the_client_is_gone() -> None:
    received = asyncio.run(drained("http", BODY, LAST, reads=3))
    assert received == [BODY, LAST, {"type": "http.disconnect"}]


def test_a_websocket_hears_that_the_server_goes_away() -> None:
    connect = {"type": "websocket.connect"}
    received = asyncio.run(drained("websocket", connect, reads=2))
    assert received[0] == connect
    assert (received[1]["type"], received[1]["code"]) == ("websocket.disconnect", 1001)


def test_without_a_drain_messages_come_as_they_are() -> None:
    async def scenario() -> list[Message]:
        received = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            received.extend([await receive(), await receive()])

        await Drain(app)({"type": "http"}, receive_of(LAST, {"type": "http.disconnect"}), nothing)
        return received

    assert asyncio.run(scenario()) == [LAST, {"type": "http.disconnect"}]


def test_what_is_still_open_can_be_cancelled() -> None:
    async def scenario() -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.Event().wait()

        drain = Drain(app)
        running = asyncio.ensure_future(drain({"type": "http"}, receive_of(), nothing))
        await asyncio.sleep(0)
        assert drain.cancel() == 1
        await running  # no error of the app's
        assert (drain.requests, drain.cancel()) == (0, 0)

    asyncio.run(scenario())


def test_a_request_that_others_cancel_is_no_matter_of_the_drain_s() -> None:
    async def scenario() -> None:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await asyncio.Event().wait()

        running = asyncio.ensure_future(Drain(app)({"type": "http"}, receive_of(), nothing))
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1 request was cut off, still open 4 seconds after the stop began (drain_timeout 5)"),
        (3, "3 requests were cut off, still open 4 seconds after the stop began (drain_timeout 5)"),
    ],
)
def test_a_cut_is_told_in_a_line(count: int, said: str) -> None:
    assert cut_off(count, 4.0, 5.0) == said


async def answers(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


async def fails(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "lifespan.startup.failed", "message": "no database"})


async def raises(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("lifespan is not supported")


async def returns(scope: Scope, receive: Receive, send: Send) -> None:
    return


@pytest.mark.parametrize(
    ("app", "heard"),
    [(answers, ["ready"]), (fails, ["no database"]), (raises, ["ready"]), (returns, ["ready"])],
)
def test_the_lifespan_is_heard_once_and_one_that_is_not_supported_is_no_failure(app: App, heard: list[str]) -> None:
    said: list[str] = []
    watch = LifespanWatch(app, lambda: said.append("ready"), said.append)

    async def scenario() -> None:
        with contextlib.suppress(RuntimeError):
            await watch({"type": "lifespan"}, receive_of(), nothing)

    asyncio.run(scenario())
    assert said == heard


def test_a_startup_that_goes_on_can_be_cancelled_and_is_then_neither_ready_nor_failed() -> None:
    said: list[str] = []

    async def waits(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.Event().wait()

    async def scenario() -> None:
        watch = LifespanWatch(waits, lambda: said.append("ready"), said.append)
        running = asyncio.ensure_future(watch({"type": "lifespan"}, receive_of(), nothing))
        await asyncio.sleep(0)
        watch.cancel_startup()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(scenario())
    assert said == []


def test_requests_pass_the_lifespan_watch_untouched() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope["seen"] = True

    async def scenario() -> dict[str, Any]:
        scope: dict[str, Any] = {"type": "http"}
        await LifespanWatch(app, lambda: None, print)(scope, receive_of(), nothing)
        return scope

    assert asyncio.run(scenario())["seen"]


def test_granian_is_of_the_version_whose_seam_is_known() -> None:
    major, minor, patch = (int(part) for part in importlib.metadata.version("granian").split(".")[:3])
    assert (2, 8, 7) <= (major, minor, patch) < (2, 9)


def test_granian_still_calls_the_method_that_is_overridden() -> None:
    from granian.server.common import AbstractServer
    from granian.server.embed import Server

    assert Server._init_shared_socket is AbstractServer._init_shared_socket


def test_granian_serves_on_a_socket_that_was_bound_before() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"here"})

    async def scenario() -> bytes:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = embedded_server(app, listener, access_log=False)
        serving = asyncio.ensure_future(server.serve())
        try:
            return await asyncio.to_thread(get, url)
        finally:
            server.stop()
            await asyncio.wait_for(serving, 10)
            listener.detach()  # granian has closed it

    assert asyncio.run(scenario()) == b"here"
