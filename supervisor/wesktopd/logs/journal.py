"""The journal: the last lines of the workers' and the supervisor's own output, in memory.

They go to the log file too, if there is one; memory answers when the disk is full or read-only.
"""

import os
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable

from wesktopd.logs.logfile import MICROSECONDS, OWN, LogLine, LogWriter
from wesktopd.text import printable
from wesktopd.wire.lines import LineReader

RING_LINES = 1000
RING_BYTES = 512 * 1024
MAX_LINE = 8 * 1024  # bytes; the rest of a longer line is dropped
LINE_COST = 100  # bytes that a line counts for at least: an empty one has a time in the file, too
FLOOD_RATE = 1024 * 1024  # bytes a second that are kept in the long run; more is dropped, and counted
FLOOD_BURST = 4 * FLOOD_RATE  # bytes that may arrive at one time
REPORT_INTERVAL = 1.0  # seconds between attempts to report dropped lines


class Journal:
    """Keeps the last lines of all processes, in the order of their arrival.

    call_later: of the loop; with it, dropped lines are reported even if nothing more is printed.
    """

    def __init__(
        self,
        file: LogWriter | None,
        max_lines: int = RING_LINES,
        call_later: Callable[[float, Callable[[], None]], object] | None = None,
    ) -> None:
        self._file = file
        self._max_lines = max_lines
        self._call_later = call_later
        self._reports_later = False
        self._ring: deque[LogLine] = deque()
        self._ring_bytes = 0
        self._partial: defaultdict[tuple[int, str], LineReader] = defaultdict(lambda: LineReader(MAX_LINE, cut=True))
        self._followers: list[Callable[[LogLine], None]] = []
        self._flood = Flood(time.monotonic())
        self._last = 0

    # Output.

    def feed(self, pid: int, stream: str, data: bytes) -> None:
        """Take the output of a process; an incomplete line waits for its end."""
        if lines := [*self._partial[pid, stream].feed(data)]:
            self._add_output(pid, stream, lines)

    def ended(self, pid: int) -> None:
        """Complete the incomplete lines of a process that has ended."""
        for key in [key for key in self._partial if key[0] == pid]:
            if rest := self._partial.pop(key).rest:
                self._add_output(*key, [rest])

    def all_ended_but(self, pids: set[int]) -> None:
        """Do so for all processes except these."""
        for pid in {pid for pid, _ in self._partial} - pids:
            self.ended(pid)

    def say(self, text: str) -> None:
        """Add lines of the supervisor's own."""
        self._add(os.getpid(), OWN, [printable(line)[:MAX_LINE] for line in text.split("\n")])

    def _add_output(self, pid: int, stream: str, lines: list[bytes]) -> None:
        kept, dropped = self._flood.admit(lines, time.monotonic())
        if dropped:
            limit = f"{FLOOD_RATE // 1024} KiB or {FLOOD_RATE // LINE_COST} lines"
            self.say(f"{dropped} lines were dropped: more than {limit} were printed in a second")
        if kept:
            self._add(pid, stream, [line.decode(errors="replace").removesuffix("\r") for line in kept])
        if self._flood.dropping and self._call_later is not None and not self._reports_later:
            self._reports_later = True
            self._call_later(REPORT_INTERVAL, self._report_dropped)

    def _report_dropped(self) -> None:
        self._reports_later = False
        self._add_output(0, "", [])

    def _add(self, pid: int, stream: str, texts: Iterable[str]) -> None:
        lines = [LogLine(self._now(), pid, stream, text) for text in texts]
        for line in lines:
            self._ring.append(line)
            self._ring_bytes += _size(line)
        self._trim()
        if self._file is not None:
            self._file.write(lines)
        for follower in [*self._followers]:
            for line in lines:
                follower(line)

    def _trim(self) -> None:
        while len(self._ring) > self._max_lines or self._ring_bytes > RING_BYTES:
            self._ring_bytes -= _size(self._ring.popleft())

    def _now(self) -> float:
        """Return a time that no other line has: "after this line" then has a meaning. The clock may be set back."""
        now = int(time.time() * MICROSECONDS)
        self._last = self._last + 1 if now <= self._last < now + MICROSECONDS else now
        return self._last / MICROSECONDS

    # Queries.

    def last(self, lines: int | None, since: float | None) -> list[LogLine]:
        """Return the last `lines` kept lines (None: all of them), of those from the time `since` on."""
        found = [line for line in self._ring if since is None or line.time >= since]
        return found if lines is None else found[max(0, len(found) - lines) :]

    def tail(self, lines: int, max_bytes: int, pids: set[int]) -> str:
        """Return the last lines of these processes as text, incomplete ones included, of at most `max_bytes`."""
        found = [line.text for line in self._ring if line.pid in pids]
        partial = [reader.rest for (pid, _), reader in self._partial.items() if pid in pids]
        found += [rest.decode(errors="replace") for rest in partial if rest]
        return "\n".join(found[-lines:]).encode()[-max_bytes:].decode(errors="replace")

    def follow(self, callback: Callable[[LogLine], None]) -> Callable[[], None]:
        """Pass every further line to `callback`; return a function that ends this."""
        self._followers.append(callback)
        return lambda: self._followers.remove(callback)

    # At an end, and for a supervisor that takes over.

    def state(self) -> list[LogLine]:
        """Return all kept lines."""
        return [*self._ring]

    def restore(self, lines: list[LogLine]) -> None:
        """Add the lines that another supervisor has kept."""
        self._ring = deque(sorted([*lines, *self._ring], key=lambda line: line.time))
        self._ring_bytes += sum(map(_size, lines))
        self._trim()

    def take_begun(self) -> list[tuple[int, str, bytes]]:
        """Remove and return the incomplete lines, for another journal: process, stream and text of each."""
        begun = [(pid, stream, reader.rest) for (pid, stream), reader in self._partial.items() if reader.rest]
        self._partial.clear()
        return begun

    def restore_begun(self, begun: list[tuple[int, str, bytes]]) -> None:
        """Continue the incomplete lines of another journal."""
        for pid, stream, data in begun:
            self.feed(pid, stream, data)

    def close(self, timeout: float) -> None:
        """Complete all lines, and wait up to `timeout` seconds until they are in the file."""
        self.all_ended_but(set())
        if dropped := self._flood.take_dropped():
            self.say(f"{dropped} lines were dropped: too many were printed at the same time")
        if self._file is not None:
            self._file.close(timeout)


def _size(line: LogLine) -> int:
    return max(LINE_COST, len(line.text))


class Flood:
    """Limits the rate of a program's output: a token bucket, without a clock of its own."""

    def __init__(self, now: float) -> None:
        self._allowance = float(FLOOD_BURST)
        self._at = now
        self._dropped = 0

    @property
    def dropping(self) -> bool:
        """Return whether lines were dropped and not reported yet."""
        return self._dropped > 0

    def admit(self, lines: list[bytes], now: float) -> tuple[list[bytes], int]:
        """Return the lines to keep; and how many were dropped before them, once that can be reported."""
        self._allowance = min(FLOOD_BURST, self._allowance + (now - self._at) * FLOOD_RATE)
        self._at = now
        if self._dropped and self._allowance < FLOOD_RATE:
            # All of them: else each read would let a few lines through, and a message about the others.
            self._dropped += len(lines)
            return [], 0
        kept: list[bytes] = []
        for line in lines:
            if self._allowance <= 0:
                break
            self._allowance -= max(LINE_COST, len(line) + 1)
            kept.append(line)
        dropped = self.take_dropped()
        self._dropped += len(lines) - len(kept)
        return kept, dropped

    def take_dropped(self) -> int:
        """Return how many lines were dropped since the last call."""
        dropped, self._dropped = self._dropped, 0
        return dropped
