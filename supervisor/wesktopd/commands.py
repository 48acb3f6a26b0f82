"""What can be asked of a supervisor over its control socket."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any

import msgspec

from wesktopd.bus_protocol import Publish
from wesktopd.errors import (
    ConfigurationError,
    ControlError,
    ControlTimeoutError,
    NotRunningError,
    NoWindowError,
    WesktopError,
)
from wesktopd.events import Kind
from wesktopd.logfile import LogLine
from wesktopd.protocol import Answer, Done, Happened, Log, Report, Spec, check_passed_on
from wesktopd.spec import check_workers
from wesktopd.tokens import LIFETIME
from wesktopd.upgrade import check_new_release, upgrade  # not late: by then another release's may be in its place
from wesktopd.window_protocol import Launch, Launched, Navigate, Show, Vacant

if TYPE_CHECKING:
    from wesktopd.client_connection import ClientConnection
    from wesktopd.daemon import Supervisor


JOIN_TIMEOUT = 1.0
"""Seconds that are waited for a broadcaster."""


class Pending:
    """A request that is answered when `done` says so; `fails` tells whether it fails with a generation's worker.

    changes: whether it changes the fleet.
    """

    def __init__(
        self, done: Callable[[], bool], fails: Callable[[int], bool] = lambda _: False, *, changes: bool = False
    ) -> None:
        self.done = done
        self.fails = fails
        self.changes = changes
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def fail(self, error: WesktopError) -> None:
        """It is not going to be done."""
        if not self.future.done():
            self.future.set_exception(error)


class Commands:
    """Carries out requests by changing what is desired, and waits until it is so."""

    def __init__(self, supervisor: "Supervisor") -> None:
        self._supervisor = supervisor
        self._fleet = supervisor.fleet
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
            pending.fail(self._is_stopping())

    def _is_stopping(self) -> WesktopError:
        return NotRunningError(f"{self._supervisor.spec.name!r} is stopping.")

    async def _until(self, pending: Pending) -> None:
        if not self._fleet.running:
            raise self._is_stopping()
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
        if not self._fleet.running:
            raise self._is_stopping()
        generation = self._supervisor.restart()
        await self._until(
            Pending(
                lambda: self._fleet.taken_over(generation),
                lambda failed: self._fleet.serving < generation <= failed,
                changes=True,
            )
        )
        return f"generation {self._fleet.serving} serves"

    async def scale(self, workers: int) -> str:
        """Run so many workers, until the supervisor ends or another number is asked for.

        Raises ConfigurationError for a number that is out of range, or what kept a worker from starting.
        """
        check_workers(workers)
        self._fleet.wanted = workers
        self._supervisor.note(Kind.SCALED, f"{workers} workers are wanted", level=logging.INFO)
        await self._until(
            Pending(
                lambda: self._fleet.serving > 0 and self._fleet.at_size,
                lambda failed: failed == self._fleet.serving,
                changes=True,
            )
        )
        return f"{self._fleet.wanted} worker{'s serve' if self._fleet.wanted != 1 else ' serves'}"

    async def wait_ready(self) -> None:
        """Return as soon as a worker of the serving generation is ready."""
        await self._until(Pending(lambda: bool(self._fleet.ready(self._fleet.serving))))

    async def upgrade(self) -> str:
        """Re-execute the supervisor. Raises WesktopError when that cannot be; does not return when it can.

        What was asked for before, and while the new release is looked at, is done first.
        """
        if not self._supervisor.owns_process:
            raise ControlError("serve() runs inside of your program: restart that, or use `wesktop serve`.")
        await self._unless_stopped(check_new_release())
        while True:
            await self._until(Pending(self._settled))
            if self._settled() and self._fleet.running:  # else something came before this task's turn
                upgrade(self._supervisor)

    def _settled(self) -> bool:
        """Whether no change of the fleet is under way."""
        return self._fleet.coming is None and not any(pending.changes for pending in self._pending)

    def request_stop(self, reason: str) -> None:
        """Begin to end the app."""
        self._supervisor.request_stop(reason)

    def report(self) -> Report:
        """How the app is."""
        return self._supervisor.report()

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
                told = self._supervisor.crew.launch(launch.arguments, launch.directory)
        else:
            windows.show(lambda: Launched(arguments=launch.arguments, directory=launch.directory), window)

    async def show(self, show: Show) -> Done | Vacant:
        """Have the window in front show the app, or one that is coming, and tell of a launch as `launch` does.

        Where there is none, who asks is to open it: nothing may be awaited until he holds a lease.
        """
        if show.launch is not None:
            check_passed_on(show.launch)
        if not self._fleet.running:
            raise self._is_stopping()
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
        _check_path(path)
        self._supervisor.control.windows.show(lambda: Navigate(url=self._supervisor.link(path)))

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
        return self._supervisor.bus.known(joined=bool(self._fleet.ready()))

    def link(self, path: str) -> tuple[str, Awaitable[str]]:
        """An address that lets one client in, and what waits until it has.

        Raises ConfigurationError for a path that leads elsewhere; the latter, ControlTimeoutError when nobody came.
        """
        _check_path(path)
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[str] = loop.create_future()
        if self._supervisor.instance.access is None:
            opened.set_result("")
        url = self._supervisor.link(path, lambda admitted: _settle(opened, admitted))
        loop.call_later(LIFETIME, lambda: self._supervisor.tokens.expire(loop.time()))  # not sooner than it was made
        return url, opened

    def bearer(self) -> str:
        """What lets scripts in. Raises ConfigurationError where there is no session."""
        access = self._supervisor.instance.access
        if access is None:
            name = self._supervisor.spec.name
            raise ConfigurationError(f"{name!r} has no session: scripts get in without a token.")
        return access.bearer

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
        return [*self._supervisor.events.kept]

    def follow_events(self, callback: Callable[[Happened], None]) -> Callable[[], None]:
        """Tell of what happens from now on, until what is returned is called."""
        return self._supervisor.events.follow(callback)

    # Leases.

    def current_event(self, path: str) -> Answer:
        """The event that a new lease begins with. Raises ConfigurationError for a path that leads elsewhere."""
        _check_path(path)
        return self._supervisor.current_event(path)

    def lease_began(self, kind: str) -> None:
        """Somebody has attached."""
        self._supervisor.lease_began(kind)
        self._supervisor.wake()  # others may wait for a window

    def lease_ended(self, kind: str) -> None:
        """A lease has ended."""
        self._supervisor.lease_ended(kind)
        self._supervisor.wake()


def _check_path(path: str) -> None:
    if path != "/":
        from wesktopd.entrance import check_path  # late, for the supervisor's size

        check_path(path)


def _settle(opened: asyncio.Future[str], admitted: bool) -> None:
    if opened.done():
        return
    if admitted:
        opened.set_result("it was opened")
    else:
        instead = "`wesktop ctl open --print-link` has a link for any browser"
        opened.set_exception(ControlTimeoutError(f"nobody has opened it within {LIFETIME:g} seconds: {instead}."))
        opened.exception()  # somebody may not have waited for it


def _as_message(line: LogLine) -> Log:
    return Log(time=line.time, pid=line.pid, stream=line.stream, text=line.text)
