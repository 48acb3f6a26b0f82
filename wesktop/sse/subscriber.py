"""A connected page: reads the log from its position and is woken on new events."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from wesktop.sse.event_format import KEEP_ALIVE, RESET, format_event, format_greeting, format_position
from wesktop.sse.log import Batch, Entry, Log

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future

_DONE = object()


class Subscriber:
    """The stream of one page.

    last_id: of the event that it has got last, None where it is new here. came: when, by time.monotonic(), where that
    was before the log was complete: what has come since then is for it too. events: the names that it wants, None for
    all. groups: those that it belongs to. max_events, max_bytes: how far it may fall behind; then it is ended, so
    that it comes back, and goes on from there. retry: milliseconds until it comes back when it is cut off.
    sends_position: whether events give the client its position, see event_format.POSITION.

    send: what sends a chunk to it; None where only the stream's task may. write_timeout: seconds that one may take.
    """

    __slots__ = (
        "__weakref__", "_came", "_events", "_greeted", "_groups", "_last_id", "_log", "_max_bytes", "_max_events",
        "_missed", "_over", "_position", "_retry", "_sends_position", "_silent", "_unwanted", "_unwanted_bytes",
        "_waiting", "loop", "send", "write_timeout",
    )  # fmt: skip

    def __init__(
        self,
        log: Log,
        last_id: str | None,
        *,
        events: frozenset[str] | None,
        groups: frozenset[str],
        max_events: int,
        max_bytes: int,
        retry: int,
        came: float | None = None,
        sends_position: bool = False,
    ) -> None:
        self.loop: AbstractEventLoop | None = None  # of the stream, once it has begun
        self.send: Callable[[bytes], Awaitable[None]] | None = None
        self.write_timeout: float | None = None
        self._log = log
        self._last_id = last_id
        self._came = came
        self._events = events
        self._groups = groups
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._retry = retry
        self._sends_position = sends_position
        self._position: int | None = None
        self._missed = False
        self._greeted = False
        self._over = False
        self._silent = False
        self._unwanted = 0  # events that have passed since it last got its position
        self._unwanted_bytes = 0
        self._waiting: Future[Awaitable[None] | None] | None = None

    def place(self) -> None:
        """Set the position in the log, as soon as the log is complete, so that no later event is missed."""
        if self._position is None:
            place = self._place()
            self._missed = place is None
            self._position, self._last_id = place or self._log.tail()

    def _place(self) -> tuple[int, str] | None:
        """Return its position and the ID there; None if it has missed events that are no longer kept."""
        if self._last_id is not None:
            position = self._log.position_after(self._last_id)
            return None if position is None else (position, self._last_id)
        return self._log.tail() if self._came is None else self._log.place_at(self._came)

    @property
    def is_behind(self) -> bool:
        """True if more events wait for it than allowed."""
        if self._position is None or self._position == self._log.end:
            return False
        batch = self._log.batch(self._position, self._max_events, self._max_bytes)
        return batch is None or not batch.whole

    def wake(self) -> None:
        """Send new events, on its loop: directly if possible, so that no task has to wake up."""
        waiting = self._waiting
        if waiting is None or waiting.done():
            return
        if self.send is None:
            waiting.set_result(None)
            return
        try:
            chunk = self.take()
            sent = self.send(chunk) if chunk else None
            if chunk is None or self._over or (sent is not None and not is_done(sent)):
                waiting.set_result(sent)
        except Exception as error:
            waiting.set_exception(error)

    def keep_alive(self) -> None:
        """Send a keep-alive unless events are waiting; on its loop."""
        self._silent = True
        self.wake()

    def close(self) -> None:
        """Stop sending."""
        self._over = True

    def take(self) -> bytes | None:
        """Return the next chunk with all waiting events; empty if there are none, None at the end."""
        if self._over:
            return None
        if self._position is None:
            return b""
        if not self._greeted:
            self._greeted = True
            # In one piece: a page that had the new position, but not the reset, would not know that it missed some.
            where = format_event(RESET, "", self._last_id or "") if self._missed else self._where()
            return format_greeting(self._retry) + where
        chunk = b""
        if self._position != self._log.end:
            batch = self._log.batch(self._position, self._max_events, self._max_bytes)
            if batch is None:
                return None
            self._position, self._last_id, self._over = batch.position, batch.last_id, not batch.whole
            chunk = batch.encoded if self._events is None and batch.for_all else self._wanted(batch)
        if chunk:
            self._silent = False
            return chunk + self._where() if self._sends_position else chunk
        if (
            self._silent or self._over or self._has_let_many_go_by()
        ):  # at its end: else it would come back to the same
            self._silent = False
            self._unwanted = self._unwanted_bytes = 0
            return KEEP_ALIVE + self._where()
        return None if self._over else b""

    def _where(self) -> bytes:
        return format_position(self._last_id or "", as_event=self._sends_position)

    def _has_let_many_go_by(self) -> bool:
        """True if its position should be sent again: half of what the log keeps, or more, has been skipped for it.

        The log keeps at least what a page may fall behind by, and twice as many bytes.
        """
        return self._unwanted > self._max_events // 2 or self._unwanted_bytes > self._max_bytes

    async def idle(self) -> Awaitable[None] | None:
        """Wait for new events. Return the pending send, if they are being sent already."""
        assert self.loop is not None
        self._waiting = self.loop.create_future()
        try:
            return await self._waiting
        finally:
            self._waiting = None

    def _wanted(self, batch: Batch) -> bytes:
        chunks = []
        for entry in batch.entries:
            if self._wants(entry):
                chunks.append(entry.encoded)
                self._unwanted = self._unwanted_bytes = 0
            else:
                self._unwanted += 1
                self._unwanted_bytes += len(entry.encoded)
        return b"".join(chunks)

    def _wants(self, entry: Entry) -> bool:
        if self._events is not None and entry.event not in self._events and entry.event != RESET:
            return False
        return entry.to is None or entry.to in self._groups


def is_done(sent: Awaitable[None]) -> bool:
    """Return True if the awaitable that `send` returned is done; if not, it can still be awaited."""
    return next(sent, _DONE) is _DONE  # type: ignore[call-overload]  # see may_be_done


def may_be_done(sent: Awaitable[None]) -> bool:
    """Return True if `is_done` may be called: if it is its own iterator, as granian's awaitables are.

    These end immediately if there was room for what was sent. A coroutine must not begin outside of its task.
    """
    return hasattr(sent, "__next__") and hasattr(sent, "__await__")
