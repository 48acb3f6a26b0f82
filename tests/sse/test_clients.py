"""Who is connected: pages come, fall behind and go, and leave nothing behind."""

import asyncio
import gc
import threading

from asgi.memory import Exchange, first_of, http_scope, request, until
from sse.pages import REQUEST, Page, parse
from wesktop.asgi import Router, create_app
from wesktop.sse import Broadcaster, sse_route


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


def test_page_of_a_closed_loop_is_dropped(broadcaster: Broadcaster) -> None:
    response = broadcaster.stream(REQUEST)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(first_of(response.generator))
    loop.close()
    broadcaster.broadcast("tick", 1)
    assert broadcaster.client_count == 0


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
