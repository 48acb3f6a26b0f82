"""The end of a supervisor that has handed over: its workers finish the requests that they have."""

import asyncio
import socket

from wesktopd.app.foreground import Relay
from wesktopd.app.served_app import ServedApp
from wesktopd.errors import StartupError
from wesktopd.system import ChildProcess, leave_no_zombies
from wesktopd.upgrade.messages import Quiet, Stop
from wesktopd.upgrade.successor_link import SuccessorLink


class Retirement:
    """The remaining work of the old supervisor. successor: receives what its workers still print, do and ask for.

    Before `begin`, the upgrade may still fail: then `successor.kept` has what has happened meanwhile.
    """

    def __init__(self, app: ServedApp) -> None:
        self.successor = SuccessorLink(self._on_successor_ended)
        self._app = app
        self._process: ChildProcess | None = None  # of the successor
        self._relay: Relay | None = None
        self._quiet = False

    async def begin(self, successor: ChildProcess, foreground: socket.socket | None) -> None:
        """Retire: the successor has taken over. foreground: a channel to it, if this process is waited for."""
        self._app.instance.release_name()
        self._app.pool.running = False
        loop = asyncio.get_running_loop()
        if foreground is not None:
            _, self._relay = await loop.connect_accepted_socket(Relay, foreground)
        self._process = successor  # from now on `stop` goes to the relay, or nowhere; before, to the successor
        await loop.connect_accepted_socket(lambda: self.successor, successor.channel)
        self._app.wake()

    def report_quiet(self) -> None:
        """Report once that no worker accepts connections any more, as soon as that is so."""
        begun = self._process is not None and not self._app.pool.running
        if begun and not self._quiet and not any(worker.accepts for worker in self._app.pool.workers):
            self._quiet = True
            self.successor.send(Quiet())

    def _on_successor_ended(self) -> None:
        """End with the successor: without it, the workers' reports have no receiver."""
        self._app.manager.kill_all()

    async def finish(self) -> None:
        """Part from the successor; if this process is waited for, stay until the app ends.

        Raises StartupError if the app was killed.
        """
        await self.successor.leave()
        if self._relay is None:
            return
        # Of the successor, which is a child; and of its children, if this is the first process of a container.
        leave_no_zombies()
        await self._relay.ended.wait()
        if self._relay.unasked:
            raise StartupError(f"the supervisor of {self._app.spec.name!r} has ended unasked.")

    def stop(self, *, at_once: bool = False) -> None:
        """Have the app end, if this process stands for it."""
        if self._relay is not None:
            self._relay.stop(at_once=at_once)
        elif self._process is None:
            self.successor.send(Stop())
