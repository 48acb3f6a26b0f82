"""Passes what the workers print on to this process's own output, without ever waiting for who reads it."""

import asyncio
import contextlib
import logging
import os
import select
from collections.abc import Iterator

CHUNK = 512  # PIPE_BUF at its smallest (POSIX): a writable pipe takes this much without blocking
MAX_WAITING = 1024 * 1024  # bytes that wait for a slow reader


class Echo:
    """Passes output on to a descriptor without ever waiting for who reads it.

    The supervisor must go on when its terminal is stopped or its pipe is full: then a bounded amount waits, and what
    comes on top of it is dropped. The descriptor stays blocking, since it is shared with the caller.
    """

    def __init__(self, fd: int, loop: asyncio.AbstractEventLoop) -> None:
        self._fd = fd
        self._loop = loop
        self._waiting = b""
        self._gone = False

    def write(self, data: bytes) -> None:
        """Write what fits now, and the rest when there is room."""
        if self._gone or len(self._waiting) + len(data) > MAX_WAITING:
            return
        had_to_wait = bool(self._waiting)
        self._waiting += data
        if not had_to_wait:
            self._flush()
            if self._waiting:
                self._loop.add_writer(self._fd, self._on_writable)

    def close(self) -> None:
        """Write what still fits, and stop watching the descriptor; it stays open."""
        if self._waiting:
            self._loop.remove_writer(self._fd)
            self._flush()

    def _on_writable(self) -> None:
        self._flush()
        if not self._waiting:
            self._loop.remove_writer(self._fd)

    def _flush(self) -> None:
        try:
            while self._waiting and self._writable():
                self._waiting = self._waiting[os.write(self._fd, self._waiting[:CHUNK]) :]
        except OSError:  # its reader is gone for good
            self._gone = True
            self._waiting = b""

    def _writable(self) -> bool:
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        return bool(poll.poll(0))


class EchoHandler(logging.Handler):
    """A log handler that writes through an echo: a full stderr must not hold up the supervisor either."""

    def __init__(self, echo: Echo) -> None:
        super().__init__()
        self._echo = echo

    def emit(self, record: logging.LogRecord) -> None:
        self._echo.write(f"{self.format(record)}\n".encode(errors="replace"))


@contextlib.contextmanager
def own_lines(echo: Echo | None, level: int) -> Iterator[None]:
    """Show the supervisor's own few lines, unless the program has set up logging itself."""
    logger = logging.getLogger("wesktopd")
    if echo is None or logger.hasHandlers():
        yield
        return
    handler, before = EchoHandler(echo), logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(before)
