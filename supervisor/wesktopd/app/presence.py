"""Keeps a running app findable: its lock, its state file and its sockets may be removed under it.

logind empties a user's runtime directory at the end of the last session, and others clean /tmp. Without its lock's
file the app counts as stopped, and another one of its name could start.
"""

import asyncio
import logging
from typing import TYPE_CHECKING

from wesktopd.errors import ConfigurationError
from wesktopd.paths import AppPaths
from wesktopd.system.lock import Lock
from wesktopd.system.transport import has_unix_sockets

if TYPE_CHECKING:
    from wesktopd.daemon.supervisor import Supervisor

LOOK_EVERY = 3.0  # seconds

logger = logging.getLogger("wesktopd")


class Presence:
    """Looks now and then whether the files of a supervisor are in place, and makes again what is not."""

    def __init__(self, supervisor: "Supervisor") -> None:
        self._supervisor = supervisor
        self._loop = asyncio.get_running_loop()
        self._trouble = ""
        self._timer = self._loop.call_later(LOOK_EVERY, self._look)
        self._restoring: asyncio.Task[None] | None = None

    def close(self) -> None:
        """Look no more."""
        self._timer.cancel()
        if self._restoring is not None:
            self._restoring.cancel()

    async def leave(self) -> None:
        """Look no more, as soon as nothing is being made again: of a half of it, nobody would know."""
        if self._restoring is not None:
            await asyncio.wait([self._restoring])
        self.close()

    @property
    def _is_complete(self) -> bool:
        supervisor = self._supervisor
        lock, state = supervisor.instance.lock, supervisor.instance.state_file
        return (
            (lock is None or lock.is_in_place())
            and (state is None or state.is_in_place())
            and supervisor.control.is_in_place()
            and (supervisor.bus.is_in_place() or not has_unix_sockets())
        )

    def _look(self) -> None:
        if self._is_complete:
            self._trouble = ""
            self._timer = self._loop.call_later(LOOK_EVERY, self._look)
        else:
            self._restoring = self._loop.create_task(self._restore())

    async def _restore(self) -> None:
        trouble = ""
        try:
            trouble = await self._make_again()
        except (OSError, ConfigurationError) as error:
            trouble = f"its files are gone and cannot be made again: `wesktop ctl` does not find it ({error})"
        except Exception:  # a mistake of ours, which must not end the looking
            logger.exception("its files are gone and cannot be made again")
        if trouble and trouble != self._trouble:  # once, and not at every look
            self._supervisor.log(logging.ERROR, trouble)
        self._trouble = trouble
        self._timer = self._loop.call_later(LOOK_EVERY, self._look)

    async def _make_again(self) -> str:
        """Return what is still amiss afterwards, "" for nothing."""
        supervisor, instance = self._supervisor, self._supervisor.instance
        paths = AppPaths(instance.spec.name)  # makes the directory; where others look for it now
        if instance.lock is None or not instance.lock.is_in_place():
            lock = Lock(paths.lock)
            if not lock.acquire():
                return "another server of this name runs by now, so `wesktop ctl` does not find this one"
            instance.hold(paths, lock)
        supervisor.manager.write_state()
        if not supervisor.control.is_in_place():
            await supervisor.control.open(paths.control)
        if has_unix_sockets() and not supervisor.bus.is_in_place():
            await supervisor.bus.open(paths.bus)
        if not self._is_complete:  # of all that is made, this alone does not raise
            return f"{paths.state} cannot be written: should this process die, the next one does not find its workers"
        supervisor.log(logging.WARNING, f"files in {paths.lock.parent} were removed: they are made again")
        return ""
