"""Keeps a running app findable: its lock, its state file and its sockets may be removed under it.

logind empties a user's runtime directory at the end of the last session, and others clean /tmp. Without its lock's
file the app counts as stopped, and another one of its name could start.
"""

import asyncio
import logging
from collections.abc import Callable

from wesktopd.bus.event_bus import Bus
from wesktopd.control.server import ControlServer
from wesktopd.errors import ConfigurationError
from wesktopd.instance.instance import Instance
from wesktopd.logs.record import Record
from wesktopd.paths import AppPaths
from wesktopd.system import Lock, control_socket

CHECK_INTERVAL = 3.0  # seconds

logger = logging.getLogger("wesktopd")


class Presence:
    """Checks periodically, from `resume` on, whether an app's files are in place, and restores those that are not.

    write_state: writes the state file.
    """

    def __init__(
        self,
        instance: Instance,
        control: ControlServer,
        bus: Bus,
        record: Record,
        write_state: Callable[[], None],
    ) -> None:
        self._instance, self._control, self._bus = instance, control, bus
        self._record = record
        self._write_state = write_state
        self._loop = asyncio.get_running_loop()
        self._trouble = ""
        self._timer: asyncio.TimerHandle | None = None
        self._restoring: asyncio.Task[None] | None = None

    def resume(self) -> None:
        """Check from now on."""
        self._timer = self._loop.call_later(CHECK_INTERVAL, self._check)

    async def pause(self) -> None:
        """Stop checking, once nothing is being restored: half-restored files would not be found."""
        if self._restoring is not None:
            await asyncio.wait([self._restoring])
        self.close()

    def close(self) -> None:
        """Stop checking."""
        if self._timer is not None:
            self._timer.cancel()
        if self._restoring is not None:
            self._restoring.cancel()

    @property
    def _is_complete(self) -> bool:
        lock, state = self._instance.lock, self._instance.state_file
        return (
            (lock is None or lock.is_in_place())
            and (state is None or state.is_in_place())
            and self._control.is_in_place()
            and (self._bus.is_in_place() or not control_socket.has_unix_sockets())
        )

    def _check(self) -> None:
        if self._is_complete:
            self._trouble = ""
            self.resume()
        else:
            self._restoring = self._loop.create_task(self._restore())

    async def _restore(self) -> None:
        trouble = ""
        try:
            trouble = await self._make_again()
        except (OSError, ConfigurationError) as error:
            trouble = f"its files are gone and cannot be made again: `wesktop ctl` does not find it ({error})"
        except Exception:  # a mistake of ours, which must not end the checks
            logger.exception("its files are gone and cannot be made again")
        if trouble and trouble != self._trouble:  # once, and not at every check
            self._record.say(logging.ERROR, trouble)
        self._trouble = trouble
        self.resume()

    async def _make_again(self) -> str:
        """Return what is still wrong afterwards, "" for nothing."""
        instance = self._instance
        paths = AppPaths(instance.spec.name)  # makes the directory; where others look for it now
        if instance.lock is None or not instance.lock.is_in_place():
            lock = Lock(paths.lock)
            if not lock.acquire():
                return "another server of this name runs by now, so `wesktop ctl` does not find this one"
            instance.move_to(paths, lock)
        self._write_state()
        if not self._control.is_in_place():
            await self._control.open(paths.control)
        if control_socket.has_unix_sockets() and not self._bus.is_in_place():
            await self._bus.open(paths.bus)
        if not self._is_complete:  # of all that is made, this alone does not raise
            return f"{paths.state} cannot be written: should this process die, the next one does not find its workers"
        self._record.say(logging.WARNING, f"files in {paths.lock.parent} were removed: they are made again")
        return ""
