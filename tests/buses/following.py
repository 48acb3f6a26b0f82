"""A page that follows a broadcaster and comes back whenever its stream ends, and what it may not have missed."""

import asyncio
import itertools
from collections.abc import AsyncIterable, Callable
from typing import Any

from asgi.memory import http_scope
from wesktop.asgi import Request
from wesktop.sse import Broadcaster
from wesktop.testing.events import EventParser


class Page:
    """seen: the data of the events that it got, numbers that count up, and "reset"."""

    def __init__(self, broadcaster: Broadcaster, last_id: str = "") -> None:
        self.seen: list[str] = []
        self._broadcaster = broadcaster
        self._last_id = last_id
        self._stream = self._connect()

    def _connect(self) -> AsyncIterable[Any]:
        headers = [("last-event-id", self._last_id)] if self._last_id else []
        return self._broadcaster.stream(Request(http_scope(headers=headers))).generator

    async def follow(self, is_done: Callable[[], bool]) -> None:
        """Until it has seen what it is to."""
        while not is_done():
            parser = EventParser()
            async for chunk in self._stream:
                self.seen += [event.data or event.event for event in parser.feed(chunk)]
                self._last_id = parser.last_id or self._last_id
                if is_done():
                    break
            self._stream = self._connect()


async def follow_until(page: Page, number: int, send: Callable[[int], None]) -> None:
    """Have the page follow until it has seen one of the events that are sent from this number on."""

    def has_seen() -> bool:
        return any(data != "reset" and int(data) >= number for data in page.seen)

    async with asyncio.timeout(40), asyncio.TaskGroup() as group:
        group.create_task(page.follow(has_seen))
        for further in itertools.count(number):
            if has_seen():
                return
            await asyncio.to_thread(send, further)
            await asyncio.sleep(0.05)


def skipped(seen: list[str], *, after: int) -> list[tuple[str, str]]:
    """Neighbours between which events are missing, and no reset tells of it; after: the one that came before."""
    return [
        (first, then)
        for first, then in itertools.pairwise([str(after), *seen])
        if "reset" not in (first, then) and int(then) != int(first) + 1
    ]
