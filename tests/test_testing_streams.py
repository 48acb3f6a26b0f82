"""The test clients' streams and WebSockets, and the parser of events."""

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from support.waiting import until
from wesktop.asgi import Request, Router, StreamResponse, TextResponse, WebSocket, create_app
from wesktop.sse import Broadcaster, sse_route
from wesktop.testing import AsyncTestClient, Event, TestClient, WebSocketClosed, WebSocketRefused
from wesktop.testing.events import EventParser

CLOSED: list[str] = []


def app_of_streams() -> Any:
    router = Router()
    broadcaster = Broadcaster()
    broadcaster.register_event("news")
    router.add_route("GET", "/events", sse_route(broadcaster))

    @router.post("/news")
    async def news(request: Request) -> None:
        broadcaster.broadcast("news", request.json)

    @router.get("/clients")
    async def clients(_request: Request) -> dict[str, int]:
        return {"clients": broadcaster.client_count}

    @router.get("/two")
    async def two(_request: Request) -> StreamResponse:
        async def events() -> AsyncIterator[str]:
            try:
                yield "id: 1\ndata: a\n\ndata: b\n\n"
            finally:
                CLOSED.append("two")

        return StreamResponse(events(), "text/event-stream")

    @router.get("/page")
    async def page(_request: Request) -> str:
        return "no stream"

    @router.websocket("/echo/{name}")
    async def echo(socket: WebSocket) -> None:
        if socket.path_params["name"] == "nobody":
            await socket.close(4003)
            return
        await socket.accept(next(iter(socket.subprotocols), None), headers={"X-Name": socket.path_params["name"]})
        await socket.send_json({"cookies": socket.cookies, "query": socket.query("q"), "state": socket.state})
        async for message in socket:
            if message == "enough":
                await socket.close(4000, "enough")
                return
            await socket.send(message)

    async def lifespan() -> AsyncIterator[dict[str, str]]:
        yield {"greeting": "hello"}

    return create_app(router, lifespan=lifespan)


def test_events_are_followed_while_others_are_sent() -> None:
    with TestClient(app_of_streams()) as client:
        with client.events("/events") as events:
            assert client.get("/clients").json() == {"clients": 1}
            client.post("/news", json={"a": 1})
            client.post("/news", json="two\nlines")
            first, second = next(events), next(events)
            assert (first.event, first.json) == ("news", {"a": 1})
            assert second.data == "two\nlines"
        assert client.get("/clients").json() == {"clients": 0}


def test_a_stream_that_ends_ends_the_iteration_without_a_lifespan_too() -> None:
    CLOSED.clear()
    with TestClient(app_of_streams()).events("/two") as events:
        assert list(events) == [Event("message", "a", "1"), Event("message", "b", "1")]
    assert CLOSED == ["two"]


@pytest.mark.parametrize("path", ["/page", "/nowhere"])
def test_what_is_no_event_stream_is_refused(path: str) -> None:
    with pytest.raises(RuntimeError, match="event stream"), TestClient(app_of_streams()).events(path):
        pass


def test_a_websocket_goes_both_ways() -> None:
    with TestClient(app_of_streams(), headers={"X-A": "b"}) as client:
        client.cookies.set("session", "1")
        with client.websocket("/echo/ada?q=1", subprotocols=["chat"]) as socket:
            assert (socket.subprotocol, socket.headers["x-name"]) == ("chat", "ada")
            greeting = {"cookies": {"session": "1"}, "query": "1", "state": {"greeting": "hello"}}
            assert socket.receive_json() == greeting
            for data in ("text", b"\0bytes", ""):
                socket.send(data)
                assert socket.receive() == data
            socket.send("enough")
            with pytest.raises(WebSocketClosed) as closed:
                socket.receive()
            assert (closed.value.code, closed.value.reason) == (4000, "enough")


@pytest.mark.parametrize(("path", "code"), [("/echo/nobody", 4003), ("/nowhere", 1000)])
def test_a_websocket_that_is_refused_says_so(path: str, code: int) -> None:
    with pytest.raises(WebSocketRefused) as refused, TestClient(app_of_streams()).websocket(path):
        pass
    assert refused.value.code == code


def test_the_async_client_does_the_same() -> None:
    async def scenario() -> None:
        async with AsyncTestClient(app_of_streams()) as client:
            assert (await client.get("/clients")).json() == {"clients": 0}
            async with client.events("/events") as events, client.websocket("/echo/ada") as socket:
                await client.post("/news", json=1)
                assert (await anext(events)).json == 1
                assert (await socket.receive_json())["state"] == {"greeting": "hello"}
                await socket.send_json([1])
                assert await socket.receive_json() == [1]
                await socket.close()

    asyncio.run(scenario())


def test_an_app_that_goes_on_without_its_client_is_raised_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wesktop.testing.connection.ENDS_WITHIN", 0.05)

    async def deaf(_scope: Any, _receive: Any, send: Any) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}
        )
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="the app goes on"), TestClient(deaf).events("/"):
        pass


def test_what_a_request_sets_is_kept_whatever_was_under_way_beside_it() -> None:
    router = Router()
    begun, logged_in = asyncio.Event(), asyncio.Event()

    @router.get("/slow")
    async def slow(_request: Request) -> TextResponse:
        begun.set()
        await logged_in.wait()
        return TextResponse("slow", headers={"Set-Cookie": "seen=1"})

    @router.get("/login")
    async def login(_request: Request) -> TextResponse:
        return TextResponse("in", headers={"Set-Cookie": "session=1"})

    @router.get("/")
    async def cookies(request: Request) -> dict[str, str]:
        return request.cookies

    async def scenario() -> dict[str, str]:
        client = AsyncTestClient(create_app(router))
        under_way = asyncio.ensure_future(client.get("/slow"))
        await begun.wait()
        await client.get("/login")
        logged_in.set()
        await under_way
        assert dict(client.cookies) == {"session": "1", "seen": "1"}
        found: dict[str, str] = (await client.get("/")).json()
        return found

    assert asyncio.run(scenario()) == {"session": "1", "seen": "1"}


def test_what_comes_as_its_wait_is_given_up_is_the_next_to_be_received() -> None:
    async def scenario() -> list[Any]:
        seen: list[Any] = []
        async with AsyncTestClient(app_of_streams()).websocket("/echo/ada") as socket:
            await socket.receive()
            for number in range(24):
                waiting = asyncio.ensure_future(socket.receive())
                await asyncio.sleep(0)
                await socket.send(str(number))
                for _ in range(number % 8):
                    await asyncio.sleep(0)
                waiting.cancel()
                (result,) = await asyncio.gather(waiting, return_exceptions=True)
                seen.append(await socket.receive() if isinstance(result, BaseException) else result)
        return seen

    assert asyncio.run(scenario()) == [str(number) for number in range(24)]


@pytest.mark.parametrize("fails", [True, False])
def test_what_the_app_raises_is_seen_also_where_the_test_fails_by_itself(
    fails: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def failing(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        raise KeyError("the app's own")

    async def scenario() -> None:
        async with AsyncTestClient(failing).websocket("/"):
            if fails:
                raise AssertionError("the test's own")

    with pytest.raises(AssertionError if fails else KeyError, match="own"):
        asyncio.run(scenario())
    gc.collect()
    assert [record.name for record in caplog.records] == ["wesktop"] * fails
    assert not fails or 'KeyError: "the app\'s own"' in caplog.text


def test_a_startup_that_is_given_up_leaves_nothing_running(caplog: pytest.LogCaptureFixture) -> None:
    ended: list[str] = []

    async def lifespan() -> AsyncIterator[None]:
        try:
            await asyncio.get_running_loop().create_future()
            yield
        finally:
            ended.append("lifespan")

    async def scenario() -> int:
        before = len(asyncio.all_tasks())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), AsyncTestClient(create_app(Router(), lifespan=lifespan)):
                pass
        await until(lambda: ended, "the lifespan's end")
        await asyncio.sleep(0)
        return len(asyncio.all_tasks()) - before

    assert asyncio.run(scenario()) == 0
    assert caplog.records == []


STREAMS = [
    (b"data: a\n\n", [Event("message", "a")]),
    (b"event: x\r\ndata: a\r\ndata: b\r\n\r\n", [Event("x", "a\nb")]),
    (b"data:a\rdata\r\r", [Event("message", "a\n")]),
    (b": comment\n\nid: 7\ndata: a\n\nid\ndata: b\n\n", [Event("message", "a", "7"), Event("message", "b", "")]),
    (b"event: x\n\ndata: a\n\n", [Event("message", "a")]),
    ("data: ü\n\n".encode(), [Event("message", "ü")]),
    (b"id: a\0b\ndata: x\n\nunknown: y\n\n", [Event("message", "x")]),
    (b"data: cut short", []),
]


@pytest.mark.parametrize(("stream", "events"), STREAMS)
@pytest.mark.parametrize("size", [1, 2, 100])
def test_events_are_what_the_specification_makes_of_the_bytes(stream: bytes, events: list[Event], size: int) -> None:
    parser = EventParser()
    found = [event for start in range(0, len(stream), size) for event in parser.feed(stream[start : start + size])]
    assert found == events


def test_a_long_line_in_very_many_pieces_is_put_together() -> None:
    parser = EventParser()
    for _ in range(200_000):  # each copied with all that came before it, they would be 20 GB
        assert parser.feed(b"x") == []
    assert parser.feed(b"\ndata: end\n\n") == [Event("message", "end")]


def test_the_stream_may_say_when_to_come_back() -> None:
    parser = EventParser()
    parser.feed(b"retry: 1500\n\nretry: soon\n\n")
    assert parser.retry == 1500
