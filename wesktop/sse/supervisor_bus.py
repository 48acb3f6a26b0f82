"""The bus that the supervisor carries: for all workers, in one order, outliving each of them.

A thread of its own holds the connection, so that it works before the app's loop runs, and whatever that is doing.
"""

import contextlib
import logging
import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable

from wesktop.sse.bus import MemoryBus
from wesktop.sse.log import Log
from wesktopd.bus_protocol import Join, Joined, Publish, Sent, Synced, decode_from_bus, decode_to_bus, encode

RETRY_EVERY = 0.02  # seconds between two tries to connect
PATIENCE = 5.0  # seconds until it is taken that there is no bus, where there has never been one
READ_SIZE = 256 * 1024


class SupervisorBus:
    """See Bus. path: of the supervisor's socket; limits: what it is to keep, in events, bytes and seconds."""

    def __init__(self, path: str, channel: str, limits: tuple[int, int, float]) -> None:
        self.ready = False
        self._path = path
        self._channel = channel
        self._limits = limits
        self._origin = f"{os.getpid()}-{os.urandom(4).hex()}"
        self._number = 0
        self._epoch = ""
        self._seq = 0
        self._lock = threading.Lock()  # over all that follows
        self._unheard: deque[tuple[int, bytes]] = deque()  # what was sent, and has not come back yet
        self._out = bytearray()
        self._socket: socket.socket | None = None
        self._wakes, self._woken = socket.socketpair()
        self._closed = False
        self._memory: MemoryBus | None = None  # what has taken its place

    def open(self, log: Log, on_news: Callable[[], None]) -> None:
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
            line = encode(Publish(event=event, data=data, to=to, origin=self._origin, number=self._number))
            self._unheard.append((self._number, line))
            if self._socket is None:
                return  # it is sent as soon as there is a connection
            self._out += line
            if len(self._out) == len(line):
                self._flush()
            waits = bool(self._out)
        if waits:
            self._wake()

    def close(self) -> None:
        """See Bus."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):
            self._wakes.send(b"\0", socket.MSG_DONTWAIT)

    def _flush(self) -> None:
        """Send what there is room for; with the lock held."""
        if self._socket is not None and self._out:
            with contextlib.suppress(OSError):  # no room; or the end, which is read
                del self._out[: self._socket.send(self._out, socket.MSG_DONTWAIT)]

    # The thread.

    def _work(self) -> None:
        with self._wakes, self._woken:
            self._run()

    def _run(self) -> None:
        give_up_at = time.monotonic() + PATIENCE
        while not self._closed:
            if not self.ready and time.monotonic() > give_up_at:
                self._do_without()
                return
            try:
                with socket.socket(socket.AF_UNIX) as connection:
                    connection.connect(self._path)
                    self._join(connection)
                    self._follow(connection)
            except (OSError, ValueError) as error:
                logging.getLogger("wesktop").debug("the event bus is away: %s", error)
            with self._lock:
                self._socket = None
                self._out.clear()
            time.sleep(RETRY_EVERY)

    def _do_without(self) -> None:
        logging.getLogger("wesktop").warning(
            "no event bus at %s: events of %r reach the pages of this worker alone", self._path, self._channel
        )
        memory = MemoryBus()
        memory.open(self._log, self._on_news)
        with self._lock:
            for _, line in self._unheard:
                message = decode_to_bus(line)
                if isinstance(message, Publish):
                    memory.publish(message.event, message.data, message.to)
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
            for _, line in self._unheard:
                self._out += line
            self._flush()

    def _follow(self, connection: socket.socket) -> None:
        rest = b""
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
                    *lines, rest = (rest + data).split(b"\n")
                    self._take(lines)

    def _take(self, lines: list[bytes]) -> None:
        now = time.monotonic()
        for line in lines:
            message = decode_from_bus(line)
            if isinstance(message, Sent):
                self._seq = message.seq
                age = max(0.0, time.time() - message.at)
                self._log.append(f"{self._epoch}-{message.seq}", message.event, message.data, message.to, now - age)
                if message.origin == self._origin:
                    self._heard(message.number)
            elif isinstance(message, Joined):
                if (message.epoch, message.after) != (self._epoch, self._seq):  # the first time, or some are lost
                    self._epoch, self._seq = message.epoch, message.after
                    self._log.begin(f"{message.epoch}-{message.after}")
            elif isinstance(message, Synced):
                self.ready = True
        self._on_news()

    def _heard(self, number: int) -> None:
        with self._lock:
            while self._unheard and self._unheard[0][0] <= number:
                self._unheard.popleft()
