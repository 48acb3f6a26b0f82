"""The log that streams read on in: nobody takes what follows a gap for what comes next."""

import asyncio

import pytest

from asgi.memory import until
from sse.pages import REQUEST, Page
from wesktop.sse import Broadcaster
from wesktop.sse.log import Log


def log_of(*numbers: int) -> Log:
    log = Log(100, 10_000, 60.0)
    log.begin("a-0")
    for number in numbers:
        log.append(f"a-{number}", "tick", str(number), None, 0.0)
    return log


def test_a_reader_gets_what_comes_after_its_position() -> None:
    log = log_of(1, 2)
    position, last_id = log.tail()
    assert last_id == "a-2"
    log.append("a-3", "tick", "3", None, 0.0)
    batch = log.batch(position, 10, 10_000)
    assert batch is not None
    assert [entry.id for entry in batch.entries] == ["a-3"]


@pytest.mark.parametrize("before", [(), (1,), (1, 2, 3)])
@pytest.mark.parametrize("after", [1, 2, 5])
def test_a_reader_that_had_all_sees_that_some_are_missing_when_the_log_begins_anew(
    before: tuple[int, ...], after: int
) -> None:
    log = log_of(*before)
    position, _ = log.tail()
    log.begin("b-7")
    assert log.end != position, "it is not to be taken for one that has all"
    for number in range(8, 8 + after):
        log.append(f"b-{number}", "tick", str(number), None, 0.0)
    assert log.read(position) is None
    assert log.batch(position, 100, 10_000) is None


def test_a_page_that_had_all_is_ended_when_events_are_lost_so_that_it_comes_back_for_a_reset(
    broadcaster: Broadcaster,
) -> None:
    async def scenario() -> list[str]:
        page = Page(broadcaster)
        broadcaster.broadcast("tick", 1)
        await until(lambda: page.data == ["1"])
        broadcaster._log.begin("b-7")  # what a bus does that has lost some
        broadcaster.broadcast("tick", 2)
        await asyncio.wait_for(page.running, 20)
        return page.data

    assert asyncio.run(scenario()) == ["1"]


def test_an_event_that_comes_as_its_wait_is_given_up_is_the_next_one(broadcaster: Broadcaster) -> None:
    async def scenario() -> list[bytes]:
        chunks = aiter(broadcaster.stream(REQUEST).generator)
        await anext(chunks)  # the greeting
        seen: list[bytes] = []
        for number in range(24):
            waiting = asyncio.ensure_future(anext(chunks))
            await asyncio.sleep(0)
            if number % 2:
                broadcaster.broadcast("tick", number)
            for _ in range(number % 8):
                await asyncio.sleep(0)
            waiting.cancel()
            (result,) = await asyncio.gather(waiting, return_exceptions=True)
            if isinstance(result, BaseException):
                waiting = asyncio.ensure_future(anext(chunks))
                await asyncio.sleep(0)
                if not number % 2:
                    broadcaster.broadcast("tick", number)
                result = await asyncio.wait_for(waiting, 20)
            assert isinstance(result, bytes)
            seen.append(result)
        return seen

    seen = asyncio.run(scenario())
    assert [chunk.count(b"data: %d\n" % number) for number, chunk in enumerate(seen)] == [1] * 24
