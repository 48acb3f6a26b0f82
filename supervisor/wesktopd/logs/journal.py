"""The journal: the last lines that the workers and the supervisor itself have printed, kept in memory.

They go to the log file too, where there is one; memory answers when the disk is full or read-only.
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
LINE_COST = 100  # bytes that a line counts for at least: an empty one has a time in the file, and takes as long
FLOOD_RATE = 1024 * 1024  # bytes a second that are kept in the long run; what is beyond is counted, and dropped
FLOOD_BURST = 4 * FLOOD_RATE  # bytes that may come at once
LOOK_AGAIN = 1.0  # seconds after which it is looked whether dropped lines can be told of


class Journal:
    """Keeps the last lines of all processes, in the order in which they came.

    call_later: of the loop, so that dropped lines are told of although nothing more is printed.
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
        self._looks_again = False
        self._ring: deque[LogLine] = deque()
        self._ring_bytes = 0
        self._partial: defaultdict[tuple[int, str], LineReader] = defaultdict(lambda: LineReader(MAX_LINE, cut=True))
        self._followers: list[Callable[[LogLine], None]] = []
        self._flood = Flood(time.monotonic())
        self._last = 0

    # What is printed.

    def feed(self, pid: int, stream: str, data: bytes) -> None:
        """A process has printed this; a line that is not ended yet waits for its end."""
        if lines := [*self._partial[pid, stream].feed(data)]:
            self._add_output(pid, stream, lines)

    def ended(self, pid: int) -> None:
        """A process has ended: what it began, is a line."""
        for key in [key for key in self._partial if key[0] == pid]:
            if rest := self._partial.pop(key).rest:
                self._add_output(*key, [rest])

    def all_ended_but(self, pids: set[int]) -> None:
        """Of the processes, only these are left."""
        for pid in {pid for pid, _ in self._partial} - pids:
            self.ended(pid)

    def say(self, text: str) -> None:
        """Lines of the supervisor's own."""
        self._add(os.getpid(), OWN, [printable(line)[:MAX_LINE] for line in text.split("\n")])

    def _add_output(self, pid: int, stream: str, lines: list[bytes]) -> None:
        kept, dropped = self._flood.admit(lines, time.monotonic())
        if dropped:
            limit = f"{FLOOD_RATE // 1024} KiB or {FLOOD_RATE // LINE_COST} lines"
            self.say(f"{dropped} lines were dropped: more than {limit} were printed in a second")
        if kept:
            self._add(pid, stream, [line.decode(errors="replace").removesuffix("\r") for line in kept])
        if self._flood.dropping and self._call_later is not None and not self._looks_again:
            self._looks_again = True
            self._call_later(LOOK_AGAIN, self._look_again)

    def _look_again(self) -> None:
        self._looks_again = False
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
        """No two lines have the same time, so that "after this line" has a meaning; unless the clock is set back."""
        now = int(time.time() * MICROSECONDS)
        self._last = self._last + 1 if now <= self._last < now + MICROSECONDS else now
        return self._last / MICROSECONDS

    # What is asked for.

    def last(self, lines: int | None, since: float | None) -> list[LogLine]:
        """The last `lines` that are kept (None: all of them), of those from the time `since` on."""
        found = [line for line in self._ring if since is None or line.time >= since]
        return found if lines is None else found[max(0, len(found) - lines) :]

    def tail(self, lines: int, max_bytes: int, pids: set[int]) -> str:
        """The last lines of these processes as text, unfinished ones included, cut at the front to `max_bytes`."""
        found = [line.text for line in self._ring if line.pid in pids]
        partial = [reader.rest for (pid, _), reader in self._partial.items() if pid in pids]
        found += [rest.decode(errors="replace") for rest in partial if rest]
        return "\n".join(found[-lines:]).encode()[-max_bytes:].decode(errors="replace")

    def follow(self, callback: Callable[[LogLine], None]) -> Callable[[], None]:
        """Tell `callback` of every further line, until what is returned is called."""
        self._followers.append(callback)
        return lambda: self._followers.remove(callback)

    # At an end, and for a supervisor that takes over.

    def state(self) -> list[LogLine]:
        """All that is kept."""
        return [*self._ring]

    def restore(self, lines: list[LogLine]) -> None:
        """Keep what another supervisor has kept, as well."""
        self._ring = deque(sorted([*lines, *self._ring], key=lambda line: line.time))
        self._ring_bytes += sum(map(_size, lines))
        self._trim()

    def take_begun(self) -> list[tuple[int, str, bytes]]:
        """The lines that have begun, for another journal to end them: the process, the stream, and what there is."""
        begun = [(pid, stream, reader.rest) for (pid, stream), reader in self._partial.items() if reader.rest]
        self._partial.clear()
        return begun

    def restore_begun(self, begun: list[tuple[int, str, bytes]]) -> None:
        """Go on with lines that another journal has begun."""
        for pid, stream, data in begun:
            self.feed(pid, stream, data)

    def close(self, timeout: float) -> None:
        """End the lines that have begun, and wait up to `timeout` seconds until all are in the file."""
        self.all_ended_but(set())
        if dropped := self._flood.take_dropped():
            self.say(f"{dropped} lines were dropped: too many were printed at once")
        if self._file is not None:
            self._file.close(timeout)


def _size(line: LogLine) -> int:
    return max(LINE_COST, len(line.text))


class Flood:
    """Lets through what a program prints, up to a rate. No clock of its own (a token bucket)."""

    def __init__(self, now: float) -> None:
        self._allowance = float(FLOOD_BURST)
        self._at = now
        self._dropped = 0

    @property
    def dropping(self) -> bool:
        """Whether lines were dropped that nobody has been told of yet."""
        return self._dropped > 0

    def admit(self, lines: list[bytes], now: float) -> tuple[list[bytes], int]:
        """Those that are to be kept; and how many were dropped before them, once they can be told of."""
        self._allowance = min(FLOOD_BURST, self._allowance + (now - self._at) * FLOOD_RATE)
        self._at = now
        if self._dropped and self._allowance < FLOOD_RATE:
            # In one piece: else each read would let a few lines through, and a message about the others.
            self._dropped += len(lines)
            return [], 0
        kept: list[bytes] = []
        for line in lines:
            if self._allowance <= 0:
                break
            self._allowance -= max(LINE_COST, len(line) + 1)
            kept.append(line)
        told = self.take_dropped()
        self._dropped += len(lines) - len(kept)
        return kept, told

    def take_dropped(self) -> int:
        """How many were dropped since this was last asked."""
        dropped, self._dropped = self._dropped, 0
        return dropped
