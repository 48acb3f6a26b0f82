"""Calls the app's function when the app is started again."""

import asyncio
import inspect
import logging
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from wesktopd.guard.tokens import MAX_PATH
from wesktopd.wire.channel import GoTo, Launch, tell

MAX_CALLS = 16  # that go on at once: each has a thread, and the function may never return

logger = logging.getLogger("wesktop")


class Launches:
    """A worker's side. channel: to its supervisor. `heard` may be called from any thread.

    loop, function: set before the worker is ready; function(arguments, directory) may return the path that the window
    is to go to, or an awaitable of it. A worker without a function hears of no launch.
    """

    def __init__(self, channel: socket.socket) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.function: Callable[[list[str], str], Any] | None = None
        self._channel = channel
        self._free = threading.Semaphore(MAX_CALLS)

    def heard(self, launch: Launch) -> None:
        """The app was started again."""
        if not self._free.acquire(blocking=False):
            logger.error("a launch is dropped: the function for them has not returned from %d others", MAX_CALLS)
            return
        try:
            # In a thread of its own: the loop's are the app's, and one that blocks for ever would keep the worker.
            threading.Thread(target=self._work, args=(launch,), name="launch", daemon=True).start()
        except RuntimeError:  # no thread can be started
            self._free.release()
            raise

    def _work(self, launch: Launch) -> None:
        try:
            self._call(launch)
        finally:
            self._free.release()

    def _call(self, launch: Launch) -> None:
        assert self.function is not None
        assert self.loop is not None
        try:
            path = self.function(launch.arguments, launch.directory)
            if inspect.isawaitable(path):
                path = asyncio.run_coroutine_threadsafe(_unless_it_exits(path), self.loop).result()
            if path is None:
                return
            if not isinstance(path, str):
                raise TypeError(f"it returned {path!r}: return a path of the app, or None.")
            if len(path) > MAX_PATH:  # the rest of what is wrong with one, the supervisor says
                raise ValueError(f"it returned a path of {len(path)} characters: {MAX_PATH} are allowed.")
        except (Exception, SystemExit):  # argparse exits on arguments that it does not know
            logger.exception("the function for another launch failed")
        else:
            tell(self._channel, GoTo(path))


async def _unless_it_exits(called: Awaitable[Any]) -> Any:
    """What it returns; asyncio lets an exit out of its task, and it would end the worker."""
    try:
        return await called
    except SystemExit as error:
        raise RuntimeError(f"it called sys.exit({error.code!r})") from error
