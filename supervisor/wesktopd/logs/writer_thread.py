"""A thread for writes that the caller must not wait for, such as to a terminal that is not read. No I/O."""

import threading
from abc import ABC, abstractmethod
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class WriterThread(ABC, Generic[Item]):
    """Writes items in order, in a thread that starts with the first one.

    capacity: bytes that may wait. When an item does not fit, it and all later ones are dropped until everything that
    waits has been written; then `_dropped_item` is written in their place. The methods may be called from any thread.
    Only `close` waits, for a limited time. It is a daemon thread, so that a write that never returns does not keep
    the process from ending.
    """

    def __init__(self, name: str, capacity: int) -> None:
        self._name, self._capacity = name, capacity
        self._changed = threading.Condition()  # guards what follows
        self._queue: deque[tuple[Item, int]] = deque()  # with their sizes; the first one is being written
        self._waiting = 0  # bytes in the queue
        self._dropped = 0
        self._finished = False
        self._thread: threading.Thread | None = None
        self._given_up = threading.Event()

    @abstractmethod
    def _write(self, item: Item) -> None:
        """Write an item, however long that takes; stop trying when `_given_up` is set."""

    @abstractmethod
    def _dropped_item(self, count: int) -> Item:
        """Return what is written in place of `count` dropped lines."""

    def _ended(self) -> None:
        """Clean up after the last write; called once, in the thread if there is one."""

    # For subclasses, while they hold `_changed`.

    @property
    def _room(self) -> int:
        """Bytes that can be put at the moment."""
        return 0 if self._dropped else self._capacity - self._waiting

    def _put(self, item: Item, size: int) -> None:
        if not self._finished:
            self._queue.append((item, size))
            self._waiting += size
            self._wake()

    def _drop(self, lines: int) -> None:
        if not self._finished:
            self._dropped += lines
            self._wake()

    def _wake(self) -> None:
        if self._thread is None:
            thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            try:
                thread.start()
            except RuntimeError:  # the system's limit of threads is reached: the next item tries again
                return
            self._thread = thread
        self._changed.notify()

    # The end.

    def finish(self) -> None:
        """Take nothing more, and end as soon as everything that waits has been written."""
        with self._changed:
            first, self._finished = not self._finished, True
            self._changed.notify()
        if first and self._thread is None:
            self._ended()

    def close(self, timeout: float) -> None:
        """Take nothing more, and give up what has not been written after `timeout` seconds."""
        self.finish()
        if self._thread is not None:
            self._thread.join(max(0.0, timeout))
        self._given_up.set()

    # The thread.

    def _run(self) -> None:
        try:
            while (item := self._next()) is not None:
                self._write(item)
                if self._given_up.is_set():
                    return
                with self._changed:
                    self._waiting -= self._queue.popleft()[1]
        finally:
            with self._changed:
                self._finished, self._dropped = True, 0
                self._queue.clear()
            self._ended()

    def _next(self) -> Item | None:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._dropped or self._finished)
            if not self._queue and self._dropped:
                self._queue.append((self._dropped_item(self._dropped), 0))
                self._dropped = 0
            return self._queue[0][0] if self._queue else None
