"""Queue of events to a bus until it confirms them: bounded, as a bus may be away for long. No I/O."""

import logging
import sys
from collections import deque

from wesktop.sse.event_format import RESET
from wesktopd.wire.bus_messages import Publish

MAX_WAITING = 100_000
MAX_WAITING_BYTES = 64 * 1024 * 1024
"""Maximum number and size in memory of events queued for a bus that is away or too slow."""

_OVERHEAD = 180  # bytes that an event takes in addition to its text, measured

logger = logging.getLogger("wesktop")


class SendQueue:
    """Events wait, are taken to be sent, and are dropped when confirmed. The caller holds a lock.

    If too many wait, the oldest are dropped, so that sending never blocks. In their place goes one event
    "reset", by which a page learns whenever it has missed some. It has the number of the last that it stands for:
    if that has arrived after all, the reset is taken for its repeat, and not delivered.

    bus: what it is called in the log.
    """

    def __init__(self, bus: str) -> None:
        self._bus = bus
        self._waiting: deque[Publish] = deque()
        self._taken: deque[Publish] = deque()
        self._reset: Publish | None = None  # goes before those that wait
        self._size = 0
        self._lost = 0  # in this outage

    def __len__(self) -> int:
        """Number of events that are not confirmed."""
        return len(self._waiting) + len(self._taken)

    @property
    def has_waiting(self) -> bool:
        """True if there are events to take."""
        return bool(self._waiting)

    def add(self, event: Publish) -> None:
        """Add an event; their numbers increase."""
        self._waiting.append(event)
        self._size += _size(event)
        while (len(self) > MAX_WAITING or self._size > MAX_WAITING_BYTES) and len(self._waiting) > 1:
            self._lose_oldest()

    def _lose_oldest(self) -> None:
        event = self._forget_first(self._waiting)
        if not self._lost:
            logger.warning("%s is away or slow, and too many events wait for it: the oldest are dropped", self._bus)
        self._lost += event.event != RESET
        self._reset = Publish(event=RESET, data="", origin=event.origin, number=event.number)

    def _forget_first(self, events: deque[Publish]) -> Publish:
        event = events.popleft()
        self._size -= _size(event)
        return event

    def take(self, most: int) -> list[Publish]:
        """Take the next events to send, at most so many."""
        taken = []
        if self._reset is not None:
            taken.append(self._reset)
            self._size += _size(self._reset)
            self._reset = None
        taken += [self._waiting.popleft() for _ in range(min(most - len(taken), len(self._waiting)))]
        self._taken += taken
        return taken

    def confirm(self, number: int) -> None:
        """Confirm the event of this number and all before it."""
        for events in (self._taken, self._waiting):
            while events and events[0].number <= number:
                self._forget_first(events)
        if self._reset is not None and self._reset.number <= number:
            self._reset, self._lost = None, 0
        if self._lost:
            logger.error(
                "%d events were lost while %s was away or slow; the pages are sent a reset", self._lost, self._bus
            )
            self._lost = 0

    def requeue(self) -> None:
        """Queue the taken, unconfirmed events again, in front."""
        self._waiting.extendleft(reversed(self._taken))
        self._taken.clear()


def _size(event: Publish) -> int:
    return _OVERHEAD + sys.getsizeof(event.data)
