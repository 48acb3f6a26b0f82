"""Calls the app's function when the app is started again."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Any

from wesktopd.channel import GoTo, Launch, tell


class Launches:
    """A worker's side. channel: to its supervisor. `heard` may be called from any thread.

    loop, function: set as soon as they are known; function(arguments, directory) may be async, and may return the
    path that the window is to go to. A worker without a function hears of no launch.
    """

    def __init__(self, channel: socket.socket) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.function: Callable[[list[str], str], Any] | None = None
        self._channel = channel
        self._running: set[asyncio.Task[None]] = set()

    def heard(self, launch: Launch) -> None:
        """The app was started again."""
        if self.loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: it is ending
                self.loop.call_soon_threadsafe(self._begin, launch)

    def _begin(self, launch: Launch) -> None:
        assert self.loop is not None
        task = self.loop.create_task(self._call(launch))
        self._running.add(task)  # the loop itself would not keep it
        task.add_done_callback(self._running.discard)

    async def _call(self, launch: Launch) -> None:
        assert self.function is not None
        try:
            path = await asyncio.to_thread(self.function, launch.arguments, launch.directory)
            if asyncio.iscoroutine(path):
                path = await path
            if not isinstance(path, str | None):
                raise TypeError(f"it returned {path!r}: return a path of the app, or None.")
        except Exception:
            logging.getLogger("wesktop").exception("the function for another launch failed")
            return
        if path is not None:
            tell(self._channel, GoTo(path))
