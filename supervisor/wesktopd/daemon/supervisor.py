"""The supervisor: keeps an app's workers running, and answers the control socket.

State is *desired* against *actual*: requests, signals and leases only change what is desired, and one loop,
`_reconcile`, carries out what `WorkerPool.next_actions` returns.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable

from wesktopd import configs
from wesktopd.app.idle_clock import IdleClock
from wesktopd.app.presence import Presence
from wesktopd.app.served_app import ServedApp
from wesktopd.app.startup_warnings import StartupWarnings
from wesktopd.bus.event_bus import Bus
from wesktopd.control.login_links import LoginLinks
from wesktopd.control.server import ControlServer
from wesktopd.daemon.commands import Commands
from wesktopd.daemon.leases import Leases
from wesktopd.daemon.requests import Requests
from wesktopd.errors import WesktopError, failed
from wesktopd.instance.instance import STALE_WORKER_TIMEOUT, Instance
from wesktopd.instance.state import kill_all
from wesktopd.logs.history import HistoryKind
from wesktopd.logs.output_router import OutputRouter
from wesktopd.logs.record import Record
from wesktopd.release import installed_release
from wesktopd.system import ChildProcess, StopSignals, control_socket, service_manager
from wesktopd.system.standstill import Standstill
from wesktopd.upgrade.new_supervisor import Takeover
from wesktopd.upgrade.old_supervisor import Upgrade  # not late: by then another release may be installed
from wesktopd.upgrade.retirement import Retirement
from wesktopd.wire.control_messages import STARTER, Down, End, failure, presentable
from wesktopd.wire.worker_messages import Heartbeat
from wesktopd.workers.manager import WorkerManager
from wesktopd.workers.memory_limit import oversized
from wesktopd.workers.pool import Timeouts, WorkerPool
from wesktopd.workers.slot import WorkerSlot

CHECK_INTERVAL = 5.0  # seconds between checks for a standstill while the workers serve
SHORT_CHECK_INTERVAL = 0.5  # the same while one starts, drains or waits: that is soon over, and so are its deadlines
HEARTBEAT_MARGIN = 2.0  # seconds that a worker's heartbeat may be late
MEASURE_INTERVAL = 1.0  # seconds between checks of the workers' memory, where it is limited


class Supervisor:
    """Serves the app of an instance that is held. first: a worker that was started already.

    owns_process: the process exists for the supervisor alone, so another process may take its place.
    `request_stop` and `request_kill` may be called at any time, from the loop.
    """

    def __init__(self, instance: Instance, first: ChildProcess | None = None, *, owns_process: bool = False) -> None:
        self._instance, self._spec = instance, instance.spec
        self._owns_process = owns_process
        self._first = first
        self._retirement: Retirement | None = None

    async def run(
        self,
        signals: StopSignals,
        channel: socket.socket | None = None,
        log_level: int = logging.WARNING,
        takeover: Takeover | None = None,
    ) -> None:
        """Serve until a stop is asked for, by signals too. channel: an inherited control connection.

        log_level: the lowest level at which its own lines are shown, unless the program has set up logging.
        takeover: takes the place of another supervisor.

        Raises StartupError if the app's first generation does not become ready.
        """
        self._takeover = takeover
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._standstill = Standstill()
        signals.stop(self, self._loop.call_soon_threadsafe)
        warnings = StartupWarnings(lambda level, text: self._app.record.say(level, text))
        with OutputRouter(self._spec, self._loop, log_level, warnings.say, self._owns_process) as output:
            is_waited_for = self._owns_process and channel is None and takeover is None  # in a terminal, for instance
            self._build(output, warnings, log_level, is_waited_for=is_waited_for)
            try:
                await self._serve(channel)
            finally:
                signals.loop_ended()
        if self._app.failure is not None:
            raise self._app.failure

    def _build(self, output: OutputRouter, warnings: StartupWarnings, log_level: int, *, is_waited_for: bool) -> None:
        """Put the app together, and what answers for it."""
        spec = self._spec
        timeouts = Timeouts(spec.start_timeout, spec.drain_timeout, spec.hang_timeout, spec.max_lifetime)
        self._pool = WorkerPool(timeouts, wanted=spec.workers)
        record = Record(spec.label or spec.name, output)
        self._manager = WorkerManager(self._instance, self._pool, output.journal, record, self, self._first)
        self._control = ControlServer()
        self._app = app = ServedApp(
            instance=self._instance,
            pool=self._pool,
            bus=Bus(self.wake),
            control=self._control,
            output=output,
            record=record,
            manager=self._manager,
            links=LoginLinks(self._instance),
            warnings=warnings,
            idle=IdleClock(spec.idle_timeout, self._loop.time()),
            wake=self.wake,
            supervisor=self,
            owns_process=self._owns_process,
            is_waited_for=is_waited_for,
            log_level=log_level,
        )
        self._commands = Commands(app, lambda: Upgrade(app, self._set_retirement))
        self._leases = Leases(app)
        self._control.handler = Requests(app, self._commands, self._leases)

    async def _serve(self, channel: socket.socket | None) -> None:
        app = self._app
        try:
            if self._takeover is not None:
                await self._succeed(self._takeover)
            else:
                await self._begin(channel)
            if self._spec.max_rss is not None:
                self._measure(self._spec.max_rss)
            if (interval := service_manager.watchdog_interval()) is not None:
                self._notify_watchdog(interval)
            if self._instance.paths is not None and self._has_name:
                app.presence = Presence(self._instance, app.control, app.bus, app.record, app.manager.write_state)
                app.presence.resume()
            await self._reconcile()
            if self._retirement is not None:
                await self._retirement.finish()
        except Exception as error:  # holders of a lease must not take it for an end that was asked for
            app.failure = failed(error)
            raise
        finally:
            if app.presence is not None:
                app.presence.close()
            if app.foreground is not None:
                app.foreground.end()
            self._manager.kill_all()
            app.bus.close()
            await self._control.close(failure(app.failure) if app.failure else End())

    async def _begin(self, channel: socket.socket | None) -> None:
        app, instance = self._app, self._instance
        self._apply(self._loop.time())  # the worker starts while the rest is prepared
        app.record.note(HistoryKind.STARTED, f"starting {self._spec.target} on {instance.url}")
        service_manager.notify(f"STATUS=Starting {self._spec.target}.")
        app.warnings.say(*instance.warnings, *app.output.warnings)
        await self._open_sockets()  # first: the caller learns of it as soon as it is adopted
        instance.workers_wait = False
        self._manager.release()  # no client is answered before `wesktop ctl` finds the app
        if channel is not None:
            client = await self._control.adopt(channel)
            client.hold(0, STARTER)
            client.send_event(self._leases.current_event("/"))
        if instance.stale_workers:
            self._loop.call_later(STALE_WORKER_TIMEOUT, kill_all, instance.stale_workers)

    async def _succeed(self, takeover: Takeover) -> None:
        takeover.begin(self._app)
        await self._reconcile(until=lambda: self._pool.serving > 0)
        if self._pool.running:
            await takeover.finish(self._app)
            self._on_promoted()

    async def _open_sockets(self) -> None:
        app = self._app
        if (paths := self._instance.paths) is None:
            return
        try:
            if control_socket.has_unix_sockets():
                await app.bus.open(paths.bus)
        except OSError as error:  # each worker's broadcasters are for itself then
            app.warnings.say(f"no event bus at {paths.bus}: {error}")
        try:
            await self._control.open(paths.control)
        except OSError as error:  # serving matters more
            app.warnings.say(f"no control socket at {paths.control}: {error}")

    def _set_retirement(self, retirement: Retirement | None) -> None:
        self._retirement = retirement

    # What changes the desired state.

    def request_stop(self, reason: str) -> None:
        """End the app gracefully."""
        if self._retirement is not None:
            self._retirement.stop()
        elif self._pool.running:
            self._app.record.note(HistoryKind.STOPPING, f"stopping, {reason}", level=logging.INFO)
            service_manager.notify("STOPPING=1", f"STATUS=Stopping, {reason}.")
            self._pool.running = False
            self._commands.stopped()
            self.wake()

    def request_kill(self) -> None:
        """End the app without waiting for its requests."""
        if self._retirement is not None:
            self._retirement.stop(at_once=True)
        else:
            self.request_stop("at once")
        self._manager.kill_all()
        if self._takeover is not None:
            self._takeover.kill_predecessor()

    def wake(self) -> None:
        """Have the loop look again: something has changed."""
        self._changed.set()

    # The loop: it brings the actual state in line with the desired one.

    @property
    def _has_name(self) -> bool:
        return self._takeover is None or self._takeover.taken  # else another process is the app's supervisor

    @property
    def _has_work(self) -> bool:
        """Return whether it is not over yet; what is left of a predecessor ends first."""
        awaits = self._takeover is not None and self._has_name and not self._takeover.outlived
        return self._pool.running or self._pool.alive or awaits

    async def _reconcile(self, until: Callable[[], bool] = lambda: False) -> None:
        while self._has_work:
            self._changed.clear()
            now = self._time()
            wake_at = self._apply(now)
            if until():
                return
            interval = SHORT_CHECK_INTERVAL if self._pool.changing else CHECK_INTERVAL
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._standstill.next_look(now, wake_at, interval)):
                    await self._changed.wait()

    def _time(self) -> float:
        """Return the time, by which deadlines are judged; first put them off by any time in which nothing ran."""
        now = self._loop.time()
        if (since := self._standstill.noticed(now)) is not None:
            text = f"nothing ran for {now - since:.0f} seconds: deadlines are put off for as long"
            self._app.record.say(logging.INFO, text)
            self._pool.stood_still(since, now)
            self._control.windows.stood_still(since, now)
            self._app.idle.used(now)
        return now

    def _apply(self, now: float) -> float | None:
        if self._pool.reconcile_slots() and self._has_name:
            self._on_promoted()
        actions, wake_at = self._pool.next_actions(now)
        for action, worker in actions:
            self._manager.carry_out(action, worker)
        self._commands.settle()
        if self._retirement is not None:
            self._retirement.report_quiet()
        return wake_at

    def _measure(self, max_rss: float) -> None:
        self._loop.call_later(MEASURE_INTERVAL, self._measure, max_rss)  # first: an exception must not end it
        for worker, reason in [*oversized(self._manager.processes, max_rss, self._loop.time())]:
            self._manager.replace(worker, reason)

    def _notify_watchdog(self, interval: float) -> None:
        # From this loop, for the workers: where nothing else replaces a worker that hangs, the service manager does.
        if self._pool.is_responsive(self._time(), 2 * interval + HEARTBEAT_MARGIN):
            service_manager.notify("WATCHDOG=1")
        self._loop.call_later(interval, self._notify_watchdog, interval)

    # What the workers report, see WorkerObserver.

    def worker_ready(self, worker: WorkerSlot) -> None:
        """Tell the holders of leases that the app answers."""
        if worker.generation == self._pool.serving:
            if not self._app.restart_failed:
                self._app.trouble = None
            service_manager.notify(f"STATUS=Serving on {self._instance.url}.")
            self._leases.announce_ready()

    def worker_beat(self, beat: Heartbeat) -> None:
        """Stop the app if it has been idle for too long."""
        now, idle = self._time(), self._app.idle
        idle.used(now if self._pool.coming is not None else now - beat.idle)  # a restart is a use
        heartbeats = [worker.last_heartbeat for worker in self._pool.ready()]
        if self._retirement is None and not self._control.leases and idle.is_over(now, heartbeats):
            self.request_stop(f"unused for {self._spec.idle_timeout:g} seconds")

    def worker_stopped_serving(self, reason: str) -> None:
        """Tell the holders of leases if no worker is left."""
        if self._pool.running and not self._pool.ready():
            service_manager.notify(f"STATUS=No worker serves: {presentable(reason)}.")
            self._control.broadcast(Down(reason=reason))

    def worker_failed(self, worker: WorkerSlot, error: WesktopError, *, new: bool) -> None:
        """Report a failed start: to the caller for the first generation, to whoever asked for the restart for a later
        one. A slot of the serving generation tries again by itself.
        """
        app = self._app
        app.trouble, app.restart_failed = error, new
        if self._pool.serving == 0 and not self._pool.coming:
            app.failure = error
            self._pool.running = False
        elif new:
            text = f"generation {worker.generation} is given up: {error.message}"
            self._manager.note(HistoryKind.RESTART_FAILED, text, worker, logging.ERROR)
            service_manager.ready(f"Serving on {self._instance.url}; {presentable(text)}")
        elif worker.generation == self._pool.serving:
            self._manager.note(HistoryKind.WORKER_CRASHED, f"no worker: {error.message}", worker, logging.ERROR)
        self._commands.failed(error, worker.generation)

    def redeem(self, token: str, answer: Callable[[bool], None]) -> None:
        """See ServedApp."""
        self._app.redeem(token, answer)

    def go_to(self, path: str) -> None:
        """See ServedApp."""
        self._app.go_to(path)

    def _on_promoted(self) -> None:
        app = self._app
        app.trouble, app.restart_failed = None, False
        app.idle.used(self._loop.time())
        app.release = app.release or installed_release()
        self._manager.deliver()
        app.record.note(
            HistoryKind.SERVING, f"serving {self._spec.target} on {self._instance.url}", level=logging.INFO
        )
        service_manager.ready(f"Serving on {self._instance.url}.")
        if not self._spec.one_shot and app.config_file is None:
            app.config_file = configs.keep(self._spec, app.warnings.say)
        app.warnings.send_to_starter(self._control.leases)
        self._leases.announce_ready()
        self.wake()
