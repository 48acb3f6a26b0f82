"""An upgrade, in the new supervisor: it starts its own workers, then takes the place of the old one."""

import asyncio
import os
import socket
from collections.abc import Callable
from functools import partial

from wesktopd.app.foreground import Foreground
from wesktopd.app.served_app import ServedApp
from wesktopd.errors import ControlError
from wesktopd.logs.history import HistoryKind
from wesktopd.release import installed_release
from wesktopd.system import service_manager
from wesktopd.upgrade.messages import Beginning, Handover
from wesktopd.upgrade.predecessor_link import PredecessorLink
from wesktopd.wire.control_messages import STARTER, Done, Moved


class Takeover:
    """Makes a process the supervisor of an app that another process supervises.

    manager: the service manager, which gets no message before the takeover. taken: whether this process is the
    supervisor. outlived: whether what is left of the old supervisor has ended.
    """

    def __init__(
        self, predecessor: PredecessorLink, beginning: Beginning, manager: service_manager.ServiceManager
    ) -> None:
        self.taken = False
        self.outlived = False
        self._predecessor = predecessor
        self._beginning = beginning
        self._manager = manager

    def begin(self, app: ServedApp) -> None:
        """Have the next generation start; it does not accept connections until it is released."""
        pool = app.pool
        pool.latest, pool.wanted = self._beginning.latest, self._beginning.wanted
        pool.restart()
        app.started, app.release = self._beginning.started, installed_release()
        asyncio.get_running_loop().add_reader(self._predecessor, self._on_early_end, app)

    def _on_early_end(self, app: ServedApp) -> None:
        # The predecessor sends nothing before it is asked: its channel is readable only at its end.
        asyncio.get_running_loop().remove_reader(self._predecessor)
        app.supervisor.request_stop("the supervisor that it was to replace has ended")

    async def finish(self, app: ServedApp) -> None:
        """Take the place of the predecessor. If that fails, this process ends, and nothing has changed."""
        asyncio.get_running_loop().remove_reader(self._predecessor)
        try:
            handed = self._predecessor.take_over()
            await connect(app, handed, self._predecessor.socket)
            _restore(app, handed)
            self._predecessor.confirm()
        except Exception as error:
            # Immediately: an orderly end would close and remove what belongs to the predecessor.
            self._predecessor.refuse(ControlError(f"the installed release of wesktop cannot take over: {error!r}."))
            os._exit(1)
        self.taken = True
        self._manager.resume()
        app.manager.release()
        app.instance.take_name(None if handed.lock is None else self._predecessor.descriptor(handed.lock))
        app.manager.write_state()
        app.warnings.say(*app.instance.warnings, *app.output.warnings)
        for lease in app.control.leases:
            if lease.lease == STARTER:
                lease.send_event(Moved(pid=os.getpid()))
        await resume(app)
        if handed.foreground is not None:
            await _serve_foreground(app, self._predecessor.socket(handed.foreground))
        await self._predecessor.follow(app, partial(self._answer_upgrades, app), partial(self._on_end, app))
        app.record.note(HistoryKind.UPGRADED, _success(app))

    def kill_predecessor(self) -> None:
        """Have what is left of the predecessor end immediately."""
        self._predecessor.kill()

    def _answer_upgrades(self, app: ServedApp) -> None:
        """Answer the requests for this upgrade: from now on the new release answers every request."""
        service_manager.ready(f"Serving on {app.instance.url}.")  # by now the service manager knows this process
        app.control.answer_upgrades(Done(note=_success(app)))

    def _on_end(self, app: ServedApp) -> None:
        """The last request to the predecessor's workers has ended, or it was killed."""
        self.outlived = True
        app.output.journal.all_ended_but(app.manager.pids)
        self._answer_upgrades(app)
        app.wake()


def _success(app: ServedApp) -> str:
    return f"release {app.release or 'unknown'} has taken over"


async def connect(
    app: ServedApp, handed: Handover, sockets: Callable[[int], socket.socket], *, back: bool = False
) -> None:
    """Take the connections and listening sockets that were handed over, see `ControlServer.take_over`."""
    paths = app.instance.paths
    await app.bus.take_over(handed.bus, sockets, paths.bus if paths else None)
    await app.control.take_over(handed.control, sockets, paths.control if paths else None, back=back)


async def resume(app: ServedApp) -> None:
    """Answer on the control socket and the bus from now on."""
    await app.bus.resume()
    await app.control.resume()


def _restore(app: ServedApp, handed: Handover) -> None:
    app.config_file = handed.config_file
    app.manager.deliver(handed.launches)
    app.output.journal.restore(handed.lines)
    app.output.journal.restore_begun(handed.begun)
    app.record.history.restore(handed.events)
    app.links.tokens.restore(handed.tokens)  # the loop's clock is the machine's, and goes on


async def _serve_foreground(app: ServedApp, channel: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    _, app.foreground = await loop.connect_accepted_socket(lambda: Foreground(app.supervisor), channel)
