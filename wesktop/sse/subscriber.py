"""A connected page: reads on in the log, and is woken when there is something new."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from wesktop.sse.log import Entry, Log
from wesktop.sse.wire import RESET, format_event, format_greeting, format_keep_alive

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future


class Subscriber:
    """The stream of one page.

    last_id: of the event that it has got last, None where it is new here. events: the names that it wants, None for
    all. groups: those that it belongs to. max_events, max_bytes: how far it may fall behind; then it is ended, so
    that it comes back, and goes on from there. retry: milliseconds until it comes back when it is cut off.
    """

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
    ) -> None:
        self.loop: AbstractEventLoop | None = None  # of the stream, once it has begun
        self._log = log
        self._last_id = last_id
        self._events = events
        self._groups = groups
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._retry = retry
        self._position: int | None = None
        self._missed = False
        self._waiting: Future[None] | None = None
        self._silent = False

    def place(self) -> None:
        """Decide where it reads on: as soon as the log is complete, so that nothing that comes then is missed."""
        if self._position is None:
            known = None if self._last_id is None else self._log.position_after(self._last_id)
            self._missed = self._last_id is not None and known is None
            if known is None:
                self._position, self._last_id = self._log.tail()
            else:
                self._position = known

    @property
    def is_behind(self) -> bool:
        """Whether more waits for it than may."""
        if self._position is None or self._position == self._log.end:
            return False
        entries = self._log.read(self._position)
        return entries is None or len(self._fitting(entries)) < len(entries)

    def wake(self) -> None:
        """There is something new; on its loop."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def keep_alive(self) -> None:
        """Say something, if there is nothing else to say; on its loop."""
        self._silent = True
        self.wake()

    async def chunks(self) -> AsyncIterator[bytes]:
        """The stream, in as few pieces as can be: a page that is busy gets all that waits in one."""
        while self._position is None:
            await self._wait()
        yield format_greeting(self._last_id or "", self._retry)
        if self._missed:
            yield format_event(RESET, "", self._last_id or "")
        while True:
            entries = self._log.read(self._position)
            if entries is None:
                break
            if entries:
                fitting = self._fitting(entries)
                self._position, self._last_id = fitting[-1].position + 1, fitting[-1].id
                if chunk := self._encoded(fitting):
                    self._silent = False
                    yield chunk
                if len(fitting) < len(entries):
                    break
            elif self._silent:
                self._silent = False
                yield format_keep_alive(self._last_id or "")
            else:
                await self._wait()

    async def _wait(self) -> None:
        assert self.loop is not None
        self._waiting = self.loop.create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def _fitting(self, entries: list[Entry]) -> list[Entry]:
        """As many of them as it may be behind by, and one at the least."""
        fitting = entries[: self._max_events]
        start = fitting[0].end - len(fitting[0].wire)
        while len(fitting) > 1 and fitting[-1].end - start > self._max_bytes:
            fitting.pop()
        return fitting

    def _encoded(self, entries: list[Entry]) -> bytes:
        if self._events is None and not any(entry.to for entry in entries):
            return self._log.joined(entries)
        return b"".join(entry.wire for entry in entries if self._wants(entry))

    def _wants(self, entry: Entry) -> bool:
        if self._events is not None and entry.event not in self._events:
            return False
        return entry.to is None or entry.to in self._groups
