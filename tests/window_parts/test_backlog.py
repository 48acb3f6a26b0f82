"""What waits for a page is bounded, and is done in order by one thread."""

import logging
import queue
import threading
from collections.abc import Iterator

import pytest

from support.waiting import wait_for
from wesktop.window.backlog import Backlog

LIMIT = 3


class Busy:
    """A page that is busy until it is let go on."""

    def __init__(self) -> None:
        self.backlog = Backlog("scripts", self._work, LIMIT)
        self.begun: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.done: list[str] = []
        self.threads: set[threading.Thread] = set()
        self._go_on = threading.Semaphore(0)

    def _work(self, item: str) -> None:
        self.threads.add(threading.current_thread())
        self.begun.put(item)
        assert self._go_on.acquire(timeout=20)
        if item == "broken":
            raise RuntimeError("no such page")
        self.done.append(item)

    def occupied(self) -> "Busy":
        """Have it be busy with something."""
        self.backlog.put("first")
        assert self.begun.get(timeout=20) == "first"
        return self

    def goes_on(self, count: int = 100) -> None:
        """Let it do so many."""
        for _ in range(count):
            self._go_on.release()


@pytest.fixture
def page() -> Iterator[Busy]:
    """A page that is busy."""
    busy = Busy().occupied()
    yield busy
    busy.goes_on()


def did(page: Busy, *items: str) -> bool:
    """Wait until it has done all of these, in this order, and nothing else."""
    wait_for(lambda: len(page.done) >= len(items), lambda: f"{items}, not only {page.done}")
    return page.done == [*items] and len(page.threads) == 1


def test_all_is_done_in_order_by_one_thread(page: Busy) -> None:
    page.backlog.put("second")
    page.backlog.put("third")
    assert page.done == [], "putting waits for nobody"
    page.goes_on()
    assert did(page, "first", "second", "third")


def test_what_does_not_fit_is_dropped_and_counted_in_the_log(page: Busy, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "wesktop"):
        for number in range(LIMIT + 5):
            page.backlog.put(f"{number}")
        assert ["3 scripts" in text for text in caplog.messages] == [True]
        page.goes_on()
        assert did(page, "first", "0", "1", "2")
        assert ["5 scripts" in text for text in caplog.messages[1:]] == [True]


def test_of_one_kind_the_last_alone_waits(page: Busy) -> None:
    page.backlog.put("show", kind="note")
    page.backlog.put("other")
    for _ in range(LIMIT + 5):
        page.backlog.put("hide", kind="note")
    page.goes_on()
    assert did(page, "first", "other", "hide")


def test_what_follows_a_failure_is_done_and_the_failure_is_in_the_log(
    page: Busy, caplog: pytest.LogCaptureFixture
) -> None:
    page.backlog.put("broken")
    page.backlog.put("next")
    page.goes_on()
    assert did(page, "first", "next")
    assert ["failed" in text for text in caplog.messages] == [True]
    assert "RuntimeError: no such page" in caplog.text
