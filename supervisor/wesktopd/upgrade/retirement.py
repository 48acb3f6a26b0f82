"""The end of a supervisor whose place another has taken: its workers finish what they have begun."""

import asyncio
import contextlib
import os
import signal
import socket
from typing import TYPE_CHECKING

from wesktopd.app.foreground import Relay
from wesktopd.errors import StartupError
from wesktopd.system.children import Launched
from wesktopd.upgrade.messages import Quiet, Stop
from wesktopd.upgrade.successor_link import Heir

if TYPE_CHECKING:
    from wesktopd.daemon.supervisor import Supervisor


class Retirement:
    """What is left to do. heir: who is told what the workers still print, do and ask for.

    Until it has begun, it may come to nothing: then `heir.kept` is what has happened meanwhile.
    """

    def __init__(self, supervisor: "Supervisor") -> None:
        self.heir = Heir(self._on_successor_ended)
        self._supervisor = supervisor
        self._successor: Launched | None = None
        self._relay: Relay | None = None
        self._quiet = False

    async def begin(self, successor: Launched, foreground: socket.socket | None) -> None:
        """The successor has taken over. foreground: our end of a channel to it, where somebody waits for our end."""
        self._supervisor.instance.surrender()
        self._supervisor.pool.running = False
        loop = asyncio.get_running_loop()
        if foreground is not None:
            _, self._relay = await loop.connect_accepted_socket(Relay, foreground)
        self._successor = successor  # from now on `stop` tells the relay, or nobody; before, the heir
        await loop.connect_accepted_socket(lambda: self.heir, successor.channel)
        self._supervisor.wake()

    def look(self) -> None:
        """Tell when nothing more comes to the workers, once."""
        begun = self._successor is not None and not self._supervisor.pool.running
        if begun and not self._quiet and not any(worker.accepts for worker in self._supervisor.pool.workers):
            self._quiet = True
            self.heir.tell(Quiet())

    def _on_successor_ended(self) -> None:
        """All ends with it: nobody else is there to be told of anything."""
        self._supervisor.manager.kill_all()

    async def finish(self) -> None:
        """Part from the successor; where somebody waits for the app's end, stay until then. Raises StartupError when
        the app was killed.
        """
        await self.heir.leave()
        if self._relay is None:
            return
        # Of the successor, which is a child; and of its own ones, where this is the first process of a container.
        _leave_no_zombies()
        await self._relay.ended.wait()
        if self._relay.unasked:
            raise StartupError(f"the supervisor of {self._supervisor.spec.name!r} has ended unasked.")

    def stop(self, *, at_once: bool = False) -> None:
        """Have the app end, where this process stands for it."""
        if self._relay is not None:
            self._relay.stop(at_once=at_once)
        elif self._successor is None:
            self.heir.tell(Stop())


def _leave_no_zombies() -> None:
    """Have no child wait for this process, which asks for the end of none any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with contextlib.suppress(ChildProcessError):  # those that have ended before
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
