"""Calls the app's function for further starts of the app."""

import asyncio
import inspect
import logging
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from wesktopd.guard.tokens import MAX_PATH
from wesktopd.system import send_message
from wesktopd.wire.worker_messages import GoTo, StartRequest

MAX_CALLS = 16  # at the same time: each has a thread, and the function may never return

logger = logging.getLogger("wesktop")


class StartRequests:
    """A worker's side. channel: to its supervisor. `received` may be called from any thread.

    loop, function: set before the worker is ready; function(arguments, directory) may return the path that the window
    shows next, or an awaitable of it. A worker without a function gets no request.
    """

    def __init__(self, channel: socket.socket) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.function: Callable[[list[str], str], Any] | None = None
        self._channel = channel
        self._free = threading.Semaphore(MAX_CALLS)

    def received(self, request: StartRequest) -> None:
        """Call the function for a further start of the app."""
        if not self._free.acquire(blocking=False):
            logger.error("a launch is dropped: the function for them has not returned from %d others", MAX_CALLS)
            return
        try:
            # In a thread of its own: the loop's belong to the app, and one that blocks would keep the worker.
            threading.Thread(target=self._work, args=(request,), name="launch", daemon=True).start()
        except RuntimeError:  # no thread can be started
            self._free.release()
            raise

    def _work(self, request: StartRequest) -> None:
        try:
            self._call(request)
        finally:
            self._free.release()

    def _call(self, request: StartRequest) -> None:
        assert self.function is not None
        assert self.loop is not None
        try:
            path = self.function(request.arguments, request.directory)
            if inspect.isawaitable(path):
                path = asyncio.run_coroutine_threadsafe(_unless_it_exits(path), self.loop).result()
            if path is None:
                return
            if not isinstance(path, str):
                raise TypeError(f"it returned {path!r}: return a path of the app, or None.")
            if len(path) > MAX_PATH:  # the supervisor checks the rest
                raise ValueError(f"it returned a path of {len(path)} characters: {MAX_PATH} are allowed.")
        except (Exception, SystemExit):  # argparse exits on arguments that it does not know
            logger.exception("the function for another launch failed")
        else:
            send_message(self._channel, GoTo(path))


async def _unless_it_exits(called: Awaitable[Any]) -> Any:
    """Return its result; asyncio lets SystemExit out of a task, which would end the worker."""
    try:
        return await called
    except SystemExit as error:
        raise RuntimeError(f"it called sys.exit({error.code!r})") from error
