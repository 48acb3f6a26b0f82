"""What waits for a bus: sent in order, again where need be, and bounded, with a reset for what is lost."""

import logging

import pytest

from wesktop.sse.buses import send_queue as module
from wesktop.sse.buses.send_queue import SendQueue
from wesktopd.bus.deduplication import MAX_ORIGINS, Deduplicator
from wesktopd.wire.bus_messages import Publish


def event(number: int, data: str = "") -> Publish:
    return Publish(event="e", data=data or str(number), origin="o", number=number)


def filled(*numbers: int) -> SendQueue:
    queue = SendQueue("the bus")
    for number in numbers:
        queue.add(event(number))
    return queue


def told(events: list[Publish]) -> list[tuple[str, int]]:
    return [(event.event, event.number) for event in events]


@pytest.fixture
def room_for_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 3)


def test_events_are_taken_in_order_and_once() -> None:
    queue = filled(1, 2, 3)
    assert told(queue.take(2)) == [("e", 1), ("e", 2)]
    assert told(queue.take(2)) == [("e", 3)]
    assert (queue.has_waiting, len(queue)) == (False, 3)
    queue.confirm(3)
    assert len(queue) == 0


def test_what_may_not_have_arrived_goes_again_before_the_rest() -> None:
    queue = filled(1, 2, 3, 4)
    queue.take(3)
    queue.confirm(1)
    queue.requeue()
    assert told(queue.take(10)) == [("e", 2), ("e", 3), ("e", 4)]


def test_what_has_arrived_after_all_does_not_go_again() -> None:
    queue = filled(1, 2, 3)
    queue.take(3)
    queue.requeue()
    queue.confirm(2)
    assert told(queue.take(10)) == [("e", 3)]


@pytest.mark.usefixtures("room_for_three")
def test_the_oldest_give_way_to_one_reset_and_are_counted_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        queue = filled(1, 2, 3, 4, 5)
        for _ in range(3):  # as it is when it is tried in vain
            assert told(queue.take(10)) == [("reset", 2), ("e", 3), ("e", 4), ("e", 5)]
            queue.requeue()
        queue.add(event(6))
        assert told(queue.take(10)) == [("reset", 3), ("e", 4), ("e", 5), ("e", 6)]
        queue.confirm(6)
        filled(7)
    assert [record.getMessage() for record in caplog.records] == [
        "the bus is away or slow, and too many events wait for it: the oldest are dropped",
        "3 events were lost while the bus was away or slow; the pages are sent a reset",
    ]
    assert len(queue) == 0


@pytest.mark.usefixtures("room_for_three")
def test_no_reset_is_sent_for_what_has_arrived_after_all() -> None:
    queue = filled(1, 2, 3)
    queue.take(3)
    queue.requeue()
    queue.add(event(4))  # for which 1 gives way
    queue.confirm(2)
    assert told(queue.take(10)) == [("e", 3), ("e", 4)]


def test_the_size_is_bounded_too_but_one_event_may_be_larger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING_BYTES", 5000)
    queue = SendQueue("the bus")
    for number in range(1, 101):
        queue.add(event(number, "x" * 1000))
    assert told(queue.take(100)) == [("reset", 96), *(("e", number) for number in range(97, 101))]
    queue.add(event(101, "x" * 9000))
    assert told(queue.take(100)) == [("e", 101)]


def test_an_origin_that_still_sends_is_not_forgotten_for_new_ones() -> None:
    repeats = Deduplicator()
    for number in range(3 * MAX_ORIGINS):
        assert not repeats.is_repeat("old", number + 1)
        assert not repeats.is_repeat(f"new-{number}", 1)
    assert repeats.is_repeat("old", 3 * MAX_ORIGINS)
    assert len(repeats.numbers) == MAX_ORIGINS
    assert not repeats.is_repeat("new-0", 1)
