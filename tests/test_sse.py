import asyncio
import gc
import inspect
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import httpx_sse
import msgspec
import pytest

from asgi.memory import Exchange, first_of, http_scope, request, until
from asgi.real import granian
from support.waiting import wait_for
from wesktop.asgi import Request, Router, StreamResponse, create_app
from wesktop.sse import Broadcaster, sse_route
from wesktop.sse import broadcaster as module
from wesktop.sse.wire import format_event
from wesktop.testing.events import EventParser

REQUEST = Request(http_scope())


class Point(msgspec.Struct):
    x: int


@dataclass
class Event:
    type: str
    data: str


def parse(stream: str) -> list[Event]:
    """The events of *stream* by the rules of WHATWG HTML, section 9.2.6."""
    events, name = [], ""
    data: list[str] = []
    for line in stream.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                events.append(Event(name or "message", "\n".join(data)))
            name, data = "", []
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
    return events


@pytest.fixture
def broadcaster() -> Broadcaster:
    broadcaster = Broadcaster(buffer_size=4)
    broadcaster.register_event("tick")
    return broadcaster


class Page:
    """A connected page, in memory."""

    def __init__(self, broadcaster: Broadcaster) -> None:
        self.exchange = Exchange(broadcaster.stream(REQUEST), http_scope())
        self.running = asyncio.create_task(self.exchange.run())

    @property
    def text(self) -> str:
        return self.exchange.answer.text

    @property
    def data(self) -> list[str]:
        return [event.data for event in parse(self.text)]

    async def leave(self) -> None:
        self.exchange.disconnect()
        await self.running


@pytest.mark.parametrize(
    ("data", "wire"),
    [
        (b"x", b"event: e\ndata: x\n\n"),
        (b"", b"event: e\ndata: \n\n"),
        (b"a\nb", b"event: e\ndata: a\ndata: b\n\n"),
        (b"a\rb", b"event: e\ndata: a\ndata: b\n\n"),
        (b"a\r\nb", b"event: e\ndata: a\ndata: b\n\n"),
        (b"a\n\rb", b"event: e\ndata: a\ndata: \ndata: b\n\n"),
        (b"\n", b"event: e\ndata: \ndata: \n\n"),
        (b"a\n\ndata: b\nevent: c", b"event: e\ndata: a\ndata: \ndata: data: b\ndata: event: c\n\n"),
        ("\x0b\x0c\x85\u2028".encode(), b"event: e\ndata: \x0b\x0c\xc2\x85\xe2\x80\xa8\n\n"),
    ],
)
def test_event_is_formatted_by_the_standard(data: bytes, wire: bytes) -> None:
    assert format_event("e", data.decode()) == wire


@pytest.mark.parametrize(
    "data", ["", " x", "a\nb", "a\r\n\r\nb", "\n", "id: 1\nretry: 0", ": comment", "ü\0", "a\u2028b"]
)
def test_text_arrives_as_it_was_but_for_its_line_ends(data: str) -> None:
    lines = data.replace("\r\n", "\n").replace("\r", "\n")
    assert parse(format_event("größe x", data).decode()) == [Event("größe x", lines)]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("plain", "plain"),
        ({"a": "x\ny"}, '{"a":"x\\ny"}'),
        ([1, None], "[1,null]"),
        (Point(1), '{"x":1}'),
        (None, "null"),
        (7, "7"),
    ],
)
def test_text_is_sent_as_it_is_and_all_else_as_json(broadcaster: Broadcaster, data: Any, text: str) -> None:
    async def scenario() -> None:
        page = Page(broadcaster)
        broadcaster.broadcast("tick", data)
        await until(lambda: page.data)
        await page.leave()
        assert parse(page.text) == [Event("tick", text)]

    asyncio.run(scenario())


def test_stream_begins_at_once_with_a_comment_and_the_right_headers(broadcaster: Broadcaster) -> None:
    async def scenario() -> None:
        page = Page(broadcaster)
        await until(lambda: page.text)
        answer = page.exchange.answer
        assert page.text.startswith(":")
        assert page.text.endswith("\n\n")
        assert page.data == []
        assert answer.header("content-type") == "text/event-stream"
        assert answer.header("cache-control") == "no-store"
        assert answer.header("x-accel-buffering") == "no"
        assert answer.header("connection") is None
        await page.leave()

    asyncio.run(scenario())


def test_every_page_gets_every_event_in_order(broadcaster: Broadcaster) -> None:
    async def scenario() -> None:
        pages = [Page(broadcaster) for _ in range(3)]
        for number in range(20):
            broadcaster.broadcast("tick", number)
            await until(lambda number=number: all(page.data[-1:] == [str(number)] for page in pages))  # type: ignore[misc]
        for page in pages:
            assert page.data == [str(number) for number in range(20)]
            await page.leave()

    asyncio.run(scenario())


def test_event_between_the_call_of_stream_and_its_start_is_kept(broadcaster: Broadcaster) -> None:
    response = broadcaster.stream(REQUEST)
    broadcaster.broadcast("tick", "early")

    async def scenario() -> None:
        exchange = Exchange(response, http_scope())
        running = asyncio.create_task(exchange.run())
        await until(lambda: parse(exchange.answer.text))
        exchange.disconnect()
        assert parse((await running).text) == [Event("tick", "early")]

    asyncio.run(scenario())


def test_client_count_follows_connecting_and_leaving(broadcaster: Broadcaster) -> None:
    async def scenario() -> None:
        pages = [Page(broadcaster), Page(broadcaster)]
        await until(lambda: all(page.text for page in pages))
        assert broadcaster.client_count == 2
        await pages[0].leave()
        assert broadcaster.client_count == 1
        await pages[1].leave()
        assert broadcaster.client_count == 0

    asyncio.run(scenario())


def test_head_is_no_client(broadcaster: Broadcaster) -> None:
    router = Router()
    router.add_route("GET", "/events", sse_route(broadcaster))
    answer = request(create_app(router), "HEAD", "/events")
    gc.collect()
    assert (answer.status, answer.header("content-type")) == (200, "text/event-stream")
    assert broadcaster.client_count == 0


def test_page_with_a_full_buffer_is_dropped_and_its_stream_ends(broadcaster: Broadcaster) -> None:
    async def scenario() -> None:
        slow, quick = Page(broadcaster), Page(broadcaster)
        for number in range(4):
            broadcaster.broadcast("tick", number)
        assert broadcaster.client_count == 2
        await until(lambda: len(quick.data) == 4)
        stuck = broadcaster.stream(REQUEST)
        for number in range(5):
            broadcaster.broadcast("tick", number)
            await until(lambda number=number: quick.data[-1] == str(number))  # type: ignore[misc]
        assert broadcaster.client_count == 2
        answer = await asyncio.wait_for(Exchange(stuck, http_scope()).run(), 10)
        assert [event.data for event in parse(answer.text)] == ["0", "1", "2", "3"]
        await slow.leave()
        await quick.leave()

    asyncio.run(scenario())


def test_page_that_waits_when_it_is_dropped_is_ended_too(broadcaster: Broadcaster) -> None:
    async def scenario() -> None:
        page = Page(broadcaster)
        await until(lambda: page.text)
        for number in range(9):  # before the page has a chance to take one
            broadcaster.broadcast("tick", number)
        assert broadcaster.client_count == 0
        await asyncio.wait_for(page.running, 10)
        assert page.data == ["0", "1", "2", "3"]

    asyncio.run(scenario())


def test_other_threads_may_broadcast(broadcaster: Broadcaster) -> None:
    async def scenario() -> None:
        page = Page(broadcaster)
        await until(lambda: page.text)
        for number in range(3):
            await asyncio.to_thread(broadcaster.broadcast, "tick", number)
            await until(lambda number=number: page.data[-1:] == [str(number)])  # type: ignore[misc]
        await page.leave()

    asyncio.run(scenario())


def test_many_threads_and_pages_that_come_and_go_lose_nothing() -> None:
    broadcaster = Broadcaster(buffer_size=10_000, strict=False)

    def broadcast_some() -> None:
        for number in range(200):
            broadcaster.broadcast("e", number)

    async def scenario() -> None:
        page = Page(broadcaster)
        threads = [threading.Thread(target=broadcast_some) for _ in range(4)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            passing = Page(broadcaster)
            await until(lambda passing=passing: passing.text)  # type: ignore[misc]
            await passing.leave()
        await until(lambda: len(page.data) == 800)
        await page.leave()

    asyncio.run(scenario())
    assert broadcaster.client_count == 0


def test_page_of_a_closed_loop_is_dropped(broadcaster: Broadcaster) -> None:
    response = broadcaster.stream(REQUEST)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(first_of(response.generator))
    loop.close()
    broadcaster.broadcast("tick", 1)
    assert broadcaster.client_count == 0


def test_silent_stream_is_kept_alive_by_comments(broadcaster: Broadcaster, monkeypatch: pytest.MonkeyPatch) -> None:
    assert module.KEEP_ALIVE_SECONDS == 15
    monkeypatch.setattr(module, "KEEP_ALIVE_SECONDS", 0.001)

    async def scenario() -> None:
        page = Page(broadcaster)
        await until(lambda: page.text.count(": keep-alive\n") == 3)
        broadcaster.broadcast("tick", 1)
        await until(lambda: page.data == ["1"])
        await page.leave()

    asyncio.run(scenario())


def test_strict_broadcaster_refuses_an_unregistered_event_by_name(broadcaster: Broadcaster) -> None:
    with pytest.raises(ValueError, match=r"'tock' is not registered.*registered: tick"):
        broadcaster.broadcast("tock", 1)


def test_lenient_broadcaster_sends_any_event() -> None:
    broadcaster = Broadcaster(strict=False)
    broadcaster.broadcast("anything", 1)
    assert broadcaster.event_types == frozenset()


@pytest.mark.parametrize("name", ["", "a\nb", "a\rb", "a\r\ndata: x", "a\0"])
def test_event_name_that_would_break_the_stream_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="event name"):
        Broadcaster().register_event(name)
    with pytest.raises(ValueError, match="event name"):
        Broadcaster(strict=False).broadcast(name, 1)


def test_event_types_are_the_registered_names(broadcaster: Broadcaster) -> None:
    broadcaster.register_event("tock")
    broadcaster.register_event("tick")
    assert broadcaster.event_types == frozenset({"tick", "tock"})
    assert isinstance(broadcaster.event_types, frozenset)


def test_data_that_is_not_json_is_refused_even_without_clients(broadcaster: Broadcaster) -> None:
    with pytest.raises(TypeError):
        broadcaster.broadcast("tick", object())


@pytest.mark.parametrize("size", [0, -1])
def test_buffer_without_room_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="buffer_size"):
        Broadcaster(size)


@pytest.mark.parametrize(
    ("given", "refusal", "sentence"),
    [
        ({"buffer_size": "9"}, TypeError, "buffer_size '9' is of type str, not int"),
        ({"buffer_size": 2.5}, TypeError, "buffer_size 2.5 is of type float, not int"),
        ({"history": True}, TypeError, "history True is of type bool, not int"),
        ({"history_bytes": -1}, ValueError, "history_bytes -1 is out of range"),
        ({"history_seconds": "600"}, TypeError, "history_seconds '600' is of type str, not float"),
        ({"history_seconds": float("nan")}, ValueError, "history_seconds nan is out of range"),
        ({"retry": 1.5}, TypeError, "retry 1.5 is of type float, not int"),  # EventSource reads digits alone
        ({"strict": "no"}, TypeError, "strict 'no' is neither True nor False"),
        ({"name": 3}, TypeError, "name 3 is of type int, not str"),
        ({"name": "a\nb"}, ValueError, r"^name 'a\\nb' must be one line"),
        ({"bus": 3}, TypeError, "bus 3 is of type int, not str"),
        ({"bus": "nats://x"}, ValueError, "bus 'nats://x' is unknown"),
    ],
)
def test_a_parameter_that_does_not_fit_is_refused_by_name_and_value(
    given: dict[str, Any], refusal: type[Exception], sentence: str
) -> None:
    with pytest.raises(refusal, match=sentence):
        Broadcaster(**given)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"events": "tick"}, "events 'tick' is no collection"),
        ({"groups": "ada"}, "groups 'ada' is no collection"),
        ({"groups": 7}, "groups 7 is no collection"),
        ({"groups": [7]}, "groups has 7 in it"),
    ],
)
def test_a_name_that_stands_alone_is_no_choice_of_events(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        Broadcaster().stream(REQUEST, **given)


def test_signatures_are_the_specified_ones() -> None:
    assert str(inspect.signature(Broadcaster)).startswith("(buffer_size: int = 256, *, strict: bool = True, ")
    assert not inspect.iscoroutinefunction(Broadcaster.stream)
    assert inspect.iscoroutinefunction(sse_route(Broadcaster()))
    assert isinstance(Broadcaster().stream(REQUEST), StreamResponse)


@pytest.fixture
def port(broadcaster: Broadcaster) -> Iterator[int]:
    router = Router()
    router.add_route("GET", "/events", sse_route(broadcaster))

    @router.post("/tick")
    def tick(request: Request) -> None:
        broadcaster.broadcast("tick", request.json)

    with granian(create_app(router)) as port:
        yield port


def test_event_arrives_at_a_real_client_and_its_leaving_is_noticed(port: int, broadcaster: Broadcaster) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as client:
        with client.stream("GET", "/events") as stream:
            parser, chunks = EventParser(), stream.iter_bytes()
            assert next(chunks).startswith(b":")
            wait_for(lambda: broadcaster.client_count == 1, "the client to be counted")
            for number in range(3):
                assert client.post("/tick", json={"n": number}).status_code == 204
                (event,) = parser.feed(next(chunks))
                assert (event.event, event.json) == ("tick", {"n": number})
        wait_for(lambda: broadcaster.client_count == 0, "the client to be gone")


def test_pages_that_come_and_go_leave_nothing_behind(broadcaster: Broadcaster) -> None:
    async def scenario() -> None:
        tasks = len(asyncio.all_tasks())
        for number in range(10_000):
            page = Page(broadcaster)
            while not page.text:  # noqa: ASYNC110  turns of the loop
                await asyncio.sleep(0)
            if number % 100 == 0:
                broadcaster.broadcast("tick", number)
                await until(lambda page=page: page.data)  # type: ignore[misc]
            await page.leave()
        assert len(asyncio.all_tasks()) == tasks
        assert broadcaster.client_count == 0
        assert len(broadcaster._clients) == 0

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("", ""), ("a\nb", "a\nb"), ("a\r\nb\rc", "a\nb\nc"), ("\n", "\n"), (" x ", " x "),
        (": no comment", ": no comment"), ("\ud800x", "\ufffdx"), ("\ud83d\ude00", "\U0001f600"),
        (float("nan"), "null"), (None, "null"), ("ü\0", "ü\0"),
    ],
)  # fmt: skip
def test_httpx_sse_reads_the_corner_cases_alike(port: int, broadcaster: Broadcaster, data: Any, text: str) -> None:
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as client,
        httpx_sse.connect_sse(client, "GET", "/events") as source,
    ):
        wait_for(lambda: broadcaster.client_count == 1, "the client to be counted")
        broadcaster.broadcast("tick", data)
        # It makes an event of the greeting too, which has an ID and no data; the standard does not.
        event = next(event for event in source.iter_sse() if event.event == "tick")
        assert (event.event, event.data, event.id) == ("tick", text, broadcaster._log.last_id)


def test_a_page_gets_the_events_that_it_wants_and_those_of_its_groups() -> None:
    broadcaster = Broadcaster(strict=False)

    async def scenario() -> None:
        streams = {
            "all": broadcaster.stream(REQUEST),
            "few": broadcaster.stream(REQUEST, events={"a"}),
            "ada": broadcaster.stream(REQUEST, groups={"ada", "admins"}),
        }
        pages = {name: Exchange(stream, http_scope()) for name, stream in streams.items()}
        tasks = [asyncio.create_task(page.run()) for page in pages.values()]
        for event, to in (("a", None), ("b", None), ("a", "ada"), ("b", "admins"), ("a", "bob"), ("a", None)):
            broadcaster.broadcast(event, event, to=to)
        await until(lambda: all(len(parse(page.answer.text)) >= 2 for page in pages.values()))
        for page in pages.values():
            page.disconnect()
        await asyncio.gather(*tasks)
        found = {name: "".join(event.data for event in parse(page.answer.text)) for name, page in pages.items()}
        assert found == {"all": "aba", "few": "aa", "ada": "ababa"}

    asyncio.run(scenario())


def test_who_asks_for_it_is_told_by_events_where_the_stream_is_and_nobody_else_is() -> None:
    broadcaster = Broadcaster(strict=False)

    async def scenario() -> None:
        asks = Request(http_scope(query="_wesktop=positions"))
        pages = [Exchange(broadcaster.stream(who), http_scope()) for who in (REQUEST, asks)]
        tasks = [asyncio.create_task(page.run()) for page in pages]
        first = broadcaster._log.last_id
        broadcaster.broadcast("a", 1)
        broadcaster.broadcast("b", 2)
        last = broadcaster._log.last_id
        await until(lambda: all("data: 2" in page.answer.text for page in pages))
        for page in pages:
            page.disconnect()
        await asyncio.gather(*tasks)
        plain, told = (EventParser().feed(page.answer.text.encode()) for page in pages)
        assert [event.event for event in plain] == ["a", "b"]
        assert [(event.event, event.id) for event in told if event.event not in ("a", "b")] == [
            ("wesktop-position", first),
            ("wesktop-position", last),
        ]
        assert pages[0].answer.text.startswith(f": connected\nretry: 1000\nid: {first}\n\n")

    asyncio.run(scenario())


@pytest.mark.parametrize("size", [1, 1000])
def test_a_page_that_lets_much_go_by_is_told_where_it_is_before_that_is_forgotten(size: int) -> None:
    broadcaster = Broadcaster(10, buffer_bytes=5000, history=10, history_bytes=10_000, strict=False)

    async def scenario() -> None:
        page = Exchange(broadcaster.stream(REQUEST, events={"wanted"}), http_scope())
        task = asyncio.create_task(page.run())
        parser, read = EventParser(), 0
        await until(lambda: page.answer.text)
        for number in range(50):
            broadcaster.broadcast("often", "x" * size)
            for _ in range(5):
                await asyncio.sleep(0)
            text, read = page.answer.text[read:], len(page.answer.text)
            assert parser.feed(text.encode()) == []
            assert broadcaster._log.position_after(parser.last_id) is not None, number
        assert 3 < page.answer.text.count("keep-alive") < 20
        page.disconnect()
        await task

    asyncio.run(scenario())


def test_a_page_is_told_of_what_it_has_missed_in_one_piece_with_its_new_place() -> None:
    broadcaster = Broadcaster(strict=False)
    request = Request({"type": "http", "headers": [(b"last-event-id", b"another-life")]})

    async def scenario() -> None:
        greeting = EventParser().feed(await first_of(broadcaster.stream(request, events={"a"}).generator))  # type: ignore[arg-type]
        assert [(event.event, event.id) for event in greeting] == [("reset", broadcaster._log.last_id)]

    asyncio.run(scenario())
