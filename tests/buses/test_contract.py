"""The three buses keep one contract: one order, nothing lost, nothing twice."""

import asyncio
import threading

import pytest

from buses.conftest import Make
from buses.servers import logged
from support.waiting import wait_for
from wesktop.asgi import Request
from wesktop.sse import Broadcaster
from wesktop.sse.log import Log


def test_all_that_several_send_is_in_one_order_for_all(make: Make) -> None:
    senders = [make(), make()]

    def send(broadcaster: Broadcaster, who: int) -> None:
        for number in range(100):
            broadcaster.broadcast("e", [who, number])

    threads = [threading.Thread(target=send, args=(one, number)) for number, one in enumerate(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for broadcaster in senders:
        wait_for(lambda broadcaster=broadcaster: len(logged(broadcaster)) == 200, "all events")  # type: ignore[misc]
    assert logged(senders[0]) == logged(senders[1])
    assert len(set(logged(senders[0]))) == 200
    for who in range(2):
        own = [line for line in logged(senders[0]) if b"data: [%d," % who in line]
        assert own == sorted(own, key=lambda line: int(line.split(b",")[1].split(b"]")[0]))


def test_who_comes_later_has_what_is_kept(make: Make) -> None:
    first = make(history=300)
    for number in range(10):
        first.broadcast("e", number, to="somebody" if number % 2 else None)
    wait_for(lambda: len(logged(first)) == 10, "the events")
    later = make(history=300)
    wait_for(lambda: logged(later) == logged(first), "the same events")
    last = first._log.last_id
    assert later._log.position_after(last) == later._log.end


def test_a_page_goes_on_in_another_process_where_it_was(make: Make) -> None:
    first, second = make(), make()
    first.broadcast("e", 1)
    wait_for(lambda: len(logged(first)) == len(logged(second)) == 1, "the event")
    seen = first._log.last_id
    second.broadcast("e", 2)
    wait_for(lambda: len(logged(second)) == 2, "the second event")

    async def scenario() -> bytes:
        request = Request({"type": "http", "headers": [(b"last-event-id", seen.encode())]})
        chunks = second.stream(request).generator
        greeting, events = [await anext(aiter(chunks)) for _ in range(2)]
        assert seen in greeting.decode()  # type: ignore[union-attr]
        return events  # type: ignore[return-value]

    events = asyncio.run(scenario())
    assert events.count(b"data:") == 1
    assert b"data: 2" in events


@pytest.mark.parametrize("bus", ["kafka://x", "", "redis"])
def test_a_bus_that_is_unknown_is_refused(bus: str) -> None:
    with pytest.raises(ValueError, match="bus"):
        Broadcaster(bus=bus)


def test_what_cannot_be_sent_is_refused_and_holds_nothing_up(make: Make) -> None:
    first, second = make(), make()
    with pytest.raises(TypeError):
        first.broadcast("e", 1, to=5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="UTF-8"):
        first.broadcast("e", 1, to="\ud800")
    with pytest.raises(ValueError, match="characters"):
        first.broadcast("e", "x" * 1_000_001)
    first.broadcast("e", 2)
    wait_for(lambda: len(logged(second)) == 1, "the event that is right")


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), -1])
def test_a_time_that_is_none_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="history_seconds"):
        Broadcaster(history_seconds=seconds)


def test_who_reads_when_some_are_lost_is_raised() -> None:
    log = Log(10, 1000, 60)
    log.begin("a-0")
    log.append("a-1", "e", "1", None, 0)
    position, last = log.tail()
    assert (log.read(position), last) == ([], "a-1")
    log.begin("b-7")
    assert log.read(position) is None
    assert log.position_after("a-1") is None
    assert log.position_after("b-7") == log.end


@pytest.mark.parametrize(
    ("came", "last_id"), [(0.5, None), (1.0, None), (1.5, "a-1"), (2.0, "a-1"), (2.5, "a-2"), (9.0, "a-3")]
)
def test_who_came_at_a_moment_has_its_place_before_all_that_has_come_since(came: float, last_id: str | None) -> None:
    log = Log(2, 1000, 60)
    log.begin("a-0")
    assert log.place_at(came) == log.tail()
    for moment in (1.0, 2.0, 3.0):
        log.append(f"a-{moment:.0f}", "e", "x", None, moment)
    place = log.place_at(came)
    assert place == (None if last_id is None else (log.position_after(last_id), last_id))
    log.begin("b-0", 1.0)
    assert (log.place_at(came) is None) is (came <= 1.0)


def test_an_event_that_is_larger_than_what_is_kept_is_delivered() -> None:
    log = Log(10, 10, 60)
    log.begin("a-0")
    position, _ = log.tail()
    log.append("a-1", "e", "x" * 100, None, 0)
    assert len(log.read(position) or ()) == 1
