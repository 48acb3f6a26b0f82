"""What carries events from those who send them to the log of every process; and what stays in this one."""

import math
import secrets
import threading
import time
from collections.abc import Callable
from typing import Protocol


class Sink(Protocol):
    """What a bus fills: the log, see there, or what hands the events on."""

    def begin(self, first_id: str, at: float = -math.inf) -> None:
        """What comes next follows the event of this ID, not what came before. at: its time, where that is known."""

    def append(self, id_: str, event: str, data: str, to: str | None, now: float) -> None:
        """The next event, of the time `now` by time.monotonic()."""


class Bus(Protocol):
    """Puts events in one order, the same for all processes, and into the log of each.

    ready: whether the log is complete: what was kept before this process began is in it.
    """

    ready: bool

    def open(self, log: Sink, on_news: Callable[[], None]) -> None:
        """Begin to fill the log; *on_news* is called, from any thread, when there is something new in it."""

    def publish(self, event: str, data: str, to: str | None) -> None:
        """Send an event, from any thread, without waiting."""

    def close(self) -> None:
        """Give up what it holds."""

    def abandon(self) -> None:
        """The same in a forked child, where its threads are not and its locks may be held for ever."""


class MemoryBus:
    """The bus of one process: what is sent is there at once."""

    ready = True

    def __init__(self) -> None:
        self._epoch = secrets.token_hex(4)  # so that the IDs of another life are not taken for ours
        self._count = 0
        self._lock = threading.Lock()

    def open(self, log: Sink, on_news: Callable[[], None]) -> None:
        """See Bus."""
        self._log, self._on_news = log, on_news
        log.begin(f"{self._epoch}-0")

    def publish(self, event: str, data: str, to: str | None) -> None:
        """See Bus."""
        with self._lock:
            self._count += 1
            self._log.append(f"{self._epoch}-{self._count}", event, data, to, time.monotonic())
        self._on_news()

    def close(self) -> None:
        """See Bus."""

    def abandon(self) -> None:
        """See Bus."""
