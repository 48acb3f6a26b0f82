"""What can be asked of a supervisor over its control socket."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from wesktopd.control.login_links import Links, check_link_path
from wesktopd.daemon.pending import Pending
from wesktopd.daemon.report import build_report
from wesktopd.errors import (
    ConfigurationError,
    ControlError,
    NotRunningError,
    NoWindowError,
    WesktopError,
)
from wesktopd.logs.history import Kind
from wesktopd.logs.logfile import LogLine
from wesktopd.spec import check_workers
from wesktopd.upgrade.old_supervisor import Upgrade  # not late: by then another release's may be in its place
from wesktopd.wire.bus_messages import Publish
from wesktopd.wire.control_messages import (
    STARTER,
    Answer,
    Done,
    Down,
    Happened,
    Listening,
    Log,
    Ready,
    Report,
    Spec,
    check_passed_on,
    failure,
)
from wesktopd.wire.window_messages import Launch, Launched, Navigate, Show, Vacant

if TYPE_CHECKING:
    from wesktopd.control.server_connection import ClientConnection
    from wesktopd.daemon.supervisor import Supervisor


JOIN_TIMEOUT = 1.0
"""Seconds that are waited for a broadcaster."""


class Commands:
    """Carries out requests by changing what is desired, and waits until it is so."""

    def __init__(self, supervisor: "Supervisor") -> None:
        self._supervisor = supervisor
        self.links = Links(supervisor.instance)
        self._pool = supervisor.pool
        self._upgrading = False
        self._pending: list[Pending] = []

    # For the supervisor, to tell what has become of them.

    def look(self) -> None:
        """Answer those that are done."""
        for pending in self._pending:
            if not pending.future.done() and pending.done():
                pending.future.set_result(None)

    def failed(self, error: WesktopError, generation: int) -> None:
        """A worker of this generation did not start."""
        for pending in self._pending:
            if pending.fails(generation):
                pending.fail(error)

    def stopped(self) -> None:
        """The app is ending."""
        for pending in self._pending:
            pending.fail(self.is_stopping())

    def is_stopping(self) -> WesktopError:
        """What whoever waits is told when the app is ending."""
        return NotRunningError(f"{self._supervisor.spec.name!r} is stopping.")

    async def _until(self, pending: Pending) -> None:
        if not self._pool.running:
            raise self.is_stopping()
        self._pending.append(pending)
        self._supervisor.wake()
        try:
            await pending.future
        finally:
            self._pending.remove(pending)
            self._supervisor.wake()  # others may wait for that

    async def _unless_stopped(self, doing: Coroutine[Any, Any, None]) -> None:
        """Wait until it is done; it is given up when the app is to end."""
        task = asyncio.ensure_future(doing)
        task.add_done_callback(lambda _: self._supervisor.wake())
        try:
            await self._until(Pending(task.done))
        except WesktopError:
            task.cancel()
            raise
        await task

    # Requests.

    async def restart(self) -> str:
        """Serve new code; another restart that is asked for meanwhile takes this one's place, and answers it too.

        Raises what kept the new generation from starting; the old one goes on.
        """
        await self._upgraded()
        generation = self._supervisor.restart()
        await self._until(
            Pending(
                lambda: self._pool.taken_over(generation),
                lambda failed: self._pool.serving < generation <= failed,
                changes=True,
            )
        )
        return f"generation {self._pool.serving} serves"

    async def scale(self, workers: int) -> str:
        """Run so many workers, until the supervisor ends or another number is asked for.

        Raises ConfigurationError for a number that is out of range, or what kept a worker from starting.
        """
        check_workers(workers)
        await self._upgraded()
        self._pool.wanted = workers
        self._supervisor.note(Kind.SCALED, f"{workers} workers are wanted", level=logging.INFO)
        await self._until(
            Pending(
                lambda: self._pool.serving > 0 and self._pool.at_size,
                lambda failed: failed == self._pool.serving,
                changes=True,
            )
        )
        return f"{self._pool.wanted} worker{'s serve' if self._pool.wanted != 1 else ' serves'}"

    async def wait_ready(self) -> None:
        """Return as soon as a worker of the serving generation is ready."""
        await self._until(Pending(lambda: bool(self._pool.ready(self._pool.serving))))

    async def upgrade(self) -> str:
        """Have the installed release take the place of this one, whose answer is then not heard any more.

        Changes of the workers that were asked for before are done first; others wait until it is over.
        Raises WesktopError when it cannot, or its workers do not start: then nothing has changed.
        """
        if not self._supervisor.owns_process:
            raise ControlError("serve() runs inside of your program: restart that, or use `wesktop serve`.")
        await self._upgraded()
        self._upgrading = True
        upgrade = Upgrade(self._supervisor)
        try:
            await self._until(Pending(self._settled))
            await self._unless_stopped(upgrade.prepare())
            await upgrade.hand_over()
        except WesktopError as error:
            if self._pool.running:
                self._supervisor.log(logging.ERROR, f"the upgrade is given up: {error.message}")
            raise
        finally:
            self._upgrading = False
            self._supervisor.wake()
        return ""

    async def _upgraded(self) -> None:
        """Wait for the end of an upgrade that is under way. After a success, the new supervisor begins anew."""
        while not self._pool.running or self._upgrading:
            await self._until(Pending(lambda: not self._upgrading))

    def _settled(self) -> bool:
        """Whether no change of the pool is under way."""
        return self._pool.coming is None and not any(pending.changes for pending in self._pending)

    def request_stop(self, reason: str) -> None:
        """Begin to end the app."""
        self._supervisor.request_stop(reason)

    def report(self) -> Report:
        """How the app is."""
        return build_report(self._supervisor, asyncio.get_running_loop().time())

    def spec_fields(self) -> Spec:
        """What is served, and how."""
        return Spec(spec=msgspec.to_builtins(self._supervisor.spec))

    async def launch(self, launch: Launch, window: "ClientConnection | None") -> None:
        """Tell the page in front, or that of a window, that the app was started again; or, if there is one, the app's
        function for that. Raises ConfigurationError for more arguments than fit, ControlError where too many wait.
        """
        check_passed_on(launch)
        windows = self._supervisor.control.windows
        if self._supervisor.spec.calls_function:
            with contextlib.suppress(NoWindowError):
                windows.bring_to_front()
            told = False
            while not told:  # a worker may be lost before this task's turn
                await self.wait_ready()
                told = self._supervisor.manager.launch(launch.arguments, launch.directory)
        else:
            windows.show(lambda: Launched(arguments=launch.arguments, directory=launch.directory), window)

    async def show(self, show: Show) -> Done | Vacant:
        """Have the window in front show the app, or one that is coming, and tell of a launch as `launch` does.

        Where there is none, who asks is to open it: nothing may be awaited until he holds a lease.
        """
        if show.launch is not None:
            check_passed_on(show.launch)
        if not self._pool.running:
            raise self.is_stopping()
        if self._supervisor.spec.second_launch == "window" and not show.shares:
            return Vacant()
        if not await self._window_there(time.monotonic()):
            return Vacant()
        if show.launch is None:
            self._supervisor.control.windows.bring_to_front()
        else:
            await self.launch(show.launch, None)
        return Done()

    async def _window_there(self, asked: float) -> bool:
        windows = self._supervisor.control.windows
        while not windows.exist and (seconds := windows.awaited_for(asked)) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._until(Pending(lambda: windows.exist or windows.awaited_for(asked) <= 0))
            # Of several that wait, the first to be here opens one now: the others look again.
        return windows.exist

    def go_to(self, path: str) -> None:
        """Have the window in front show another page, for the app. Raises ConfigurationError for one of others."""
        check_link_path(path)
        self._supervisor.control.windows.show(lambda: Navigate(url=self.links.make(path)))

    async def emit(self, channel: str, event: str, data: str) -> None:
        """Send an event to the pages.

        Raises ConfigurationError for a name that cannot be sent, and where no broadcaster has this channel. That of a
        worker that is ready may take a moment yet.
        """
        if not event or not {"\r", "\n", "\0"}.isdisjoint(event):
            raise ConfigurationError(f"event {event!r} must be one line, and not empty.")
        if channel not in self._channels():
            try:
                async with asyncio.timeout(JOIN_TIMEOUT):
                    await self._until(Pending(lambda: channel in self._channels()))
            except TimeoutError:
                known = ", ".join(map(repr, self._channels())) or "none"
                raise ConfigurationError(
                    f"no broadcaster of the app takes part as {channel!r}: name one with --channel (there: {known})."
                ) from None
        self._supervisor.bus.channel(channel).publish(Publish(event=event, data=data, origin="", number=0))

    def _channels(self) -> list[str]:
        """Those to which an event can be sent: while no worker is there, the ones of those that have been."""
        return self._supervisor.bus.known(joined=bool(self._pool.ready()))

    # Streams.

    def logs(self, lines: int | None, since: float | None) -> Iterator[Log]:
        """The last lines that were printed."""
        return map(_as_message, self._supervisor.output.journal.last(lines, since))

    def printed(self, pid: int, text: str) -> None:
        """Keep what a window's process has printed; the terminal has it already, where there is one."""
        journal = self._supervisor.output.journal
        journal.feed(pid, "stderr", text.encode())
        journal.ended(pid)

    def follow_logs(self, callback: Callable[[Log], None]) -> Callable[[], None]:
        """Tell of every further line, until what is returned is called."""
        return self._supervisor.output.journal.follow(lambda line: callback(_as_message(line)))

    def events(self) -> list[Happened]:
        """What has happened."""
        return [*self._supervisor.record.events.kept]

    def follow_events(self, callback: Callable[[Happened], None]) -> Callable[[], None]:
        """Tell of what happens from now on, until what is returned is called."""
        return self._supervisor.record.events.follow(callback)

    # Leases.

    def current_event(self, path: str) -> Answer:
        """The event that a new lease begins with, whose page is at `path`.

        Raises ConfigurationError for a path that leads elsewhere.
        """
        check_link_path(path)
        if self._supervisor.failure is not None:
            return failure(self._supervisor.failure)
        if self._pool.ready(self._pool.serving):
            return self._ready(path)
        if self._pool.serving:
            return Down(reason="its worker is being started")
        return Listening(url=self._supervisor.instance.url)

    def announce(self) -> None:
        """Tell all leases that the app answers."""
        for lease in self._supervisor.control.leases:
            lease.send_event(self._ready(lease.path))

    def _ready(self, path: str) -> Ready:
        """A lease is a window's, or of who opens one: it is told how to get in."""
        link = self.links.make(path) if self.links.needed_for(path) else None
        instance = self._supervisor.instance
        return Ready(url=instance.url, origin=instance.origin, link=link)

    def lease_began(self, kind: str) -> None:
        """Somebody has attached."""
        self._supervisor.note(Kind.ATTACHED, f"{kind} attached")
        self._supervisor.wake()  # others may wait for a window

    def lease_ended(self, kind: str) -> None:
        """In one-shot mode nobody left means nothing left to do; and all ends with who has started it."""
        supervisor = self._supervisor
        supervisor.note(Kind.DETACHED, f"{kind} detached")
        supervisor.used()
        if supervisor.spec.one_shot and kind == STARTER:
            supervisor.request_stop("its caller has ended")
        elif supervisor.spec.one_shot and not supervisor.control.leases:
            supervisor.request_stop("its window is closed")
        elif kind == STARTER:
            supervisor.output.let_go()
        supervisor.wake()


def _as_message(line: LogLine) -> Log:
    return Log(time=line.time, pid=line.pid, stream=line.stream, text=line.text)
