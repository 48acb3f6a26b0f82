"""What comes on the stream of a page, from its first byte on."""

import asyncio

import pytest

from asgi.memory import Exchange, first_of, http_scope, until
from sse.pages import REQUEST, Event, Page, parse
from wesktop.asgi import Request
from wesktop.sse import Broadcaster
from wesktop.sse import broadcaster as module
from wesktop.testing.events import EventParser


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


def test_who_asks_for_it_is_raised_by_events_where_the_stream_is_and_nobody_else_is() -> None:
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
def test_a_page_that_lets_much_go_by_is_raised_where_it_is_before_that_is_forgotten(size: int) -> None:
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


def test_a_page_that_comes_back_to_more_than_it_may_be_behind_by_goes_on_though_it_wants_none_of_it() -> None:
    broadcaster = Broadcaster(10, buffer_bytes=5000, strict=False)
    last_id, connections = broadcaster._log.last_id, 0
    seen: list[str] = []
    for _ in range(5):
        broadcaster.broadcast("often", "x" * 2000)
    broadcaster.broadcast("wanted", "seen")

    async def scenario() -> None:
        nonlocal last_id, connections
        while not seen:
            connections += 1
            parser = EventParser()
            request = Request(http_scope(headers=[("last-event-id", last_id)]))
            async for chunk in broadcaster.stream(request, events={"wanted"}).generator:
                seen.extend(event.data for event in parser.feed(chunk))  # type: ignore[arg-type]
                last_id = parser.last_id
                if seen:
                    break
            assert connections < 10, "it is told nothing and comes back to the same"

    asyncio.run(scenario())
    assert seen == ["seen"]


def test_a_page_is_raised_of_what_it_has_missed_in_one_piece_with_its_new_place() -> None:
    broadcaster = Broadcaster(strict=False)
    request = Request({"type": "http", "headers": [(b"last-event-id", b"another-life")]})

    async def scenario() -> None:
        greeting = EventParser().feed(await first_of(broadcaster.stream(request, events={"a"}).generator))  # type: ignore[arg-type]
        assert [(event.event, event.id) for event in greeting] == [("reset", broadcaster._log.last_id)]

    asyncio.run(scenario())
