"""Work that is done one piece after the other in a thread of its own, since each piece may take indefinitely."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")

logger = logging.getLogger("wesktop")


class Backlog(Generic[Item]):
    """Bounded queue with its own worker thread. `put` never blocks: what does not fit is dropped, counted and logged.

    name: of the work, in the plural, for the log. work: called with each item, in the thread.
    """

    def __init__(self, name: str, work: Callable[[Item], None], limit: int) -> None:
        self._name = name
        self._work = work
        self._limit = limit
        self._waiting: deque[tuple[Item, str | None]] = deque()
        self._changed = threading.Condition()
        self._dropped = 0
        self._started = False

    def put(self, item: Item, kind: str | None = None) -> None:
        """Have it done after all that waits already. kind: one of this kind that waits is replaced by it."""
        with self._changed:
            if kind is not None:
                self._waiting = deque(each for each in self._waiting if each[1] != kind)
            fits = len(self._waiting) < self._limit
            if fits:
                self._waiting.append((item, kind))
                self._changed.notify()
            else:
                self._dropped += 1
            first_dropped = self._dropped == 1 and not fits
            starts, self._started = not self._started, True
        if starts:
            threading.Thread(target=self._run, name=self._name, daemon=True).start()
        if first_dropped:
            logger.warning("%d %s wait already: further ones are dropped", self._limit, self._name)

    def _run(self) -> None:
        while True:
            item, dropped = self._next()
            if dropped:
                logger.warning("%d %s were dropped", dropped, self._name)
            try:
                self._work(item)
            except Exception:
                logger.exception("one of the %s failed", self._name)

    def _next(self) -> tuple[Item, int]:
        with self._changed:
            while not self._waiting:
                self._changed.wait()
            dropped, self._dropped = self._dropped, 0
            return self._waiting.popleft()[0], dropped
