import asyncio
import itertools
import logging
from collections.abc import Sequence

import pytest

from asgi.memory import run
from wesktop.asgi import Router, add_ws_route, create_app
from wesktop.asgi.types import Message, Receive, Scope, Send

_number = itertools.count()


@pytest.fixture
def path() -> str:
    """A path of the test's own, as the registry is the process's."""
    return f"/ws/{next(_number)}"


def connect(path: str, messages: Sequence[Message] = ()) -> list[Message]:
    """Connect to *path* of an app and return what it sent; it may neither answer unasked nor go on after a close."""
    waiting: list[Message] = [{"type": "websocket.connect"}, *messages]
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0)

    async def send(message: Message) -> None:
        assert len(waiting) <= len(messages), "an answer before the connect was received"
        if sent and sent[-1]["type"] == "websocket.close":
            raise RuntimeError("closed already")
        sent.append(message)

    run(create_app(Router())({"type": "websocket", "path": path}, receive, send))
    return sent


def test_handler_has_the_whole_connection(path: str) -> None:
    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["path"] == path
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": (await receive())["text"]})
        await send({"type": "websocket.close"})

    add_ws_route(path, echo)
    sent = connect(path, [{"type": "websocket.receive", "text": "hi"}])
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.send", "websocket.close"]
    assert sent[1]["text"] == "hi"


@pytest.mark.parametrize("change", ["/unknown", "/ws", "{}/", "{}/x"])
def test_any_other_path_is_closed_before_it_is_accepted(path: str, change: str) -> None:
    async def handler(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})

    add_ws_route(path, handler)
    assert connect(change.format(path)) == [{"type": "websocket.close"}]


@pytest.mark.parametrize("steps", [[], ["websocket.accept"], ["websocket.accept", "websocket.close"]])
def test_failing_handler_is_logged_once_and_closed_with_1011(
    path: str, steps: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    async def handler(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        for step in steps:
            await send({"type": step})
        raise KeyError("its own")

    add_ws_route(path, handler)
    sent = connect(path)
    if "websocket.close" in steps:
        assert [message["type"] for message in sent] == steps
    else:
        assert sent[-1] == {"type": "websocket.close", "code": 1011}
    [record] = caplog.records
    assert (record.name, record.levelno) == ("wesktop", logging.ERROR)
    assert record.exc_info is not None
    assert record.exc_info[0] is KeyError


def test_cancelling_is_neither_swallowed_nor_logged(path: str, caplog: pytest.LogCaptureFixture) -> None:
    async def handler(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise asyncio.CancelledError

    add_ws_route(path, handler)
    with pytest.raises(asyncio.CancelledError):
        connect(path)
    assert not caplog.records


async def nothing(_scope: Scope, _receive: Receive, _send: Send) -> None: ...


@pytest.mark.parametrize("wrong", ["", "ws", "ws/a"])
def test_path_without_a_leading_slash_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="slash"):
        add_ws_route(wrong, nothing)


def test_second_registration_is_refused(path: str) -> None:
    add_ws_route(path, nothing)
    with pytest.raises(ValueError, match="registered already"):
        add_ws_route(path, nothing)
