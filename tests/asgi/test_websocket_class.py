"""`Router.websocket`: what a handler does with a WebSocket, and what its client sees."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from wesktop.asgi import Router, WebSocket, WebSocketDisconnect, create_app
from wesktop.asgi.types import Message

CONNECT: Message = {"type": "websocket.connect"}
GONE: Message = {"type": "websocket.disconnect", "code": 1001, "reason": "away"}


def text(data: str) -> Message:
    return {"type": "websocket.receive", "text": data, "bytes": None}


def connect(
    handler: Callable[[WebSocket], Any], *messages: Message, path: str = "/socket/3", **scope: Any
) -> list[Message]:
    """Connect to a handler and return what it sent."""
    router = Router()
    router.websocket("/socket/{id:int}")(handler)
    waiting: list[Message] = [CONNECT, *messages]
    sent: list[Message] = []

    async def receive() -> Message:
        if not waiting:
            for _ in range(50):  # turns of the loop, in which the handler gets on
                await asyncio.sleep(0)
            return GONE
        return waiting.pop(0)

    async def send(message: Message) -> None:
        assert not sent or sent[-1]["type"] != "websocket.close", f"{message} after the close"
        sent.append(message)

    async def run() -> None:
        full = {"type": "websocket", "path": path, "headers": [], "scheme": "ws", "query_string": b"", **scope}
        await create_app(router)(full, receive, send)

    asyncio.run(run())
    return sent


async def idle(_socket: WebSocket) -> None: ...


def kinds(sent: Sequence[Message]) -> list[str]:
    return [message["type"].removeprefix("websocket.") for message in sent]


def test_it_has_the_path_parameters_and_all_that_the_client_sends_until_it_goes() -> None:
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        async for message in socket:
            await socket.send(f"{socket.path_params['id']} {message!r}")

    data: Message = {"type": "websocket.receive", "text": None, "bytes": b"\0"}
    sent = connect(echo, text("hi"), data, text(""))
    assert [message.get("text") for message in sent[1:]] == ["3 'hi'", "3 b'\\x00'", "3 ''"]
    assert kinds(sent) == ["accept", "send", "send", "send"]


def test_json_goes_both_ways() -> None:
    async def add(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json({"sum": sum(await socket.receive_json(list[int]))})
        with pytest.raises(ValueError, match="Expected"):
            await socket.receive_json(list[int])

    sent = connect(add, text("[1,2]"), text('"x"'))
    assert sent[1]["text"] == '{"sum":3}'
    assert sent[-1] == {"type": "websocket.close", "code": 1000, "reason": ""}


def test_bytes_are_sent_as_bytes() -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send(b"\0\xff")

    assert connect(handler)[1] == {"type": "websocket.send", "bytes": b"\0\xff"}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (3, "message must be .*not 3"),  # bytes(3) is three zeros
        (None, "message must be .*not None"),
        ([1, 2], r"message must be .*not \[1, 2\]"),
    ],
)
def test_what_is_neither_text_nor_bytes_is_not_sent(data: Any, sentence: str) -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        with pytest.raises(TypeError, match=f"^{sentence}"):
            await socket.send(data)
        with pytest.raises(TypeError, match=r"^close code must be .*not '1000'"):
            await socket.close("1000")  # type: ignore[arg-type]
        with pytest.raises(TypeError, match=r"^close reason must be .*not 3"):
            await socket.close(1000, 3)  # type: ignore[arg-type]

    assert kinds(connect(handler)) == ["accept", "close"]


def test_it_is_accepted_with_a_subprotocol_that_the_client_offers_and_headers() -> None:
    async def handler(socket: WebSocket) -> None:
        assert socket.subprotocols == ["a", "b"]
        with pytest.raises(ValueError, match="not offered"):
            await socket.accept("c")
        await socket.accept("b", headers={"X-One": "1"})
        with pytest.raises(RuntimeError, match="accepted or closed already"):
            await socket.accept()

    sent = connect(handler, subprotocols=["a", "b"])
    assert sent[0] == {"type": "websocket.accept", "subprotocol": "b", "headers": [(b"x-one", b"1")]}


@pytest.mark.parametrize("closes", [True, False])
def test_one_that_is_not_accepted_is_refused(closes: bool) -> None:
    async def handler(socket: WebSocket) -> None:
        if closes:
            await socket.close(4001, "not yours")

    (message,) = connect(handler)
    assert (message["type"], message["code"]) == ("websocket.close", 4001 if closes else 1000)


def test_a_handler_that_raises_closes_with_1011_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        raise KeyError("its own")

    assert connect(handler)[-1] == {"type": "websocket.close", "code": 1011, "reason": ""}
    assert "KeyError: 'its own'" in caplog.text


def test_the_clients_end_is_an_exception_to_who_waits_and_no_error(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[WebSocketDisconnect] = []

    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        try:
            await socket.receive()
        except WebSocketDisconnect as error:
            seen.append(error)
            with pytest.raises(WebSocketDisconnect):
                await socket.send("too late")
            raise

    assert kinds(connect(handler)) == ["accept"]
    assert (seen[0].code, seen[0].reason) == (1001, "away")
    assert caplog.records == []


def test_before_it_is_accepted_nothing_can_be_sent_or_received() -> None:
    async def handler(socket: WebSocket) -> None:
        for act in (socket.send("x"), socket.receive()):
            with pytest.raises(RuntimeError, match="accept"):
                await act
        await socket.accept()

    assert kinds(connect(handler)) == ["accept", "close"]


@pytest.mark.parametrize(
    ("code", "reason"), [(999, ""), (5000, ""), (1004, ""), (1005, ""), (1006, ""), (1015, ""), (1000, "x" * 124)]
)
def test_a_close_that_may_not_be_sent_is_refused(code: int, reason: str) -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.accept()
        with pytest.raises(ValueError, match="close"):
            await socket.close(code, reason)
        await socket.close(4000, "x" * 123)
        await socket.close()

    assert connect(handler)[-1]["code"] == 4000


@pytest.mark.parametrize("path", ["/socket", "/socket/x", "/socket/3/", "/"])
def test_any_other_path_is_refused_before_it_is_accepted(path: str) -> None:
    async def handler(socket: WebSocket) -> None:
        await socket.accept()

    assert connect(handler, path=path) == [{"type": "websocket.close"}]


def test_it_shares_a_path_with_a_page_and_is_in_no_allow_header() -> None:
    router = Router()
    router.websocket("/x")(idle)
    assert router.match("GET", "/x") is None
    assert router.match("WEBSOCKET", "/x") is None
    assert router.allowed_methods("/x") == []
    router.get("/x")(lambda _request: "page")
    assert router.allowed_methods("/x") == ["GET", "HEAD", "OPTIONS"]
