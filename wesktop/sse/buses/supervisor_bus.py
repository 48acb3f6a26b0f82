"""The bus kept by the supervisor: one order for all workers, independent of their lifetime.

A thread of its own holds the connection, so that it works before the app's loop runs, and whatever that is doing.
"""

import contextlib
import logging
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable

from wesktop.sse.buses.bus import MemoryBus, Sink
from wesktop.sse.buses.send_queue import SendQueue
from wesktopd.wire.bus_messages import MAX_SENT, Join, Joined, Publish, Sent, Synced, decode_from_bus, encode
from wesktopd.wire.lines import LineReader

RETRY_AFTER = 0.02  # seconds until it tries to connect again; twice as long after each time in vain
RETRY_AT_MOST = 1.0  # seconds between two tries
PATIENCE = 5.0  # seconds after which a bus that was never there is taken for missing
READ_SIZE = 256 * 1024
BATCH = 16  # events encoded at a time, if the socket has no room for all

logger = logging.getLogger("wesktop")


class SupervisorBus:
    """See Bus. path: of the supervisor's socket; limits: what it is to keep, in events, bytes and seconds.

    patience: seconds after which this process goes on by itself, where there has never been a bus.
    """

    def __init__(
        self, path: str, channel: str, limits: tuple[int, int, float], *, patience: float = PATIENCE
    ) -> None:
        self.ready = False
        self._path = path
        self._channel = channel
        self._limits = limits
        self._patience = patience
        self._origin = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._number = 0
        self._epoch = ""
        self._seq = 0
        self._lock = threading.Lock()  # over all that follows
        self._queue = SendQueue(f"the event bus of {channel!r}")  # what has not come back yet
        self._out = bytearray()
        self._socket: socket.socket | None = None
        self._wakes, self._woken = socket.socketpair()
        self._closed = False
        self._retry_after = RETRY_AFTER
        self._memory: MemoryBus | None = None  # what has taken its place

    def open(self, log: Sink, on_news: Callable[[], None]) -> None:
        """See Bus."""
        self._log, self._on_news = log, on_news
        threading.Thread(target=self._work, name=f"bus-{self._channel}", daemon=True).start()

    def publish(self, event: str, data: str, to: str | None) -> None:
        """See Bus. What fits into the socket is the kernel's when this returns: it is sent even if we die then."""
        with self._lock:
            if self._memory is not None:
                self._memory.publish(event, data, to)
                return
            self._number += 1
            self._queue.add(Publish(event=event, data=data, to=to, origin=self._origin, number=self._number))
            if self._out:
                return  # the thread sends it, when there is room
            self._flush()
            waits = bool(self._out)
        if waits:
            self._wake()

    def close(self) -> None:
        """See Bus."""
        self._closed = True
        self._wake()

    def abandon(self) -> None:
        """See Bus."""
        self._closed = True
        for inherited in (self._socket, self._wakes, self._woken):
            if inherited is not None:
                inherited.close()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._wakes.send(b"\0", socket.MSG_DONTWAIT)

    def _flush(self) -> None:
        """Send as much as the socket accepts; the lock must be held."""
        if self._socket is None:
            return  # it is sent as soon as there is a connection
        with contextlib.suppress(OSError):  # no room; or the end, which is read
            while self._out or self._queue.has_waiting:
                if not self._out:
                    self._out += b"".join(map(encode, self._queue.take(BATCH)))
                del self._out[: self._socket.send(self._out, socket.MSG_DONTWAIT)]

    # The thread.

    def _work(self) -> None:
        with self._wakes, self._woken:
            self._run()

    def _run(self) -> None:
        give_up_at = time.monotonic() + self._patience
        while not self._closed:
            if not self.ready and time.monotonic() > give_up_at:
                self._do_without()
                return
            try:
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.connect(self._path)
                    self._join(connection)
                    self._follow(connection)
            except OSError as error:
                logger.debug("the event bus is away: %s", error)
            except Exception:
                logger.exception("the event bus of %r has failed; trying again", self._channel)
            with self._lock:
                self._socket = None
                self._out.clear()
                self._queue.requeue()
            time.sleep(self._retry_after)
            self._retry_after = min(2 * self._retry_after, RETRY_AT_MOST)

    def _do_without(self) -> None:
        logger.warning(
            "no event bus at %s: events of %r reach the pages of this worker alone", self._path, self._channel
        )
        memory = MemoryBus()
        memory.open(self._log, self._on_news)
        with self._lock:
            for event in self._queue.take(len(self._queue)):
                memory.publish(event.event, event.data, event.to)
            self._memory, self.ready = memory, True
        self._on_news()

    def _join(self, connection: socket.socket) -> None:
        events, size, seconds = self._limits
        join = Join(
            channel=self._channel, after=self._seq, epoch=self._epoch,
            max_events=events, max_bytes=size, max_seconds=seconds,
        )  # fmt: skip
        with self._lock:
            self._socket = connection
            self._out = bytearray(encode(join))
            self._flush()

    def _follow(self, connection: socket.socket) -> None:
        lines = LineReader(MAX_SENT)
        with selectors.DefaultSelector() as selector:
            selector.register(connection, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while not self._closed:
                with self._lock:
                    self._flush()
                    wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._out else 0)
                selector.modify(connection, wanted)
                ready = {key.fileobj: events for key, events in selector.select()}
                if self._woken in ready:
                    self._woken.recv(READ_SIZE)
                if ready.get(connection, 0) & selectors.EVENT_READ:
                    data = connection.recv(READ_SIZE)
                    if not data:
                        return
                    self._take(lines.feed(data))

    def _take(self, lines: Iterable[bytes]) -> None:
        now, wall = time.monotonic(), time.time()
        for line in lines:
            message = decode_from_bus(line)
            if isinstance(message, Sent):
                self._seq = message.seq
                age = max(0.0, wall - message.at)
                self._log.append(f"{self._epoch}-{message.seq}", message.event, message.data, message.to, now - age)
                if message.origin == self._origin:
                    with self._lock:
                        self._queue.confirm(message.number)
            elif isinstance(message, Joined):
                if (message.epoch, message.after) != (self._epoch, self._seq):  # the first time, or some are lost
                    self._epoch, self._seq = message.epoch, message.after
                    self._log.begin(f"{message.epoch}-{message.after}", now - (wall - message.at))
            elif isinstance(message, Synced):
                self.ready = True
                self._retry_after = RETRY_AFTER
        self._on_news()
