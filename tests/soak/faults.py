"""What is done to the app, in an order that the seed decides. After each fault it has to come back to strength."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from signal import SIGCONT, SIGKILL, SIGSTOP

from soak.ledger import Ledger
from soak.service import NAME, CommandFailed, Service, gone, send
from support.waiting import until

MOST_WORKERS = 3
DISK_FULL = 6.0  # seconds; longer than the log waits before it tries again
LOGGED_AGAIN = 30.0
GONE_WITHIN = 60.0

Fault = Callable[[], Awaitable[None]]


class Faults:
    """All faults by name. ledger: is told of each worker that is ended by force."""

    def __init__(self, service: Service, ledger: Ledger, seed: str, *, log_disk: bool) -> None:
        self._service, self._ledger = service, ledger
        self._chance = random.Random(seed)
        self._known: dict[str, Fault] = {
            "restart": self._restart,
            "upgrade": self._upgrade,
            "scale": self._scale,
            "kill a worker": self._kill,
            "kill a worker amid a restart": self._kill_amid_restart,
            "stop a worker for a while": self._pause_worker,
            "stop a worker for too long": self._hang_worker,
            "stop the supervisor for a while": self._pause_supervisor,
            "stop the supervisor amid a restart": self._pause_supervisor_amid_restart,
            "fill the log's disk": self._fill_log_disk,
        }
        self._impossible = set() if log_disk else {"fill the log's disk"}

    def choose(self, names: tuple[str, ...] | None) -> list[str]:
        """Return these faults, all for None, as far as they are possible. Raises ValueError for an unknown one."""
        if unknown := set(names or ()) - self._known.keys():
            raise ValueError(f"faults must be some of {', '.join(self._known)}, not {', '.join(sorted(unknown))}")
        return [name for name in names or self._known if name not in self._impossible]

    async def run(self, names: list[str], seconds: float, pauses: tuple[float, float]) -> None:
        """Carry these out for so long, each once before any comes again. pauses: the least, the most."""
        loop = asyncio.get_running_loop()
        ends, ahead = loop.time() + seconds, list[str]()
        while True:
            await asyncio.sleep(self._chance.uniform(*pauses))
            if loop.time() >= ends:
                return
            if names:
                ahead = ahead or self._chance.sample(names, len(names))
                await self._carry_out(ahead.pop())

    async def _carry_out(self, name: str) -> None:
        with self._ledger.fault(name):
            try:
                await self._known[name]()
                await self._service.settled()
            except (CommandFailed, AssertionError) as error:
                self._ledger.breaks(str(error))
                if await self._service.is_gone():
                    raise CommandFailed("the app has ended") from None

    async def _restart(self) -> None:
        await self._service.run("ctl", "restart", NAME)

    async def _upgrade(self) -> None:
        await self._service.run("ctl", "upgrade", NAME)

    async def _scale(self) -> None:
        others = [count for count in range(1, MOST_WORKERS + 1) if count != self._service.wanted]
        self._service.wanted = self._chance.choice(others)
        await self._service.run("ctl", "scale", NAME, str(self._service.wanted))

    async def _worker(self) -> int:
        return self._chance.choice(sorted(await self._service.settled()))

    async def _kill(self) -> None:
        pid = await self._worker()
        with self._ledger.killing(pid):
            send(pid, SIGKILL)
            await until(gone(pid), f"the end of worker {pid}, which was killed", GONE_WITHIN)

    async def _kill_amid_restart(self) -> None:
        """Kill one that serves: the coming generation is not harmed, so the restart succeeds."""
        pid = await self._worker()
        restart = asyncio.ensure_future(self._restart())
        try:
            await asyncio.sleep(self._chance.uniform(0, 0.6))
            with self._ledger.killing(pid):
                send(pid, SIGKILL)
                await until(gone(pid), f"the end of worker {pid}, which was killed", GONE_WITHIN)
        finally:
            await restart

    async def _pause_worker(self) -> None:
        """Stop it for less than the hang timeout: its requests wait, and none fails."""
        pid = await self._worker()
        async with _stopped(pid):
            await asyncio.sleep(self._chance.uniform(0.2, min(self._service.hang_timeout / 3, 3)))

    async def _hang_worker(self) -> None:
        """Stop it until it is replaced."""
        pid = await self._worker()
        with self._ledger.killing(pid):
            send(pid, SIGSTOP)
            await until(gone(pid), f"the end of worker {pid}, which hangs", self._service.hang_timeout + GONE_WITHIN)

    async def _pause_supervisor(self) -> None:
        async with _stopped(await self._service.supervisor()):
            await asyncio.sleep(self._chance.uniform(0.2, 4))

    async def _pause_supervisor_amid_restart(self) -> None:
        """Stop it for longer than a worker may drain: that one is not to be killed for it afterwards."""
        pid = await self._service.supervisor()
        restart = asyncio.ensure_future(self._restart())
        try:
            await asyncio.sleep(self._chance.uniform(0.1, 0.8))
            async with _stopped(pid):
                await asyncio.sleep(self._chance.uniform(1, 5))
        finally:
            await restart

    async def _fill_log_disk(self) -> None:
        """Fill it for a while; lines are written again afterwards."""
        ballast, log = self._service.log_dir / "ballast", self._service.log_dir / f"{NAME}.log"
        try:
            _fill(str(ballast))
            await asyncio.sleep(DISK_FULL)
        finally:
            ballast.unlink()
        size = log.stat().st_size
        await until(lambda: log.stat().st_size > size, "a line in the log, whose disk has room again", LOGGED_AGAIN)


def _fill(path: str) -> None:
    """Write until nothing more fits."""
    with open(path, "wb", buffering=0) as file:  # noqa: PTH123
        for size in (64 * 1024, 1):
            with contextlib.suppress(OSError):
                while file.write(b"x" * size):
                    pass


@contextlib.asynccontextmanager
async def _stopped(pid: int) -> AsyncIterator[None]:
    send(pid, SIGSTOP)
    try:
        yield
    finally:
        send(pid, SIGCONT)
