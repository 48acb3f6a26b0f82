"""An upgrade, as the new supervisor sees it: it starts its own workers, and then takes the place of the old one."""

import asyncio
import os
import socket
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from wesktopd.app.foreground import Foreground
from wesktopd.errors import ControlError
from wesktopd.logs.history import Kind
from wesktopd.release import installed_release
from wesktopd.system.service_manager import ServiceManager, ready
from wesktopd.upgrade.messages import Beginning, Handover
from wesktopd.upgrade.predecessor_link import Predecessor
from wesktopd.wire.control_messages import STARTER, Done, Moved

if TYPE_CHECKING:
    from wesktopd.daemon.supervisor import Supervisor


class Takeover:
    """Makes a supervisor out of a process that was started to be one.

    manager: the service manager, which is not to be told of anything before. taken: whether it is the supervisor.
    outlived: whether what was left of its predecessor has ended.
    """

    def __init__(self, predecessor: Predecessor, beginning: Beginning, manager: ServiceManager) -> None:
        self.taken = False
        self.outlived = False
        self._predecessor = predecessor
        self._beginning = beginning
        self._manager = manager

    def begin(self, supervisor: "Supervisor") -> None:
        """Have the next generation start; it does not accept connections until it is released."""
        pool = supervisor.pool
        pool.latest, pool.wanted = self._beginning.latest, self._beginning.wanted
        pool.restart()
        supervisor.started, supervisor.release = self._beginning.started, installed_release()
        asyncio.get_running_loop().add_reader(self._predecessor, self._on_end_before, supervisor)

    def _on_end_before(self, supervisor: "Supervisor") -> None:
        # It says nothing before it is asked.
        asyncio.get_running_loop().remove_reader(self._predecessor)
        supervisor.request_stop("the supervisor that it was to replace has ended")

    async def finish(self, supervisor: "Supervisor") -> None:
        """Take the place of the predecessor. Where that fails, the process ends, and nothing has changed."""
        asyncio.get_running_loop().remove_reader(self._predecessor)
        try:
            handed = self._predecessor.take_over()
            await connect(supervisor, handed, self._predecessor.socket)
            _remember(supervisor, handed)
            self._predecessor.confirm()
        except Exception as error:
            # At once: whatever an orderly end closes or removes, belongs to the predecessor.
            self._predecessor.refuse(ControlError(f"the installed release of wesktop cannot take over: {error!r}."))
            os._exit(1)
        self.taken = True
        self._manager.resume()
        supervisor.manager.release()
        supervisor.instance.take_name(None if handed.lock is None else self._predecessor.descriptor(handed.lock))
        supervisor.manager.write_state()
        supervisor.warnings.say(*supervisor.instance.warnings, *supervisor.output.warnings)
        for lease in supervisor.control.leases:
            if lease.lease == STARTER:
                lease.send_event(Moved(pid=os.getpid()))
        await resume(supervisor)
        if handed.foreground is not None:
            await _serve_foreground(supervisor, self._predecessor.socket(handed.foreground))
        await self._predecessor.follow(
            supervisor, partial(self._answer, supervisor), partial(self._on_end, supervisor)
        )
        supervisor.note(Kind.UPGRADED, _success(supervisor))

    def kill_predecessor(self) -> None:
        """Have what is left of it end at once."""
        self._predecessor.kill()

    def _answer(self, supervisor: "Supervisor") -> None:
        """Tell who has asked for the upgrade that whatever is asked from now on, the new release answers."""
        ready(f"Serving on {supervisor.instance.url}.")  # by now the manager knows this process
        supervisor.control.answer_upgrades(Done(note=_success(supervisor)))

    def _on_end(self, supervisor: "Supervisor") -> None:
        """The last request to the predecessor's workers has ended, or it was killed."""
        self.outlived = True
        supervisor.output.journal.all_ended_but({process.pid for process in supervisor.manager.processes.values()})
        self._answer(supervisor)
        supervisor.wake()


def _success(supervisor: "Supervisor") -> str:
    return f"release {supervisor.release or 'unknown'} has taken over"


async def connect(
    supervisor: "Supervisor", handed: Handover, sockets: Callable[[int], socket.socket], *, back: bool = False
) -> None:
    """Be ready to answer those who are connected, and whoever connects; see `ControlServer.take_over`."""
    paths = supervisor.instance.paths
    await supervisor.bus.take_over(handed.bus, sockets, paths.bus if paths else None)
    await supervisor.control.take_over(handed.control, sockets, paths.control if paths else None, back=back)


async def resume(supervisor: "Supervisor") -> None:
    """Answer them from now on."""
    paths = supervisor.instance.paths
    await supervisor.bus.resume(paths.bus if paths else None)
    await supervisor.control.resume(paths.control if paths else None)


def _remember(supervisor: "Supervisor", handed: Handover) -> None:
    supervisor.config_file = handed.config_file
    supervisor.manager.hear_of(handed.launches)
    supervisor.output.journal.restore(handed.lines)
    for pid, stream, begun in handed.begun:
        supervisor.output.journal.feed(pid, stream, begun)
    supervisor.record.events.restore(handed.events)
    supervisor.commands.links.tokens.restore(handed.tokens)  # the loop's clock is the machine's, and goes on


async def _serve_foreground(supervisor: "Supervisor", channel: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    _, supervisor.foreground = await loop.connect_accepted_socket(lambda: Foreground(supervisor), channel)
