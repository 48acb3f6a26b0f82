"""The supervisor: keeps an app's workers running, and answers the control socket.

State is *desired* against *actual*: requests, signals and leases only change what is desired, and one loop,
`_reconcile`, carries out what `WorkerPool.plan` says.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable

from wesktopd import configs
from wesktopd.app.foreground import Foreground
from wesktopd.app.idle_clock import IdleClock
from wesktopd.app.presence import Presence
from wesktopd.app.startup_warnings import Warnings
from wesktopd.bus.event_bus import Bus
from wesktopd.control.server import ControlServer
from wesktopd.daemon.commands import Commands
from wesktopd.errors import WesktopError, failed
from wesktopd.instance.instance import STALE_WORKER_TIMEOUT, Instance
from wesktopd.instance.state import kill_all
from wesktopd.logs.history import Kind
from wesktopd.logs.output_router import Output
from wesktopd.logs.record import Record
from wesktopd.release import installed_release
from wesktopd.system.children import Launched
from wesktopd.system.service_manager import notify, ready, reloading, watchdog_interval
from wesktopd.system.standstill import Standstill
from wesktopd.system.stop_signals import StopSignals
from wesktopd.system.transport import has_unix_sockets
from wesktopd.upgrade.new_supervisor import Takeover
from wesktopd.upgrade.retirement import Retirement
from wesktopd.wire.channel import Heartbeat
from wesktopd.wire.control_messages import STARTER, Down, End, Happened, failure, presentable
from wesktopd.workers.manager import WorkerManager
from wesktopd.workers.memory_limit import oversized
from wesktopd.workers.pool import Limits, WorkerPool
from wesktopd.workers.slot import WorkerSlot

LOOK_EVERY = 5.0  # seconds between looks for a standstill while the workers serve
LOOK_OFTEN = 0.5  # the same while one starts, drains or waits: that is soon over, and so are its deadlines
SHOWS_LIFE_WITHIN = 2.0  # seconds that a worker's beat may be late by
MEASURE_EVERY = 1.0  # seconds between looks at the workers' memory, where it is limited


class Supervisor:
    """Serves the app of an instance that is held. first: a worker that was started already.

    owns_process: whether the process is there for the supervisor alone, so that another may take its place.
    `request_stop` and `request_kill` may be called at any time, from the loop.
    """

    def __init__(self, instance: Instance, first: Launched | None = None, *, owns_process: bool = False) -> None:
        self.instance = instance
        self.owns_process = owns_process
        self.spec = spec = instance.spec
        self.started = time.time()
        self.pool = WorkerPool(
            Limits(spec.start_timeout, spec.drain_timeout, spec.hang_timeout, spec.max_lifetime), wanted=spec.workers
        )
        self.foreground: Foreground | None = None
        self.presence: Presence | None = None
        self.retirement: Retirement | None = None
        self.trouble: WesktopError | None = None
        self.restart_failed = False  # which `trouble` tells of until another restart does not
        self.release = ""
        self.config_file: str | None = None
        self.warnings = Warnings(self.log)
        self._first = first
        self.failure: WesktopError | None = None

    async def run(
        self,
        signals: StopSignals,
        channel: socket.socket | None = None,
        log_level: int = logging.WARNING,
        takeover: Takeover | None = None,
    ) -> None:
        """Serve until a stop is asked for, by signals too. channel: an inherited control connection.

        log_level: from which on its own lines are shown, where the program has not set up logging.
        takeover: of the place of another supervisor.

        Raises StartupError when the app's first generation does not become ready.
        """
        self.log_level = log_level
        self.is_waited_for = self.owns_process and channel is None and takeover is None  # in a terminal, for instance
        self._takeover = takeover
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self.commands = Commands(self)
        self.bus = Bus(self.wake)
        signals.stop(self, self._loop.call_soon_threadsafe)
        self._idle = IdleClock(self.spec.idle_timeout, self._loop.time())
        self._standstill = Standstill()
        with Output(self.spec, self._loop, log_level, self.warnings.say, self.owns_process) as self.output:
            self.record = Record(self.spec.label or self.spec.name, self.output)
            self.manager = WorkerManager(self.instance, self.pool, self.output, self, self._first)
            try:
                await self._serve(channel)
            finally:
                signals.loop_ended()
        if self.failure is not None:
            raise self.failure

    async def _serve(self, channel: socket.socket | None) -> None:
        self.control = ControlServer(self.commands)
        try:
            if self._takeover is not None:
                await self._succeed(self._takeover)
            else:
                await self._begin(channel)
            if self.spec.max_rss is not None:
                self._measure()
            if (interval := watchdog_interval()) is not None:
                self._show_life(interval)
            if self.instance.paths is not None and self._has_name:
                self.presence = Presence(self)
            await self._reconcile()
            if self.retirement is not None:
                await self.retirement.finish()
        except Exception as error:  # who holds a lease is not to take it for an end that was asked for
            self.failure = failed(error)
            raise
        finally:
            if self.presence is not None:
                self.presence.close()
            if self.foreground is not None:
                self.foreground.end()
            self.manager.kill_all()
            self.bus.close()
            await self.control.close(failure(self.failure) if self.failure else End())

    async def _begin(self, channel: socket.socket | None) -> None:
        self._apply(self._loop.time())  # the worker starts while the rest is prepared
        self.note(Kind.STARTED, f"starting {self.spec.target} on {self.instance.url}")
        notify(f"STATUS=Starting {self.spec.target}.")
        self.warnings.say(*self.instance.warnings, *self.output.warnings)
        await self._open_sockets()  # first: the caller is told of it as soon as it is adopted
        self.instance.workers_wait = False
        self.manager.release()  # nobody is answered before `wesktop ctl` finds the app
        if channel is not None:
            client = await self.control.adopt(channel)
            client.hold(0, STARTER)
            client.send_event(self.commands.current_event("/"))
        if self.instance.stale_workers:
            self._loop.call_later(STALE_WORKER_TIMEOUT, kill_all, self.instance.stale_workers)

    async def _succeed(self, takeover: Takeover) -> None:
        takeover.begin(self)
        await self._reconcile(until=lambda: self.pool.serving > 0)
        if self.pool.running:
            await takeover.finish(self)
            self._on_promoted()

    async def _open_sockets(self) -> None:
        if (paths := self.instance.paths) is None:
            return
        try:
            if has_unix_sockets():
                await self.bus.open(paths.bus)
        except OSError as error:  # each worker's broadcasters are for itself then
            self.warnings.say(f"no event bus at {paths.bus}: {error}")
        try:
            await self.control.open(paths.control)
        except OSError as error:  # serving matters more
            self.warnings.say(f"no control socket at {paths.control}: {error}")

    def log(self, level: int, text: str) -> None:
        """Say something of our own, on the terminal and in the app's log."""
        self.record.say(level, text)

    def note(self, kind: Kind, text: str, worker: WorkerSlot | None = None, level: int = logging.DEBUG) -> None:
        """Something has happened."""
        process = self.manager.processes.get(worker) if worker else None
        pid, generation = process.pid if process else None, worker.generation if worker else None
        self.record.note(kind, text, pid, generation, level)

    # Requests: they change what is desired.

    def request_stop(self, reason: str) -> None:
        """End the app gracefully."""
        if self.retirement is not None:
            self.retirement.stop()
        elif self.pool.running:
            self.note(Kind.STOPPING, f"stopping, {reason}", level=logging.INFO)
            notify("STOPPING=1", f"STATUS=Stopping, {reason}.")
            self.pool.running = False
            self.commands.stopped()
            self.wake()

    def request_kill(self) -> None:
        """End the app without waiting for its requests."""
        if self.retirement is not None:
            self.retirement.stop(at_once=True)
        else:
            self.request_stop("at once")
        self.manager.kill_all()
        if self._takeover is not None:
            self._takeover.kill_predecessor()

    def restart(self) -> int:
        """Have a new generation come; its number."""
        generation = self.pool.restart()
        self.note(Kind.RESTARTING, f"generation {generation} is coming")
        reloading(f"Generation {generation} is coming.")
        return generation

    def wake(self) -> None:
        """Something has changed: have the loop look."""
        self._changed.set()

    # The loop: it makes what is, what is desired.

    @property
    def _has_name(self) -> bool:
        return self._takeover is None or self._takeover.taken  # else another is the app's supervisor

    @property
    def _has_work(self) -> bool:
        """Whether it is not the end yet, which a predecessor comes to first."""
        awaits = self._takeover is not None and self._has_name and not self._takeover.outlived
        return self.pool.running or self.pool.alive or awaits

    async def _reconcile(self, until: Callable[[], bool] = lambda: False) -> None:
        while self._has_work:
            self._changed.clear()
            now = self._time()
            wake_at = self._apply(now)
            if until():
                return
            every = LOOK_OFTEN if self.pool.changing else LOOK_EVERY
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._standstill.next_look(now, wake_at, every)):
                    await self._changed.wait()

    def _time(self) -> float:
        """The time now. Whoever judges by it what is over, is not to count times in which nothing ran."""
        now = self._loop.time()
        if (since := self._standstill.noticed(now)) is not None:
            self.log(logging.INFO, f"nothing ran for {now - since:.0f} seconds: deadlines are put off for as long")
            self.pool.stood_still(since, now)
            self.control.windows.stood_still(since, now)
            self._idle.used(now)
        return now

    def _apply(self, now: float) -> float | None:
        if self.pool.arrange() and self._has_name:
            self._on_promoted()
        acts, wake_at = self.pool.plan(now)
        for act, worker in acts:
            self.manager.carry_out(act, worker)
        self.commands.look()
        if self.retirement is not None:
            self.retirement.look()
        return wake_at

    def _measure(self) -> None:
        self._loop.call_later(MEASURE_EVERY, self._measure)  # first: an exception is not to be the end of it
        for worker, text in [*oversized(self, self._loop.time())]:
            self.manager.replace(worker, text)

    def _show_life(self, interval: float) -> None:
        # By this loop, for those that serve: where nobody else replaces a worker that hangs, the manager does.
        if self.pool.shows_life(self._time(), 2 * interval + SHOWS_LIFE_WITHIN):
            notify("WATCHDOG=1")
        self._loop.call_later(interval, self._show_life, interval)

    # What has become of the workers.

    def worker_ready(self, worker: WorkerSlot) -> None:
        """A worker serves."""
        if worker.generation == self.pool.serving:
            if not self.restart_failed:
                self.trouble = None
            notify(f"STATUS=Serving on {self.instance.url}.")
            self.commands.announce()

    def worker_beat(self, beat: Heartbeat) -> None:
        """A worker's loop runs: the moment to see whether anybody uses it."""
        now = self._time()
        self._idle.used(now if self.pool.coming is not None else now - beat.idle)  # who restarts it, uses it
        heard = [worker.heard for worker in self.pool.ready()]
        if self.retirement is None and not self.control.leases and self._idle.is_over(now, heard):
            self.request_stop(f"nobody has used it for {self.spec.idle_timeout:g} seconds")

    def printed(self, pid: int, stream: str, data: bytes) -> None:
        """A worker has printed this."""
        self.record.printed(pid, stream, data)

    def noted(self, event: Happened, level: int) -> None:
        """Something has happened to a worker of the predecessor."""
        self.record.noted(event, level)

    def redeem(self, token: str, answer: Callable[[bool], None]) -> None:
        """Tell whether a one-time token lets somebody in."""
        if self.retirement is not None:
            self.retirement.heir.redeem(token, answer)
        else:
            answer(self.commands.links.redeem(token))

    def go_to(self, path: str) -> None:
        """The app wants its window to show another page."""
        if self.retirement is not None:
            self.retirement.heir.go_to(path)
            return
        try:
            self.commands.go_to(path)
        except WesktopError as error:
            self.log(logging.ERROR, f"what {self.spec.second_launch!r} returned is refused: {error.message}")

    def worker_lost(self, reason: str) -> None:
        """A worker that served does so no more, unasked."""
        if self.pool.running and not self.pool.ready():
            notify(f"STATUS=No worker serves: {presentable(reason)}.")
            self.control.broadcast(Down(reason=reason))

    def worker_failed(self, worker: WorkerSlot, error: WesktopError, *, new: bool) -> None:
        """The first generation's failure is the caller's to hear of, a later one's who restarted; else try again."""
        self.trouble, self.restart_failed = error, new
        if self.pool.serving == 0 and not self.pool.coming:
            self.failure = error
            self.pool.running = False
        elif new:
            text = f"generation {worker.generation} is given up: {error.message}"
            self.note(Kind.RESTART_FAILED, text, worker, logging.ERROR)
            ready(f"Serving on {self.instance.url}; {presentable(text)}")
        elif worker.generation == self.pool.serving:
            self.note(Kind.WORKER_CRASHED, f"no worker: {error.message}", worker, logging.ERROR)
        self.commands.failed(error, worker.generation)

    def _on_promoted(self) -> None:
        self.trouble, self.restart_failed = None, False
        self.used()
        self.release = self.release or installed_release()
        self.manager.hear_of([])
        self.note(Kind.SERVING, f"serving {self.spec.target} on {self.instance.url}", level=logging.INFO)
        ready(f"Serving on {self.instance.url}.")
        if not self.spec.one_shot and self.config_file is None:
            self.config_file = configs.keep(self.spec, self.warnings.say)
        self.warnings.pass_on(self.control.leases)
        self.commands.announce()
        self.wake()

    def used(self) -> None:
        """Somebody uses the app."""
        self._idle.used(self._loop.time())
