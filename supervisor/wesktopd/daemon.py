"""The supervisor: keeps an app's workers running, and answers the control socket.

State is *desired* against *actual*: requests, signals and leases only change what is desired, and one loop,
`_reconcile`, carries out what `Fleet.plan` says.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable

from wesktopd import configs
from wesktopd.bus import Bus
from wesktopd.channel import Beat
from wesktopd.commands import Commands
from wesktopd.control import ControlServer
from wesktopd.crew import Crew
from wesktopd.diagnostics import IN_JOURNAL
from wesktopd.errors import WesktopError, failed
from wesktopd.events import EventLog, Kind
from wesktopd.fleet import Fleet, Limits
from wesktopd.generations import Worker
from wesktopd.idle import IdleClock
from wesktopd.instance import LEFTOVER_TIMEOUT, Instance
from wesktopd.launch import Launched
from wesktopd.notify import notify, ready, reloading, watchdog_interval
from wesktopd.output import Output
from wesktopd.presence import Presence
from wesktopd.protocol import STARTER, Answer, Down, End, Listening, Ready, Report, failure, presentable
from wesktopd.release import installed_release
from wesktopd.report import build_report
from wesktopd.resources import oversized
from wesktopd.signals import StopSignals
from wesktopd.standstill import Standstill
from wesktopd.state import kill_all
from wesktopd.tokens import OneTimeTokens, one_time_link
from wesktopd.transport import has_unix_sockets
from wesktopd.upgrade import Handover, restore
from wesktopd.warnings import Warnings

LOOK_EVERY = 5.0  # seconds between looks for a standstill while the workers serve
LOOK_OFTEN = 0.5  # the same while one starts, drains or waits: that is soon over, and so are its deadlines
SHOWS_LIFE_WITHIN = 2.0  # seconds that a worker's beat may be late by
MEASURE_EVERY = 1.0  # seconds between looks at the workers' memory, where it is limited

logger = logging.getLogger("wesktopd")


class Supervisor:
    """Serves the app of an instance that is held. first: a worker that was started already.

    owns_process: whether the process is there for the supervisor alone, so that it may re-execute it.
    `request_stop` and `request_kill` may be called at any time, from the loop.
    """

    def __init__(self, instance: Instance, first: Launched | None = None, *, owns_process: bool = False) -> None:
        self.instance = instance
        self.owns_process = owns_process
        self.spec = spec = instance.spec
        self.started = time.time()
        self.fleet = Fleet(
            Limits(spec.start_timeout, spec.drain_timeout, spec.hang_timeout, spec.max_lifetime), wanted=spec.workers
        )
        self.events = EventLog()
        self.tokens = OneTimeTokens()
        self.trouble: WesktopError | None = None
        self.restart_failed = False  # which `trouble` tells of until another restart does not
        self.release = ""
        self.config_file: str | None = None
        self.warnings = Warnings(self.log)
        self._first = first
        self._failure: WesktopError | None = None

    async def run(
        self,
        signals: StopSignals,
        channel: socket.socket | None = None,
        log_level: int = logging.WARNING,
        handover: Handover | None = None,
    ) -> None:
        """Serve until a stop is asked for, by signals too. channel: an inherited control connection.

        log_level: from which on its own lines are shown, where the program has not set up logging.
        handover: what this process was before it was upgraded.

        Raises StartupError when the app's first generation does not become ready.
        """
        self.log_level = log_level
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self.commands = Commands(self)
        self.bus = Bus(self.wake)
        signals.stop(self, self._loop.call_soon_threadsafe)
        self._idle = IdleClock(self.spec.idle_timeout, self._loop.time())
        self._standstill = Standstill()
        with Output(self.spec, self._loop, log_level, self.warnings.say, self.owns_process) as self.output:
            self.crew = Crew(self.instance, self.fleet, self.output, self, self._first)
            try:
                await self._serve(channel, handover)
            finally:
                signals.loop_ended()
        if self._failure is not None:
            raise self._failure

    async def _serve(self, channel: socket.socket | None, handover: Handover | None) -> None:
        self.control = ControlServer(self.commands)
        closing = contextlib.ExitStack()
        try:
            if handover is not None:
                self.release = installed_release()
                await restore(self, handover)
            else:
                await self._begin(channel)
            if self.spec.max_rss is not None:
                self._measure()
            if (interval := watchdog_interval()) is not None:
                self._show_life(interval)
            if self.instance.paths is not None:
                closing.callback(Presence(self).close)
            await self._reconcile()
        except Exception as error:  # who holds a lease is not to take it for an end that was asked for
            self._failure = failed(error)
            raise
        finally:
            closing.close()
            self.crew.kill_all()
            self.bus.close()
            await self.control.close(failure(self._failure) if self._failure else End())

    async def _begin(self, channel: socket.socket | None) -> None:
        self._apply(self._loop.time())  # the worker starts while the rest is prepared
        self.note(Kind.STARTED, f"starting {self.spec.target} on {self.instance.url}")
        notify(f"STATUS=Starting {self.spec.target}.")
        self.warnings.say(*self.instance.warnings, *self.output.warnings)
        await self.open_bus()
        await self._open_control()  # first: the caller is told of it as soon as it is adopted
        if channel is not None:
            client = await self.control.adopt(channel, kind=STARTER)
            client.send_event(self.current_event())
        if self.instance.leftovers:
            self._loop.call_later(LEFTOVER_TIMEOUT, kill_all, self.instance.leftovers)

    async def _open_control(self) -> None:
        if (paths := self.instance.paths) is None:
            return
        try:
            await self.control.open(paths.control)
        except OSError as error:  # serving matters more
            self.warnings.say(f"no control socket at {paths.control}: {error}")

    async def open_bus(self) -> None:
        if (paths := self.instance.paths) is None or not has_unix_sockets():
            return
        try:
            await self.bus.open(paths.bus)
        except OSError as error:  # each worker's broadcasters are for itself then
            self.warnings.say(f"no event bus at {paths.bus}: {error}")

    def log(self, level: int, text: str) -> None:
        """Say something of our own, on the terminal and in the app's log."""
        text = presentable(text)
        logger.log(level, "%s: %s", self.spec.label or self.spec.name, text, extra=IN_JOURNAL)
        self.output.journal.say(text)

    def note(self, kind: Kind, text: str, worker: Worker | None = None, level: int = logging.DEBUG) -> None:
        """Something has happened."""
        text = presentable(text)
        process = self.crew.processes.get(worker) if worker else None
        self.events.add(kind, text, process.pid if process else None, worker.generation if worker else None)
        self.log(level, text)

    # Requests: they change what is desired.

    def request_stop(self, reason: str) -> None:
        """End the app gracefully."""
        if self.fleet.running:
            self.note(Kind.STOPPING, f"stopping, {reason}", level=logging.INFO)
            notify("STOPPING=1", f"STATUS=Stopping, {reason}.")
            self.fleet.running = False
            self.commands.stopped()
            self.wake()

    def request_kill(self) -> None:
        """End the app without waiting for its requests."""
        self.request_stop("at once")
        self.crew.kill_all()

    def restart(self) -> int:
        """Have a new generation come; its number."""
        generation = self.fleet.restart()
        self.note(Kind.RESTARTING, f"generation {generation} is coming")
        reloading(f"Generation {generation} is coming.")
        return generation

    def wake(self) -> None:
        """Something has changed: have the loop look."""
        self._changed.set()

    # The loop: it makes what is, what is desired.

    async def _reconcile(self) -> None:
        while self.fleet.running or self.fleet.alive:
            self._changed.clear()
            now = self._time()
            wake_at = self._apply(now)
            every = LOOK_OFTEN if self.fleet.changing else LOOK_EVERY
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._standstill.next_look(now, wake_at, every)):
                    await self._changed.wait()

    def _time(self) -> float:
        """The time now. Whoever judges by it what is over, is not to count times in which nothing ran."""
        now = self._loop.time()
        if (since := self._standstill.noticed(now)) is not None:
            self.log(logging.INFO, f"nothing ran for {now - since:.0f} seconds: deadlines are put off for as long")
            self.fleet.stood_still(since, now)
            self.control.windows.stood_still(since, now)
            self._idle.used(now)
        return now

    def _apply(self, now: float) -> float | None:
        if self.fleet.arrange():
            self._on_promoted()
        acts, wake_at = self.fleet.plan(now)
        for act, worker in acts:
            self.crew.carry_out(act, worker)
        self.commands.look()
        return wake_at

    def _measure(self) -> None:
        self._loop.call_later(MEASURE_EVERY, self._measure)  # first: an exception is not to be the end of it
        for worker, text in [*oversized(self, self._loop.time())]:
            self.crew.replace(worker, text)

    def _show_life(self, interval: float) -> None:
        # By this loop, for those that serve: where nobody else replaces a worker that hangs, the manager does.
        if self.fleet.shows_life(self._time(), 2 * interval + SHOWS_LIFE_WITHIN):
            notify("WATCHDOG=1")
        self._loop.call_later(interval, self._show_life, interval)

    # What has become of the workers.

    def worker_ready(self, worker: Worker) -> None:
        """A worker serves."""
        if worker.generation == self.fleet.serving:
            if not self.restart_failed:
                self.trouble = None
            notify(f"STATUS=Serving on {self.instance.url}.")
            self._announce()

    def worker_beat(self, beat: Beat) -> None:
        """A worker's loop runs: the moment to see whether anybody uses it."""
        now = self._time()
        self._idle.used(now if self.fleet.coming is not None else now - beat.idle)  # who restarts it, uses it
        heard = [worker.heard for worker in self.fleet.ready()]
        if not self.control.leases and self._idle.is_over(now, heard):
            self.request_stop(f"nobody has used it for {self.spec.idle_timeout:g} seconds")

    def redeem(self, token: str) -> bool:
        """Whether a one-time token lets somebody in."""
        return self.tokens.redeem(token, self._loop.time())

    def go_to(self, path: str) -> None:
        """The app wants its window to show another page."""
        try:
            self.commands.go_to(path)
        except WesktopError as error:
            self.log(logging.ERROR, f"what {self.spec.second_launch!r} returned is refused: {error.message}")

    def worker_lost(self, reason: str) -> None:
        """A worker that served does so no more, unasked."""
        if self.fleet.running and not self.fleet.ready():
            notify(f"STATUS=No worker serves: {presentable(reason)}.")
            self.control.broadcast(Down(reason=reason))

    def worker_failed(self, worker: Worker, error: WesktopError, *, new: bool) -> None:
        """The first generation's failure is the caller's to hear of, a later one's who restarted; else try again."""
        self.trouble, self.restart_failed = error, new
        if self.fleet.serving == 0 and not self.fleet.coming:
            self._failure = error
            self.fleet.running = False
        elif new:
            text = f"generation {worker.generation} is given up: {error.message}"
            self.note(Kind.RESTART_FAILED, text, worker, logging.ERROR)
            ready(f"Serving on {self.instance.url}; {presentable(text)}")
        elif worker.generation == self.fleet.serving:
            self.note(Kind.WORKER_CRASHED, f"no worker: {error.message}", worker, logging.ERROR)
        self.commands.failed(error, worker.generation)

    def _on_promoted(self) -> None:
        self.trouble, self.restart_failed = None, False
        self._idle.used(self._loop.time())
        self.release = self.release or installed_release()
        self.note(Kind.SERVING, f"serving {self.spec.target} on {self.instance.url}", level=logging.INFO)
        ready(f"Serving on {self.instance.url}.")
        if not self.spec.one_shot and self.config_file is None:
            self.config_file = configs.keep(self.spec, self.warnings.say)
        self.warnings.pass_on(self.control.leases)
        self._announce()
        self.wake()

    def _announce(self) -> None:
        for lease in self.control.leases:
            lease.send_event(self._ready(lease.path))

    def _ready(self, path: str) -> Ready:
        """A lease is a window's, or of who opens one: it is told how to get in."""
        link = self.link(path) if self.instance.access or path != "/" else None
        return Ready(url=self.instance.url, link=link)

    def link(self, path: str = "/", on_end: Callable[[bool], None] = lambda _: None) -> str:
        """An address that lets one client in, once and soon; on_end: see OneTimeTokens. Always, without a session."""
        if self.instance.access is None:
            return f"{self.instance.url}{path}"
        return one_time_link(self.instance.url, self.tokens.mint(self._loop.time(), on_end), path)

    # Who uses it.

    def lease_began(self, kind: str) -> None:
        """Somebody has attached."""
        self.note(Kind.ATTACHED, f"{kind} attached")

    def lease_ended(self, kind: str) -> None:
        """In one-shot mode nobody left means nothing left to do; and all ends with who has started it."""
        self.note(Kind.DETACHED, f"{kind} detached")
        self._idle.used(self._loop.time())
        if self.spec.one_shot and kind == STARTER:
            self.request_stop("its caller has ended")
        elif self.spec.one_shot and not self.control.leases:
            self.request_stop("its window is closed")
        elif kind == STARTER:
            self.output.let_go()

    # Answers, the rest of them in `commands`.

    def current_event(self, path: str = "/") -> Answer:
        """The event that a new lease begins with, whose page is at `path`."""
        if self._failure is not None:
            return failure(self._failure)
        if self.fleet.ready(self.fleet.serving):
            return self._ready(path)
        if self.fleet.serving:
            return Down(reason="its worker is being started")
        return Listening(url=self.instance.url)

    def report(self) -> Report:
        """How the app is, for `Status`."""
        return build_report(self, self._loop.time())
