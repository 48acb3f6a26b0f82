"""The end of a supervisor whose place another has taken: its workers finish what they have begun."""

import asyncio
import os
import signal
import socket
from typing import TYPE_CHECKING

from wesktopd.errors import StartupError
from wesktopd.foreground import Relay
from wesktopd.handover import Quiet
from wesktopd.heir import Heir
from wesktopd.launch import Launched
from wesktopd.notify import is_watched

if TYPE_CHECKING:
    from wesktopd.daemon import Supervisor


class Retirement:
    """What is left to do. heir: who is told what the workers still print, do and ask for.

    Until it has begun, it may come to nothing: then `heir.kept` is what has happened meanwhile.
    """

    def __init__(self, supervisor: "Supervisor") -> None:
        self.heir = Heir(self._on_successor_ended)
        self._supervisor = supervisor
        self._successor: Launched | None = None
        self._relay: Relay | None = None
        self.stop_asked = False  # before it has begun
        self._quiet = False

    async def begin(self, successor: Launched, foreground: socket.socket | None) -> None:
        """The successor has taken over. foreground: our end of a channel to it, where somebody waits for our end."""
        self._successor = successor
        loop = asyncio.get_running_loop()
        if foreground is not None:
            relay = Relay(successor.process.pid)
            await loop.connect_accepted_socket(lambda: relay, foreground)
            self._relay = relay
        if self.stop_asked and not is_watched():  # a service manager tells the successor itself
            os.kill(successor.process.pid, signal.SIGTERM)
        self._supervisor.instance.surrender()
        self._supervisor.fleet.running = False
        await loop.connect_accepted_socket(lambda: self.heir, successor.channel)
        self._supervisor.wake()

    def look(self) -> None:
        """Tell when nothing more comes to the workers, once."""
        begun = self._successor is not None and not self._supervisor.fleet.running
        if begun and not self._quiet and not any(worker.accepts for worker in self._supervisor.fleet.workers):
            self._quiet = True
            self.heir.tell(Quiet())

    def _on_successor_ended(self) -> None:
        """All ends with it: nobody else is there to be told of anything."""
        self._supervisor.crew.kill_all()

    async def in_the_foreground(self) -> None:
        """Stay until the app has ended, where somebody waits for that. Raises StartupError when it was killed."""
        self.heir.leave()
        if self._relay is None:
            return
        await self._relay.ended.wait()
        if self._relay.unasked:
            raise StartupError(f"the supervisor of {self._supervisor.spec.name!r} has ended unasked.")

    def stop(self) -> None:
        """Have the app end, where this process stands for it."""
        if self._relay is not None:
            self._relay.stop()
        self.stop_asked = True
