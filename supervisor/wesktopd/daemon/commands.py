"""The commands of the control socket that take a while: restart, scale, upgrade, show and the like."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

from wesktopd.app.served_app import ServedApp
from wesktopd.control.server_connection import ClientConnection
from wesktopd.daemon.pending import Pending
from wesktopd.errors import AlreadyRunningError, ConfigurationError, ControlError, NoWindowError, WesktopError
from wesktopd.logs.history import HistoryKind
from wesktopd.options import BY_NAME
from wesktopd.system import service_manager
from wesktopd.upgrade.old_supervisor import Upgrade
from wesktopd.wire.bus_messages import Publish
from wesktopd.wire.control_messages import Done, check_passed_on
from wesktopd.wire.window_messages import Launch, Launched, Show, Vacant

JOIN_TIMEOUT = 1.0  # seconds to wait for a broadcaster


class Commands:
    """Carries out commands: changes what is desired, and waits until that is reached.

    new_upgrade: makes an attempt to upgrade.
    """

    def __init__(self, app: ServedApp, new_upgrade: Callable[[], Upgrade]) -> None:
        self._app = app
        self._pool = app.pool
        self._new_upgrade = new_upgrade
        self._upgrading = False
        self._pending: list[Pending] = []

    # Called by the supervisor.

    def settle(self) -> None:
        """Complete the commands that have reached what they wait for."""
        for pending in self._pending:
            if not pending.future.done() and pending.done():
                pending.future.set_result(None)

    def failed(self, error: WesktopError, generation: int) -> None:
        """Fail the commands that wait for this generation, of which a worker did not start."""
        for pending in self._pending:
            if pending.fails(generation):
                pending.fail(error)

    def stopped(self) -> None:
        """Fail all commands: the app is ending."""
        for pending in self._pending:
            pending.fail(self._app.stopping_error())

    async def _until(self, pending: Pending) -> None:
        if not self._pool.running:
            raise self._app.stopping_error()
        self._pending.append(pending)
        self._app.wake()
        try:
            await pending.future
        finally:
            self._pending.remove(pending)
            self._app.wake()  # others may wait for that

    async def _unless_stopped(self, doing: Coroutine[Any, Any, None]) -> None:
        """Wait until it is done; cancel it if the app has to end."""
        task = asyncio.ensure_future(doing)
        task.add_done_callback(lambda _: self._app.wake())
        try:
            await self._until(Pending(task.done))
        except WesktopError:
            task.cancel()
            raise
        await task

    # Requests.

    async def restart(self) -> str:
        """Serve new code; a further restart meanwhile replaces this one, and completes both.

        Raises what kept the new generation from starting; the old one goes on.
        """
        await self._upgraded()
        generation = self._pool.restart()
        self._app.record.note(HistoryKind.RESTARTING, f"generation {generation} is coming")
        service_manager.reloading(f"Generation {generation} is coming.")
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
        BY_NAME["workers"].check(workers)
        await self._upgraded()
        self._pool.wanted = workers
        self._app.record.note(HistoryKind.SCALED, f"{workers} workers are wanted", level=logging.INFO)
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
        """Have the installed release take the place of this one; its supervisor answers the request.

        Earlier commands that change the pool are completed first; later ones wait until it is over. Raises
        WesktopError if it cannot, or its workers do not start: then nothing has changed.
        """
        if not self._app.owns_process:
            raise ControlError("serve() runs inside your program: restart that, or use `wesktop serve`.")
        await self._upgraded()
        self._upgrading = True
        upgrade = self._new_upgrade()
        try:
            await self._until(Pending(self._settled))
            await self._unless_stopped(upgrade.prepare())
            await upgrade.hand_over()
        except WesktopError as error:
            if self._pool.running:
                self._app.record.say(logging.ERROR, f"the upgrade is given up: {error.message}")
            raise
        finally:
            self._upgrading = False
            self._app.wake()
        return ""

    async def _upgraded(self) -> None:
        """Wait for the end of an upgrade, if there is one. A new supervisor begins the command anew."""
        while not self._pool.running or self._upgrading:
            await self._until(Pending(lambda: not self._upgrading))

    def _settled(self) -> bool:
        """Return whether no command is changing the pool."""
        return self._pool.coming is None and not any(pending.changes for pending in self._pending)

    async def launch(self, launch: Launch, window: ClientConnection | None) -> None:
        """Pass on a further start: to the page in front, or that of a window; or to the app's function for that.

        Raises ConfigurationError if there are more arguments than fit, ControlError if too many launches wait.
        """
        check_passed_on(launch)
        windows = self._app.control.windows
        if self._app.spec.calls_function:
            with contextlib.suppress(NoWindowError):
                windows.bring_to_front()
            sent = False
            while not sent:  # a worker may be lost before this task's turn
                await self.wait_ready()
                sent = self._app.manager.launch(launch.arguments, launch.directory)
        else:
            windows.show(lambda: Launched(arguments=launch.arguments, directory=launch.directory), window)

    async def show(self, show: Show) -> Done | Vacant:
        """Decide what a further start does: have the window in front show the app, or one that is being opened, and
        pass the launch on as `launch` does; or let the client open one.

        Between the decision for the latter and the client's lease, nothing may be awaited. Raises AlreadyRunningError
        for another program of this name, NotRunningError if the app is ending, and what `launch` raises.
        """
        if show.launch is not None:
            check_passed_on(show.launch)
        if not self._pool.running:
            raise self._app.stopping_error()
        self._check_program(show)
        windows, spec = self._app.control.windows, self._app.spec
        has_its_own = spec.second_launch == "window" and not show.shares
        if has_its_own or not await self._window_there(time.monotonic()):
            return Vacant(windows=windows.count, one_shot=spec.one_shot, origin=self._app.instance.origin)
        if show.launch is None:
            windows.bring_to_front()
        else:
            await self.launch(show.launch, None)
        return Done()

    def _check_program(self, show: Show) -> None:
        spec = self._app.spec
        if show.target is not None and (show.target, show.import_path) != (spec.target, spec.import_path):
            raise AlreadyRunningError(
                f"another program, {spec.target!r} from {', '.join(spec.import_path)}, "
                f"runs under the name {spec.name!r}: give this one a name of its own with name=."
            )

    async def _window_there(self, asked: float) -> bool:
        windows = self._app.control.windows
        while not windows.count and (seconds := windows.awaited_for(asked)) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._until(Pending(lambda: windows.count > 0 or windows.awaited_for(asked) <= 0))
            # Of several that wait, the first to get here opens one now: the others check again.
        return windows.count > 0

    async def emit(self, channel: str, event: str, data: str) -> None:
        """Send an event to the pages.

        Raises ConfigurationError for an event name that cannot be sent, and if no broadcaster has this channel; that
        of a ready worker may take a moment to join.
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
        self._app.bus.channel(channel).publish(Publish(event=event, data=data, origin="", number=0))

    def _channels(self) -> list[str]:
        """Return the channels to which an event can be sent; those of earlier workers while there is none."""
        return self._app.bus.known(joined=bool(self._pool.ready()))
