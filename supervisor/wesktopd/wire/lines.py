"""Cuts a stream of bytes into lines: all that our processes say to each other, and all that workers print. No I/O.

Light to import, since windows and workers wait for it.
"""

from collections import deque
from collections.abc import Iterator


class LineTooLongError(ValueError):
    """A line exceeds the limit of its reader."""


class LineReader:
    """Receive buffer that yields complete lines, each of at most `limit` bytes without its newline.

    cut: shorten a longer line to the limit instead of refusing it.
    rest: the beginning of the first line.

    The cost is linear in the number of bytes, in whatever pieces they come: a piece is searched when it comes and not
    again, and the beginning of a line is extended in place.
    """

    def __init__(self, limit: int, *, cut: bool = False, rest: bytes = b"") -> None:
        self._limit = limit
        self._cut = cut
        self._complete: deque[bytes] = deque()  # lines that were not taken yet
        self._begun = bytearray(rest)

    @property
    def rest(self) -> bytes:
        """The beginning of the next line."""
        return bytes(self._begun[: self._limit])

    def feed(self, data: bytes = b"") -> Iterator[bytes]:
        """Add `data`, and iterate over the complete lines; one that is not taken is yielded next time.

        Raises LineTooLongError in place of a line that is too long, as soon as that is known.
        """
        first, *further = data.split(b"\n")
        self._begun += first
        if further:
            *whole, begun = further
            self._complete.append(bytes(self._begun))
            self._complete += whole
            self._begun = bytearray(begun)
        del self._begun[self._limit + 1 :]  # one byte too many is enough to know
        return self._take()

    def _take(self) -> Iterator[bytes]:
        while self._complete:
            line = self._complete.popleft()
            self._check(line)
            yield line[: self._limit]
        self._check(self._begun)

    def _check(self, line: bytes | bytearray) -> None:
        if len(line) > self._limit and not self._cut:
            raise LineTooLongError(f"a line is longer than {self._limit} bytes")
