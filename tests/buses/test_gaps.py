"""A page that has missed events which are no longer kept is told so by a reset, however they have gone."""

import asyncio
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from buses.following import Page, follow_until, skipped
from buses.servers import Redis, Supervisor, logged
from support.waiting import wait_for
from wesktop.sse import Broadcaster
from wesktop.sse.buses import supervisor_bus
from wesktopd.context import BUS_VARIABLE

KEPT = 200
MANY = 1000

# As a broadcaster elsewhere sends them, all at one moment.
ADD = """
for number = tonumber(ARGV[1]), tonumber(ARGV[2]) do
    redis.call('XADD', KEYS[1], 'MAXLEN', '~', 200, '*', 'event', 'e', 'data', number,
        'origin', 'o', 'number', number)
end
"""


def add(redis: Redis, first: int, last: int) -> None:
    redis.call("EVAL", ADD, "1", "wesktop:news", str(first), str(last))


@pytest.fixture
def broadcasters(redis: Redis) -> Iterator[list[Broadcaster]]:
    """Those that the test adds are closed at its end."""
    made: list[Broadcaster] = []
    yield made
    for one in made:
        one._bus.close()


def broadcaster(redis: Redis, made: list[Broadcaster], user: str = "") -> Broadcaster:
    url = redis.url.replace("//", f"//{user}", 1)
    made.append(Broadcaster(KEPT, history=KEPT, strict=False, name="news", bus=url))
    return made[-1]


def seen_by(page: Page, redis: Redis, first: int) -> list[str]:
    """What the page has seen when it has got an event that comes after all others, from this number on."""
    asyncio.run(follow_until(page, first, lambda number: add(redis, number, number)))
    return page.seen


@pytest.mark.parametrize("count", [KEPT // 2, MANY])
def test_a_page_is_raised_where_more_comes_at_once_than_is_kept(
    redis: Redis, broadcasters: list[Broadcaster], count: int
) -> None:
    hears = broadcaster(redis, broadcasters)
    wait_for(lambda: hears._bus.ready, "the bus")
    add(redis, 1, 1)
    wait_for(lambda: len(logged(hears)) == 1, "the first")
    page = Page(hears)
    add(redis, 2, count)
    seen = seen_by(page, redis, count + 1)
    assert skipped(seen, after=1) == []
    assert ("reset" in seen) is (count == MANY)


@pytest.mark.parametrize("count", [KEPT // 2, MANY])
def test_a_page_is_raised_where_these_are_the_first_of_all(
    redis: Redis, broadcasters: list[Broadcaster], count: int
) -> None:
    hears = broadcaster(redis, broadcasters)
    wait_for(lambda: hears._bus.ready, "the bus")
    page = Page(hears)
    add(redis, 1, count)
    seen = seen_by(page, redis, count + 1)
    assert skipped(seen, after=0) == []
    assert ("reset" in seen) is (count == MANY)


@pytest.mark.parametrize("count", [KEPT // 2, MANY])
@pytest.mark.parametrize("new", [True, False])
def test_pages_of_a_worker_that_starts_while_it_has_no_redis_are_told(
    redis: Redis, broadcasters: list[Broadcaster], caplog: pytest.LogCaptureFixture, count: int, new: bool
) -> None:
    add(redis, 1, 1)
    last_id, _ = redis.call("XREVRANGE", "wesktop:news", "+", "-", "COUNT", "1")[0]
    redis.call("ACL", "SETUSER", "worker", "off", ">secret", "~*", "+@all")
    starts = broadcaster(redis, broadcasters, "worker:secret@")
    page = Page(starts, "" if new else last_id)
    wait_for(lambda: caplog.text.count("is away") >= 2, "its first tries")
    add(redis, 2, count)
    assert not starts._bus.ready
    redis.call("ACL", "SETUSER", "worker", "on")
    seen = seen_by(page, redis, count + 1)
    assert skipped(seen, after=1) == []
    assert ("reset" in seen) is (count == MANY)


@pytest.mark.parametrize("count", [KEPT // 2, MANY])
def test_pages_of_a_worker_that_finds_the_supervisor_late_are_told(
    supervisor: Supervisor,
    broadcasters: list[Broadcaster],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    count: int,
) -> None:
    place = tmp_path / "late.bus"
    # A busy machine may take longer than the worker waits for a bus that it has never found.
    monkeypatch.setattr(supervisor_bus, "SupervisorBus", partial(supervisor_bus.SupervisorBus, patience=60.0))
    for path in (supervisor.path, place):
        monkeypatch.setenv(BUS_VARIABLE, str(path))
        broadcasters.append(Broadcaster(KEPT, history=KEPT, strict=False, name="news"))
    sends, starts = broadcasters
    wait_for(lambda: sends._bus.ready, "the bus")
    sends.broadcast("e", 1)
    wait_for(lambda: len(logged(sends)) == 1, "the first")
    page = Page(starts)
    for number in range(2, count):
        sends.broadcast("e", number)
    wait_for(lambda: f"data: {count - 1}" in str(logged(sends)[-1]), "them to be in the bus")
    place.symlink_to(supervisor.path)
    asyncio.run(follow_until(page, count, lambda number: sends.broadcast("e", number)))
    assert skipped(page.seen, after=1) == []
    assert ("reset" in page.seen) is (count == MANY)


def test_a_page_that_has_seen_none_is_raised_when_redis_comes_back_empty(
    redis: Redis, broadcasters: list[Broadcaster]
) -> None:
    hears = broadcaster(redis, broadcasters)
    wait_for(lambda: hears._bus.ready, "the bus")
    position, where = hears._log.tail()
    add(redis, 1, 3)
    wait_for(lambda: len(logged(hears)) == 3, "the events")
    redis.kill()
    redis.forget()
    redis.start()
    wait_for(lambda: hears._log.read(position) is None, "the streams to be ended")
    seen = seen_by(Page(hears, where), redis, 4)
    assert seen[0] == "reset"


def test_another_worker_knows_the_place_before_the_first_event(redis: Redis, broadcasters: list[Broadcaster]) -> None:
    first, second = broadcaster(redis, broadcasters), broadcaster(redis, broadcasters)
    wait_for(lambda: first._bus.ready and second._bus.ready, "the bus")
    add(redis, 1, 3)
    third = broadcaster(redis, broadcasters)
    wait_for(lambda: third._bus.ready, "the bus")
    for one in (second, third):
        assert skipped(seen_by(Page(one, first._log.first_id), redis, 4 if one is second else 100)[:3], after=0) == []


def test_a_page_that_came_before_it_was_clear_that_there_is_no_bus_gets_what_has_come_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(BUS_VARIABLE, str(tmp_path / "nobody"))
    monkeypatch.setattr(supervisor_bus, "SupervisorBus", partial(supervisor_bus.SupervisorBus, patience=0.2))
    alone = Broadcaster(strict=False)
    page = Page(alone)
    for number in range(3):
        alone.broadcast("e", number)
    asyncio.run(follow_until(page, 3, lambda number: alone.broadcast("e", number)))
    assert page.seen[:3] == ["0", "1", "2"]


@pytest.mark.parametrize("command", [("DEL",), ("XTRIM", "MAXLEN", "0")], ids=" ".join)
def test_a_stream_that_somebody_has_emptied_begins_anew(
    redis: Redis, broadcasters: list[Broadcaster], command: tuple[str, ...]
) -> None:
    def empty() -> None:
        redis.call(command[0], "wesktop:news", *command[1:])

    add(redis, 1, 1)
    empty()
    hears = broadcaster(redis, broadcasters)
    wait_for(lambda: hears._bus.ready, "the bus")
    for number in (2, 3):
        hears.broadcast("e", str(number))
        wait_for(lambda: len(logged(hears)) == 1, "the event")
        empty()
        wait_for(lambda: logged(hears) == [] and redis.call("XLEN", "wesktop:news"), "the stream to begin")


def test_a_page_that_comes_while_events_are_read_again_gets_none_of_before(
    redis: Redis, broadcasters: list[Broadcaster], monkeypatch: pytest.MonkeyPatch
) -> None:
    hears = broadcaster(redis, broadcasters)
    wait_for(lambda: hears._bus.ready, "the bus")
    pages: list[Page] = []
    append = hears._log.append

    def append_after_a_page_has_come(*entry: Any) -> None:
        if not pages:
            time.sleep(0.01)  # more than what the server's clock is coarser by
            pages.append(Page(hears))
        append(*entry)

    monkeypatch.setattr(hears._log, "append", append_after_a_page_has_come)
    add(redis, 1, MANY)
    wait_for(lambda: len(logged(hears)) >= KEPT, "the events that are kept")
    assert seen_by(pages[0], redis, MANY + 1)[0] == str(MANY + 1)
