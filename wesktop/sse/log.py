"""The latest events in order, as read by all streams of this process. Independent of loop and clock."""

import math
import threading
from collections import deque
from dataclasses import dataclass

from wesktop.sse.event_format import format_event


@dataclass(frozen=True, slots=True)
class Entry:
    """An event. position: in the log; end: bytes that were logged by its end; to: the group that it is for."""

    position: int
    id: str
    event: str
    to: str | None
    at: float
    encoded: bytes
    end: int


@dataclass(frozen=True, slots=True)
class Batch:
    """The events that a reader gets in one piece: from its position on, as many as it may be behind by.

    position: where it is then; last_id: of the last event; encoded: all in one; for_all: whether none is for a group;
    whole: whether there are no more.
    """

    entries: list[Entry]
    position: int
    last_id: str
    encoded: bytes
    for_all: bool
    whole: bool


class Log:
    """Keeps the last events: so many, of so many bytes and so many seconds (of the caller's clock).

    Positions count all that have ever been logged. A reader is at the position of the next event that it has to get.
    first_id: the ID of the event before the oldest that is kept. end: the position after the last event.
    """

    def __init__(self, max_events: int, max_bytes: int, max_seconds: float) -> None:
        self.first_id = ""
        self._limits = (max_events, max_bytes, max_seconds)
        self._entries: deque[Entry] = deque()
        self._positions: dict[str, int] = {}
        self.end = 0
        self._first_at = -math.inf  # the time of the event of first_id
        self._bytes = 0
        self._lock = threading.Lock()
        self._made: tuple[tuple[int, int, int, int], Batch] | None = None

    @property
    def last_id(self) -> str:
        """The ID of the last event, or that of the one before the first."""
        return self._entries[-1].id if self._entries else self.first_id

    def tail(self) -> tuple[int, str]:
        """Return the position after the last event, and its ID."""
        with self._lock:
            return self.end, self.last_id

    def begin(self, first_id: str, at: float = -math.inf) -> None:
        """Clear the log: the next event follows the one with this ID and time."""
        with self._lock:
            self._entries.clear()
            self._positions.clear()
            self.first_id, self._first_at = first_id, at
            self.end += 1  # so that current readers see that something is missing

    def append(self, id_: str, event: str, data: str, to: str | None, now: float) -> None:
        """Log an event, encoded once for all readers."""
        encoded = format_event(event, data, id_)
        with self._lock:
            self._bytes += len(encoded)
            self._entries.append(Entry(self.end, id_, event, to, now, encoded, self._bytes))
            self._positions[id_] = self.end
            self.end += 1
            self._drop_old(now)

    def _drop_old(self, now: float) -> None:
        max_events, max_bytes, max_seconds = self._limits
        entries = self._entries
        while len(entries) > 1 and (
            len(entries) > max_events
            or self._bytes - entries[0].end + len(entries[0].encoded) > max_bytes
            or now - entries[0].at > max_seconds
        ):
            dropped = entries.popleft()
            del self._positions[dropped.id]
            self.first_id, self._first_at = dropped.id, dropped.at

    def position_after(self, id_: str) -> int | None:
        """Return the position after the event with this ID; None if it is no longer known."""
        with self._lock:
            if id_ == self.first_id:
                return self.end - len(self._entries)
            position = self._positions.get(id_)
            return None if position is None else position + 1

    def place_at(self, moment: float) -> tuple[int, str] | None:
        """Return the position of the first event since *moment* and the ID before it; None if some are gone."""
        with self._lock:
            if self._first_at >= moment:
                return None
            since, last_id = 0, self.first_id
            for entry in reversed(self._entries):
                if entry.at < moment:
                    last_id = entry.id
                    break
                since += 1
            return self.end - since, last_id

    def read(self, position: int) -> list[Entry] | None:
        """Return the events from a position on; None if some are no longer kept."""
        with self._lock:
            missing = self.end - len(self._entries) - position
            if missing > 0:
                return None
            skipped = -missing
            if skipped >= len(self._entries):
                return []
            return [self._entries[index] for index in range(skipped, len(self._entries))]

    def batch(self, position: int, max_events: int, max_bytes: int) -> Batch | None:
        """Return the next batch for a reader at this position, before the end; None if some is no longer kept.

        Built once for all readers at the same position, which is the usual case when an event arrives.
        """
        wanted = (position, self.end, max_events, max_bytes)
        made = self._made  # looked at once, as another thread may replace it
        if made is not None and made[0] == wanted:
            return made[1]
        entries = self.read(position)
        if not entries:
            return None
        fitting = _fitting(entries, max_events, max_bytes)
        last = fitting[-1]
        batch = Batch(
            entries=fitting,
            position=last.position + 1,
            last_id=last.id,
            encoded=b"".join([entry.encoded for entry in fitting]),
            for_all=all(entry.to is None for entry in fitting),
            whole=len(fitting) == len(entries),
        )
        self._made = ((position, entries[-1].position + 1, max_events, max_bytes), batch)
        return batch


def _fitting(entries: list[Entry], max_events: int, max_bytes: int) -> list[Entry]:
    """Return as many as a reader may fall behind by, at least one."""
    fitting = entries[:max_events]
    start = fitting[0].end - len(fitting[0].encoded)
    while len(fitting) > 1 and fitting[-1].end - start > max_bytes:
        fitting.pop()
    return fitting
