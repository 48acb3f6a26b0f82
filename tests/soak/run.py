"""One run, from the start of the app to its end."""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soak.faults import Faults
from soak.guests import Guests
from soak.ledger import Ledger
from soak.load import Load
from soak.measures import Memory, Snapshot, compare, exceptions
from soak.pages import Events, Pages, Sender
from soak.service import CommandFailed, Service, running
from soak.sockets import Sockets
from soak.table import outcome
from support.waiting import until

WARM_UP = 3.0  # seconds of load before the first snapshot
CAUGHT_UP_WITHIN = 60.0  # seconds in which every page has seen the last event
WORKERS = 2


@dataclass(frozen=True)
class Plan:
    """What a run is made of. faults: their names, None for all; quiet, longest: seconds."""

    seconds: float = 1800.0
    seed: int = 14
    rate: float = 300.0
    events: float = 10.0
    pages: int = 20
    sockets: int = 20
    guests: int = 4
    longest: float = 40.0
    quiet: float = 120.0
    pauses: tuple[float, float] = (2.0, 10.0)
    hang_timeout: float = 6.0
    faults: tuple[str, ...] | None = None


class Run:
    """One run."""

    def __init__(self, plan: Plan, home: Path, tell: Callable[[str], None]) -> None:
        self._plan = plan
        self._service = Service(home, WORKERS, plan.hang_timeout, str(plan.seed))
        self._ledger = Ledger(tell)
        self._events = Events(self._ledger)
        self._memory = Memory()
        self._before: Snapshot | None = None
        self._after: Snapshot | None = None

    async def carry_out(self) -> bool:
        """Run it all; whether every promise was kept."""
        log_disk = self._service.mount_log_disk()
        if not log_disk:
            self._ledger.notes["the log's disk was not filled: mounting a small one needs root"] += 1
        try:
            async with running(self._service), _beside(self._memory.watch(self._service)):
                await self._warm_up()
                if not self._ledger.broken:
                    await self._disturb(log_disk=log_disk)
                    await self._look_for_leftovers()
                await self._stop()
        except CommandFailed as error:
            self._ledger.breaks(str(error))
        finally:
            if log_disk:
                self._service.unmount_log_disk()
        return not self._ledger.broken

    def outcome(self) -> str:
        """Return the tables as far as it has come."""
        return outcome(self._ledger, self._events, self._before, self._after, self._memory)

    async def _warm_up(self) -> None:
        async with self._clients("warm-up", guests=0):
            await asyncio.sleep(WARM_UP)
        await self._service.inside(await self._service.settled())
        await asyncio.sleep(1)
        self._before = await Snapshot.take(self._service)

    async def _disturb(self, *, log_disk: bool) -> None:
        plan = self._plan
        faults = Faults(self._service, self._ledger, f"{plan.seed} faults", log_disk=log_disk)
        names = faults.choose(plan.faults)
        async with self._clients("load", guests=plan.guests):
            await faults.run(names, plan.seconds, plan.pauses)
        self._service.wanted = WORKERS
        await self._service.run("ctl", "scale", "soak", str(WORKERS))

    @contextlib.asynccontextmanager
    async def _clients(self, name: str, guests: int) -> AsyncIterator[None]:
        """Have clients of all kinds while this is entered; in the end every page has every event."""
        plan, port = self._plan, self._service.port
        seed = f"{plan.seed} {name}"
        pages = Pages(port, self._events, plan.pages, plan.longest, seed)
        async with _beside(pages.run()):
            await until(pages.following, "the pages to follow", CAUGHT_UP_WITHIN)
            async with (
                _beside(Load(port, self._ledger, self._service.blob, plan.rate, seed).run()),
                _beside(Sender(port, self._events, plan.events).run()),
                _beside(Sockets(port, self._ledger, plan.sockets, plan.longest, seed).run()),
                _beside(Guests(port, self._ledger, guests, plan.longest / 2, seed).run()),
            ):
                yield
            try:
                await until(
                    lambda: self._caught_up(pages), lambda: f"pages behind: {pages.behind()}", CAUGHT_UP_WITHIN
                )
            except AssertionError as error:
                self._ledger.breaks(f"events: {error}, the last is {self._events.last}")
            self._events.check()

    def _caught_up(self, pages: Pages) -> bool:
        told = set(self._events.placed.values())
        return not pages.behind() and (self._events.sent.keys() <= told)

    async def _look_for_leftovers(self) -> None:
        await asyncio.sleep(self._plan.quiet)
        if self._before is not None:
            self._after = await compare(self._service, self._before, self._ledger)
        self._memory.check(self._ledger)

    async def _stop(self) -> None:
        """Stop the app: nothing is left, and every worker has had its orderly end."""
        for name in await self._service.stop():
            self._ledger.breaks(f"left over: {name} in the runtime directory after the stop")
        lifespans, logged = self._service.lifespans(), self._service.logged()
        for pid in sorted(lifespans["began"] - lifespans["ended"]):
            if not self._ledger.was_killed(pid):
                told = [line for line in logged if f"worker {pid} " in line]
                self._ledger.breaks(f"the lifespan of worker {pid} has not ended; the log: {'; '.join(told[-2:])}")
        for exception in exceptions(logged):
            self._ledger.breaks(f"in the log: {exception}")


@contextlib.asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Have this run while this is entered. What it raises is raised in the end."""
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def soak(plan: Plan, tell: Callable[[str], None]) -> tuple[bool, str]:
    """Carry out a run: whether every promise was kept, and the tables. tell: is told of what happens meanwhile."""
    with tempfile.TemporaryDirectory(prefix="soak-", ignore_cleanup_errors=True) as directory:
        run = Run(plan, Path(directory), tell)
        kept = await run.carry_out()
        return kept, run.outcome()
