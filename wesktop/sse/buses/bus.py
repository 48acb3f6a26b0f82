"""The Bus contract, which carries events to the log of every process, and the bus of a single process."""

import math
import secrets
import threading
import time
from collections.abc import Callable
from typing import Protocol


class Sink(Protocol):
    """Receives a bus's events: the log, or a forwarder."""

    def begin(self, first_id: str, at: float = -math.inf) -> None:
        """Start anew: the next event follows the one with this ID, not earlier ones. at: its time, if known."""

    def append(self, id_: str, event: str, data: str, to: str | None, now: float) -> None:
        """Add the next event, sent at `now` by time.monotonic()."""


class Bus(Protocol):
    """Puts events in one order, the same for all processes, and into the log of each.

    ready: whether the log is complete: what was kept before this process began is in it.
    """

    ready: bool

    def open(self, log: Sink, on_news: Callable[[], None]) -> None:
        """Start filling the log; *on_news* is called, from any thread, after new events."""

    def publish(self, event: str, data: str, to: str | None) -> None:
        """Send an event, from any thread, without waiting."""

    def close(self) -> None:
        """Release its resources."""

    def abandon(self) -> None:
        """Close in a forked child, where its threads do not exist and its locks may be held indefinitely."""


class MemoryBus:
    """The bus of a single process: events are delivered immediately."""

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
