"""The worker process: granian on the inherited socket, one app, one event loop.

Started by the supervisor, by `wesktopd.launch`.
"""

import asyncio
import contextlib
import faulthandler
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

from wesktopd.access import Access, Session
from wesktopd.channel import (
    DUMP_SIGNAL,
    TO_WORKER,
    Beat,
    Launch,
    Quiet,
    Redeemed,
    Refused,
    Retire,
    Serving,
    Stop,
    WorkerSpec,
    decode,
    encode,
    inherited,
    read_lines,
    take_over,
    tell,
)
from wesktopd.context import APP_VARIABLE, BUS_VARIABLE, set_worker
from wesktopd.drain import ASGIApp, Drain
from wesktopd.errors import LifespanError, TargetImportError, WesktopError
from wesktopd.guard import Guard
from wesktopd.launches import Launches
from wesktopd.lifespan import LifespanWatch
from wesktopd.limits import BACKLOG, MAX_CONNECTIONS, QUIESCE
from wesktopd.loading import all_loaded, without
from wesktopd.quiesce import stop_accepting
from wesktopd.redeemer import Redeemer
from wesktopd.standstill import sleep_awake
from wesktopd.target import load

CANCEL_AT = 0.8  # the part of the drain timeout after which open requests are cancelled, leaving time to end
ORPHAN_TIMEOUT = 0.7  # seconds to end in, once the supervisor has died
QUIESCE_ORPHANED = 0.1  # seconds of these in which what was accepted is read
FIRST_BEAT = 0.1  # seconds after it is ready
BUSY_BEAT = 1.0  # seconds between beats while there are requests
REFUSED, ORPHANED = 3, 4  # exit codes: of a worker that said why, and of one that was left alone


class Lifeline:
    """Hears what the supervisor says, and its death, whatever the app is doing: no orphan is to be left.

    It waits in a thread, since an app may block while it is imported, or its loop for ever.
    """

    def __init__(self, channel: socket.socket, listener: int) -> None:
        self.channel = channel
        self.redeemer = Redeemer(channel)
        self.launches = Launches(channel)
        self.on_stop: Callable[[float], None] | None = None
        self._listener = listener
        self._lines = read_lines(channel)
        threading.Thread(target=self._wait, name="lifeline", daemon=True).start()

    def _hear(self) -> Stop | Retire | None:
        """Return the next order to end, None for the channel's end; pass on the messages that come before it."""
        for line in self._lines:
            try:
                message = decode(line, *TO_WORKER)
                if isinstance(message, Stop | Retire):
                    return message
                if isinstance(message, Redeemed):
                    self.redeemer.heard(message)
                elif isinstance(message, Launch):
                    self.launches.heard(message)
            except Exception:  # one that is not understood, or no thread for it: what follows is to be heard
                logging.getLogger("wesktop").exception("what the supervisor has said is lost")
        return None

    def _wait(self) -> None:
        said = self._hear()
        if self.on_stop is None:
            os._exit(0)  # the app is still being imported: nothing has been begun
        if isinstance(said, Stop):
            self.on_stop(0.0)
        else:
            stop_accepting(self._listener)
            tell(self.channel, Quiet())
            self.on_stop(QUIESCE if said else QUIESCE_ORPHANED)
        if said:
            self._hear()
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
        self._stopping: asyncio.Task[None] | None = None

    async def serve(self) -> int:
        """Serve; the exit code."""
        self._loop = self._lifeline.launches.loop = asyncio.get_running_loop()
        self._loop.add_signal_handler(signal.SIGTERM, self._terminate)
        self._lifeline.on_stop = self._stop_from_thread
        self._lifespan = LifespanWatch(self._drain, self._on_ready, self._on_failed)
        self._server = embedded_server(self._lifespan, self._listener, access_log=self._spec.access_log)
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
        tell(self._lifeline.channel, Serving())
        self._loop.call_later(FIRST_BEAT, self._beat)

    def _on_failed(self, message: str) -> None:
        self._refused = True
        logging.getLogger("_granian").disabled = True  # it would say the same three times more
        reason = f": {message}" if message else ""
        refused = Refused(
            error=LifespanError.__name__, message=f"the lifespan of {self._spec.target!r} failed{reason}"
        )
        tell(self._lifeline.channel, refused)

    def _beat(self) -> None:
        """Show that the loop runs; often while it is used, seldom while it is not."""
        idle = self._drain.idle
        with contextlib.suppress(OSError):  # a supervisor that does not read, must not hold up the app
            beat = encode(Beat(requests=self._drain.requests, idle=idle))
            self._lifeline.channel.send(beat, socket.MSG_DONTWAIT)
        every = self._spec.beat_every
        self._loop.call_later(min(BUSY_BEAT, every) if idle < BUSY_BEAT else every, self._beat)

    def _terminate(self) -> None:
        """On SIGTERM, which is not the supervisor's way: others may go on accepting."""
        stop_accepting(self._listener.fileno())
        self._stop_after(QUIESCE)

    def _stop_from_thread(self, after: float) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: ending already
            self._loop.call_soon_threadsafe(self._stop_after, after)

    def _stop_after(self, seconds: float) -> None:
        if self._stopping is not None:
            return
        patience = seconds + self._spec.drain_timeout * CANCEL_AT
        self._stopping = self._loop.create_task(self._cut_off_after(patience))
        self._lifespan.cancel_startup()
        self._drain.close_connections()
        self._ending = self._loop.create_task(self._stop(seconds))

    async def _cut_off_after(self, seconds: float) -> None:
        await sleep_awake(seconds)  # after a standstill the requests have as long as they had before
        count = self._drain.cancel()
        if count:
            logging.getLogger("wesktopd").warning(cut_off(count, seconds, self._spec.drain_timeout))

    async def _stop(self, after: float) -> None:
        await asyncio.sleep(after)
        self._drain.begin()
        await self._drain.websockets_ended()  # granian would cut them off, before their closing was sent
        self._server.stop()


def cut_off(count: int, seconds: float, drain_timeout: float) -> str:
    """What is said of requests that a stop could not wait for."""
    what = "1 request was" if count == 1 else f"{count} requests were"
    return f"{what} cut off, still open {seconds:g} seconds after the stop began (drain_timeout {drain_timeout:g})"


def embedded_server(app: ASGIApp, listener: socket.socket, *, access_log: bool) -> Any:
    """granian's embedded server on a socket that is bound already.

    granian has no option for that (2.8): `_init_shared_socket` is its private seam, and a test holds it.
    """
    from granian._granian import SocketHolder
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels
    from granian.server.embed import Server

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
        backpressure=MAX_CONNECTIONS,  # the backlog unless given: each open event stream would take one
        log_level=LogLevels.error,  # the lines about requests come from a logger of their own
        log_access=access_log,
    )


def raise_descriptor_limit() -> None:
    """Out of descriptors a worker spins and cannot be ended: take all that the system grants."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def prepare(spec: WorkerSpec, launches: Launches) -> ASGIApp:
    """Import the app, and its function for launches, as the caller would; raises TargetImportError."""
    try:
        os.chdir(spec.working_dir)
    except OSError as error:
        raise TargetImportError(f"working directory {spec.working_dir!r}: {error.strerror}.") from None
    sys.path[:0] = spec.import_path
    os.environ[APP_VARIABLE] = spec.name  # for wesktop.open_window and the like
    if spec.bus is not None:
        os.environ[BUS_VARIABLE] = spec.bus  # for the app's broadcasters, see wesktop.sse
    set_worker(importing=True)
    app = load(spec.target, factory=spec.factory)
    if spec.on_launch is not None:
        launches.function = load(spec.on_launch, kind="function")
    set_worker(importing=False)
    return app


def preload() -> None:
    """Load what every worker needs, while the supervisor settles what this one is to serve."""
    with without("watchfiles", "dotenv"):  # which it loads where they are installed, and never uses here
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
    faulthandler.register(DUMP_SIGNAL, all_threads=True)  # in C: it works whatever the interpreter is doing
    lifeline = Lifeline(channel, listener)
    all_loaded()
    try:
        app = prepare(spec, lifeline.launches)
    except WesktopError as error:
        if error.__cause__ is not None:
            print_traceback(error.__cause__)
        tell(channel, Refused(error=type(error).__name__, message=error.message))
        return REFUSED
    sock = socket.socket(fileno=listener)
    return run_loop(Worker(spec, sock, lifeline, guarded(app, spec, sock.getsockname()[1], lifeline.redeemer)))


def guarded(app: ASGIApp, spec: WorkerSpec, port: int, redeemer: Redeemer) -> ASGIApp:
    """The app with the guard round it."""
    session = None
    if spec.cookie and spec.bearer:
        session = Session(Access(spec.cookie, spec.bearer), spec.name, port)
    guard = Guard(
        app,
        name=spec.name,
        host=spec.host,
        port=port,
        allowed_hosts=spec.allowed_hosts,
        allowed_origins=spec.allowed_origins,
        csp=spec.csp,
        session=session,
        redeem=redeemer.redeem,
    )
    return guard.dispatch


def run_loop(worker: Worker) -> int:
    """Run on uvloop where there is one: about 30 % less CPU a request."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(worker.serve())
    return uvloop.run(worker.serve())
