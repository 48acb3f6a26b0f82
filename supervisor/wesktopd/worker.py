"""The worker process: granian on the inherited socket, one app, one event loop.

Started by the supervisor, by `wesktopd.launch`.
"""

import asyncio
import contextlib
import gc
import io
import logging
import os
import resource
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wesktopd.channel import Refused, Serving, WorkerSpec, inherited, take_over, tell
from wesktopd.context import set_worker
from wesktopd.drain import ASGIApp, Drain
from wesktopd.errors import LifespanError, TargetImportError, WesktopError
from wesktopd.lifespan import LifespanWatch
from wesktopd.target import load

CANCEL_AT = 0.8  # the part of the drain timeout after which open requests are cancelled, leaving time to end
ORPHAN_TIMEOUT = 0.7  # seconds to end in, once the supervisor has died
REFUSED, ORPHANED = 3, 4  # exit codes: of a worker that said why, and of one that was left alone


class Lifeline:
    """Ends this process soon after the supervisor has died, whatever the app is doing: no orphan is to be left.

    It waits for the channel's end in a thread, since an app may block while it is imported, or its loop for ever.
    """

    def __init__(self, channel: socket.socket) -> None:
        self.channel = channel
        self.on_end: Callable[[], None] | None = None
        threading.Thread(target=self._wait, name="lifeline", daemon=True).start()

    def _wait(self) -> None:
        with contextlib.suppress(OSError):
            self.channel.recv(1)  # the supervisor never speaks again
        if self.on_end is not None:
            self.on_end()
            time.sleep(ORPHAN_TIMEOUT)
        os._exit(ORPHANED)


class Worker:
    """Serves `app` until told to stop, or until the supervisor is gone."""

    def __init__(self, spec: WorkerSpec, listener: socket.socket, lifeline: Lifeline, app: ASGIApp) -> None:
        self._spec = spec
        self._listener = listener
        self._lifeline = lifeline
        self._drain = Drain(app)
        self._refused = False
        self._stopping: asyncio.TimerHandle | None = None

    async def serve(self) -> int:
        """Serve; the exit code."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_signal_handler(signal.SIGTERM, self._stop)
        self._lifeline.on_end = self.abandoned
        self._lifespan = LifespanWatch(self._drain, self._on_ready, self._on_failed)
        self._server = embedded_server(self._lifespan, self._listener)
        try:
            await self._server.serve()
        except Exception:
            if not self._refused:  # else this is granian's way to say so too
                raise
        await self._drain.websockets_ended()
        if self._stopping is not None:
            self._stopping.cancel()
        return REFUSED if self._refused else 0

    def _on_ready(self) -> None:
        self._say(Serving())

    def _on_failed(self, message: str) -> None:
        self._refused = True
        logging.getLogger("_granian").disabled = True  # it would say the same three times more
        reason = f": {message}" if message else ""
        self._say(
            Refused(error=LifespanError.__name__, message=f"the lifespan of {self._spec.target!r} failed{reason}")
        )

    def _say(self, outcome: Serving | Refused) -> None:
        tell(self._lifeline.channel, outcome)

    def abandoned(self) -> None:
        """Begin to end, from any thread: the supervisor has died."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: ending already
            self._loop.call_soon_threadsafe(self._stop)

    def _stop(self) -> None:
        if self._stopping is None:
            self._stopping = self._loop.call_later(self._spec.drain_timeout * CANCEL_AT, self._drain.cancel)
            self._lifespan.cancel_startup()
            self._drain.begin()
            self._server.stop()


def embedded_server(app: ASGIApp, listener: socket.socket) -> Any:
    """granian's embedded server on a socket that is bound already.

    granian has no option for that (2.8): `_init_shared_socket` is its private seam, and a test holds it.
    """
    from granian._granian import SocketHolder
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels
    from granian.server.embed import Server

    from wesktopd.listener import BACKLOG

    class InheritedSocketServer(Server):  # type: ignore[misc]
        def _init_shared_socket(self) -> None:
            fd = listener.fileno()
            unix = listener.family == getattr(socket, "AF_UNIX", None)
            arguments = (fd, unix) if sys.platform == "darwin" else (fd, unix, BACKLOG)
            self._ssp = None
            self._shd = SocketHolder(*arguments)
            self._sfd = fd
            self._sso = listener

    host, port = listener.getsockname()[:2]
    return InheritedSocketServer(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,  # the plain port would speak h2c otherwise
        backlog=BACKLOG,
        log_level=LogLevels.error,
    )


def raise_descriptor_limit() -> None:
    """Out of descriptors a worker spins and cannot be ended: take all that the system grants."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def prepare(spec: WorkerSpec) -> ASGIApp:
    """Import the app as the caller would; raises TargetImportError."""
    try:
        os.chdir(spec.working_dir)
    except OSError as error:
        raise TargetImportError(f"working directory {spec.working_dir!r}: {error.strerror}.") from None
    sys.path[:0] = spec.import_path
    set_worker(importing=True)
    app = load(spec.target, factory=spec.factory)
    set_worker(importing=False)
    return app


def preload() -> None:
    """Load what every worker needs, while the supervisor settles what this one is to serve."""
    import granian.server.embed  # noqa: F401

    with contextlib.suppress(ImportError):
        import uvloop  # noqa: F401


def print_traceback(error: BaseException) -> None:
    """Print the app's part of a traceback, without the frames of the import system that led there."""
    trace = error.__traceback__
    leading = ("importlib", str(Path(__file__).parent))
    while trace is not None and any(part in trace.tb_frame.f_code.co_filename for part in leading):
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace)


def main(fd: int) -> int:
    """Serve what the channel says; the exit code."""
    channel = inherited(fd)
    preload()
    given = take_over(channel)
    if given is None:
        return 0
    spec, listener = given
    raise_descriptor_limit()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)  # into a pipe, which Python would fill before it shows a line
    lifeline = Lifeline(channel)
    gc.enable()
    try:
        app = prepare(spec)
    except WesktopError as error:
        if error.__cause__ is not None:
            print_traceback(error.__cause__)
        tell(channel, Refused(error=type(error).__name__, message=error.message))
        return REFUSED
    return run_loop(Worker(spec, socket.socket(fileno=listener), lifeline, app))


def run_loop(worker: Worker) -> int:
    """Run on uvloop where there is one: about 30 % less CPU a request."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(worker.serve())
    return uvloop.run(worker.serve())
