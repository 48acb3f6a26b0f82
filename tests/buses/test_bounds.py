"""What waits for a bus that is away is bounded, and a reset tells of the rest."""

from typing import Any

import pytest

from buses.servers import Redis, Supervisor, has_sent_all, logged, told
from support.waiting import wait_for
from wesktop.sse import Broadcaster
from wesktop.sse.buses import send_queue as send_queues
from wesktopd.context import BUS_VARIABLE


def test_what_waits_for_a_redis_that_is_away_is_bounded_and_a_reset_tells_of_the_rest(
    redis: Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(send_queues, "MAX_WAITING", 50)
    sends, hears = [Broadcaster(strict=False, name="news", bus=redis.url) for _ in range(2)]
    sends.broadcast("e", "first")
    for broadcaster in (sends, hears):
        wait_for(lambda broadcaster=broadcaster: len(logged(broadcaster)) == 1, "the first")  # type: ignore[misc]
    wait_for(lambda: has_sent_all(sends), "its arrival")
    redis.kill()
    for number in range(1000):
        sends.broadcast("e", number)
    assert len(sends._bus._queue) <= 52  # type: ignore[attr-defined]  # with the reset, and one that has to be kept
    redis.start()
    for broadcaster in (sends, hears):
        wait_for(lambda broadcaster=broadcaster: told(broadcaster)[-1:] == [("e", "999")], "the last")  # type: ignore[misc]
    wait_for(lambda: "events were lost while" in caplog.text, "the line in the log")
    for broadcaster in (sends, hears):
        broadcaster._bus.close()
    events = told(hears)
    assert events == told(sends)
    reset = events.index(("reset", ""))
    numbers = [int(data) for event, data in events[1:] if event == "e"]
    assert numbers == [*range(reset - 1), *range(1000 - len(events) + reset + 1, 1000)]
    # Those that were on their way when it went away count too, and give way to the reset in the end.
    assert 2 <= len(events) - reset <= 51


def test_what_waits_for_a_supervisor_that_hangs_is_bounded_and_a_reset_tells_of_the_rest(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_queues, "MAX_WAITING", 300)  # of which the socket takes a third
    monkeypatch.setenv(BUS_VARIABLE, str(supervisor.path))
    sends, hears = [Broadcaster(strict=False, name="news", history=5000) for _ in range(2)]
    for broadcaster in (sends, hears):
        wait_for(lambda broadcaster=broadcaster: broadcaster._bus.ready, "the bus")  # type: ignore[misc]
    with supervisor.hang():
        for number in range(2000):
            sends.broadcast("e", [number, "x" * 1000])
        bus: Any = sends._bus
        assert len(bus._queue) <= 301  # with the reset
        assert len(bus._out) < 100_000
    for broadcaster in (sends, hears):
        wait_for(lambda broadcaster=broadcaster: b"[1999," in b"".join(logged(broadcaster)[-1:]), "the last")  # type: ignore[misc]
        broadcaster._bus.close()
    events = told(hears)
    assert events == told(sends)
    reset = events.index(("reset", ""))
    numbers = [int(data.split(",")[0][1:]) for event, data in events if event == "e"]
    kept = len(events) - reset - 1
    assert numbers == [*range(reset), *range(2000 - kept, 2000)], "all before the reset, and all after"
    assert 0 < kept <= 300
