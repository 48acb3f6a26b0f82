"""Pages that follow the events as EventSource does, and the sender of these events.

An event's ID is the place that the bus has given it, without gaps. So each page can tell by itself whether it missed
one, and all pages together whether each place has the same event for everybody.
"""

import asyncio
import json
import random
import time
from dataclasses import dataclass, field

from soak.connection import TIMEOUT, Connection, Cut, connected
from soak.ledger import Ledger
from soak.load import fetch
from wesktop.testing.events import Event, EventParser

RETRY = 1.0  # seconds until a page comes back, where the server has not said
SETTLES_WITHIN = 0.5  # seconds before its worker's end in which an event may have been answered, and not handed on


@dataclass
class Events:
    """What was sent, and what came. sent: by number, when and by which worker
    it was answered; placed: the number at each place."""

    ledger: Ledger
    sent: dict[int, tuple[float, int]] = field(default_factory=dict)
    numbers: int = 0
    placed: dict[int, int] = field(default_factory=dict)
    epoch: str = ""
    pages: int = 0
    connects: int = 0

    @property
    def last(self) -> int:
        """The last place that any page has seen."""
        return max(self.placed, default=0)

    def next_number(self) -> int:
        """Return a number that no event has had."""
        self.numbers += 1
        return self.numbers

    def place(self, epoch: str, place: int, number: int) -> None:
        """Note that a page was told of this event."""
        self.epoch = self.epoch or epoch
        if epoch != self.epoch:
            self.ledger.breaks(f"events: the bus has begun anew, {epoch!r} after {self.epoch!r}")
            self.epoch = epoch
        if self.placed.setdefault(place, number) != number:
            self.ledger.breaks(f"events: {place} is {number} for one page, {self.placed[place]} for another")

    def check(self) -> None:
        """Look for events that were lost, or told twice: to be called when no page is behind."""
        found = [*self.placed.values()]
        twice = {number for number in found if found.count(number) > 1} if len(set(found)) < len(found) else set()
        if twice:
            self.ledger.breaks(f"events: told more than once: {sorted(twice)[:10]}")
        for number in sorted(self.sent.keys() - set(found)):
            at, pid = self.sent[number]
            if any(kill.pid == pid and at >= kill.since - SETTLES_WITHIN for kill in self.ledger.killings):
                self.ledger.excused["event answered just before a kill"] += 1
            else:
                self.ledger.breaks(f"events: {number} was answered by worker {pid}, and told to no page")


class Sender:
    """Sends numbered events, each through whichever worker answers."""

    def __init__(self, port: int, events: Events, rate: float) -> None:
        self._port, self._events, self._every = port, events, 1 / rate
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Send until this is cancelled; then those under way are waited for."""
        try:
            while True:
                task = asyncio.ensure_future(self._send(self._events.next_number()))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                await asyncio.sleep(self._every)
        finally:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, number: int) -> None:
        began, ledger = time.monotonic(), self._events.ledger
        try:
            async with asyncio.timeout(TIMEOUT), connected(self._port) as connection:
                pid, wrong = await fetch(connection, "POST", "/tick", json.dumps(number).encode())
        except (Cut, TimeoutError) as error:
            ledger.fails("event", began, None, str(error) or "no complete answer")
            return
        if wrong:
            ledger.failed["event"] += 1
            ledger.breaks(f"event: {wrong}")
            return
        self._events.sent[number] = (time.monotonic(), pid)
        ledger.answered["event"] += 1


class Page:
    """One page. seen: the place that it has come to; None before the server has told one."""

    def __init__(self, port: int, events: Events) -> None:
        self.seen: int | None = None
        self._port, self._events = port, events
        self._last_id = ""
        self._retry = RETRY
        self._connection: Connection | None = None
        self._pid: int | None = None

    async def run(self) -> None:
        """Follow the events until this is cancelled."""
        self._events.pages += 1
        while True:
            began = time.monotonic()
            try:
                await self._follow()
            except Cut as cut:
                self._events.ledger.fails("event page", began, self._pid, str(cut))
            except TimeoutError:
                self._events.ledger.fails("event page", began, None, "no answer")
            await asyncio.sleep(self._retry)

    async def _follow(self) -> None:
        parser = EventParser()
        resumes = f"last-event-id: {self._last_id}\r\n" if self._last_id else ""
        async with connected(self._port) as connection:
            self._connection, self._pid = connection, None
            async with asyncio.timeout(TIMEOUT):
                head = await connection.ask("GET", "/events", f"accept: text/event-stream\r\n{resumes}")
            if head.status != 200:
                raise Cut(f"answered {head.status}", answered=True)
            self._events.connects += 1
            async for chunk in connection.chunks():
                for event in parser.feed(chunk):
                    self._take(event)
                self._note_position(parser.last_id)
                self._retry = RETRY if parser.retry is None else parser.retry / 1000

    def _take(self, event: Event) -> None:
        if event.event != "tick":
            self._events.ledger.breaks(f"events: a page was told {event.event!r} at {self.seen}")
            return
        epoch, _, place = event.id.rpartition("-")
        if self.seen is not None and int(place) != self.seen + 1:
            self._events.ledger.breaks(f"events: a page was told {place} after {self.seen}")
        self.seen, self._last_id = int(place), event.id
        self._events.place(epoch, int(place), event.json)

    def _note_position(self, last_id: str) -> None:
        if last_id and last_id != self._last_id:  # one that is told without an event: all before is known
            place = int(last_id.rpartition("-")[2])
            if self.seen is not None and place != self.seen:
                self._events.ledger.breaks(f"events: a page at {self.seen} was put to {place}")
            self.seen, self._last_id = place, last_id

    def leave(self, *, reset: bool) -> None:
        """End its connection; reset: as a process that was killed does."""
        if self._connection is not None:
            self._connection.close(reset=reset)


class Pages:
    """So many pages at any time, each for a while; the first two stay."""

    STAY = 2

    def __init__(self, port: int, events: Events, count: int, longest: float, seed: str) -> None:
        self._port, self._events, self._count, self._longest = port, events, count, longest
        self._chance = random.Random(seed)
        self._pages: set[Page] = set()

    async def run(self) -> None:
        """Have pages come and go until this is cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._count):
                group.create_task(self._stay() if number < self.STAY else self._come_and_go())

    async def _stay(self) -> None:
        page = Page(self._port, self._events)
        self._pages.add(page)
        await page.run()

    async def _come_and_go(self) -> None:
        while True:
            page = Page(self._port, self._events)
            self._pages.add(page)
            task = asyncio.ensure_future(page.run())
            try:
                await asyncio.sleep(self._chance.uniform(self._longest / 10, self._longest))
            finally:
                self._pages.discard(page)
                task.cancel()
                page.leave(reset=self._chance.random() < 0.5)
                await asyncio.gather(task, return_exceptions=True)

    def following(self) -> bool:
        """Return whether all know their place, and are told of what is sent from now on."""
        return len(self._pages) == self._count and all(page.seen is not None for page in self._pages)

    def behind(self) -> list[int | None]:
        """Return where the pages are that have not seen the last event."""
        last = self._events.last
        return [page.seen for page in self._pages if page.seen is None or page.seen < last]
