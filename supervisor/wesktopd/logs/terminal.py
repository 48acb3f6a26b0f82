"""Writes to the terminal, pipe or file that this process was started with, without ever blocking the caller."""

import errno
import os
import select

from wesktopd.logs.writer_thread import WriterThread
from wesktopd.system import replace_with_null

MAX_WAITING = 1024 * 1024  # bytes that wait for a slow reader
RETRY_AFTER = 1.0  # seconds until a full disk is tried again
FULL_AGAIN = 0.01  # seconds: a terminal that poll(2) calls writable may take nothing, with room for half of a CR LF
GONE = {errno.EPIPE, errno.ECONNRESET, errno.EIO, errno.EBADF}  # EIO: the terminal has been closed


class TerminalWriter(WriterThread[bytes]):
    """Writes to an inherited descriptor in a thread of its own.

    A write to a terminal blocks for as long as it is not read, and poll(2) does not predict that: "writable" means
    that there is room for a byte. The descriptors stay blocking, since they are shared with the process that started
    this one. descriptors: two if both lead to the same place, so that what is written to either stays in order.
    """

    def __init__(self, *descriptors: int) -> None:
        super().__init__("terminal", MAX_WAITING)
        self._descriptors = descriptors
        self._cut = False  # the line that comes next has lost its beginning
        self._mid_line = False  # the last write did not end with a line
        self._lets_go = False

    def write(self, data: bytes) -> None:
        """Write this later, in order; where too much waits, drop whole lines of it."""
        with self._changed:
            room = self._room
            if self._cut and room:
                self._cut = False
                _, newline, rest = data.partition(b"\n")
                data = rest if newline else data
            fits = len(data) if len(data) <= room else data.rfind(b"\n", 0, room) + 1
            if kept := data[:fits]:
                self._put(kept, len(kept))
            if rest := data[fits:]:
                cut = not rest.endswith(b"\n")
                self._drop(rest.count(b"\n") + cut - self._cut)  # a line that began in the last piece was counted
                self._cut = cut

    def let_go(self) -> None:
        """Take nothing more, and when everything is written, close the descriptors: /dev/null takes their place."""
        self._lets_go = True
        self.finish()

    # In the thread.

    def _write(self, item: bytes) -> None:
        rest = memoryview(item)
        while rest and not self._given_up.is_set():
            try:
                rest = rest[os.write(self._descriptors[0], rest) :]
            except BlockingIOError:  # some process that shares the descriptor has made it non-blocking
                select.select((), self._descriptors[:1], (), RETRY_AFTER)
                self._given_up.wait(FULL_AGAIN)
            except OSError as error:
                if error.errno in GONE:
                    self._given_up.set()
                self._given_up.wait(RETRY_AFTER)  # a full disk, say
        self._mid_line = not item.endswith(b"\n")

    def _dropped_item(self, count: int) -> bytes:
        begin = "\n" if self._mid_line else ""
        lines = "1 line was" if count == 1 else f"{count} lines were"
        return f"{begin}wesktop: {lines} dropped here: more was printed than this output took\n".encode()

    def _ended(self) -> None:
        if self._lets_go:
            replace_with_null(*self._descriptors)
