"""The worker process: granian on the inherited socket, one app, one event loop.

Started by the supervisor, see `wesktopd.system.start_worker`.
"""

import asyncio
import contextlib
import io
import logging
import socket
import sys
from typing import Any

from wesktopd.errors import LifespanError, WesktopError
from wesktopd.limits import DESCRIPTORS
from wesktopd.startup_imports import all_loaded, without
from wesktopd.system import (
    answered,
    dump_stacks_on_request,
    inherit_channel,
    on_terminate,
    raise_descriptor_limit,
    send_message,
    take_over_listener,
)
from wesktopd.system.standstill import done_before, sleep_awake
from wesktopd.wire.worker_messages import Heartbeat, Refused, Serving, WorkerSpec, decode, encode
from wesktopd.worker import background_tasks, client_text
from wesktopd.worker.application import guarded, prepare, print_traceback
from wesktopd.worker.background_tasks import BackgroundTasks
from wesktopd.worker.drain import ASGIApp, Drain
from wesktopd.worker.granian_server import allow_late_end, embedded_server
from wesktopd.worker.lifespan import Lifespan
from wesktopd.worker.supervisor_link import Ending, SupervisorLink

CANCEL_AT = 0.8  # fraction of the drain timeout after which open requests are cancelled, to leave time to end
NOTIFY_AFTER = 0.25  # seconds until a retiring worker notifies its event streams and WebSockets, at the latest
FIRST_BEAT = 0.1  # seconds from readiness to the first heartbeat
BUSY_BEAT = 1.0  # seconds between heartbeats while there are requests
LIFESPAN_GRACE = 0.25  # seconds beyond the drain timeout for the lifespan's shutdown
# Exit codes: the server ended by itself; the app cannot be served, and the supervisor has the reason.
FAILED, REFUSED = 1, 3

logger = logging.getLogger("wesktopd")


class Worker:
    """Serves `app` until the supervisor stops this worker, or is gone."""

    def __init__(self, spec: WorkerSpec, listener: socket.socket, link: SupervisorLink, app: ASGIApp) -> None:
        self._spec = spec
        self._listener = listener
        self._link = link
        self._lifespan = Lifespan(app)
        self._drain = Drain(self._lifespan)
        self._tasks = BackgroundTasks()
        self._until_end: asyncio.Task[None] | None = None
        self._waits_for_clients = False  # to read their answers: nothing else is left to do

    async def serve(self) -> int:
        """Serve; return the exit code."""
        self._loop = self._link.start_requests.loop = asyncio.get_running_loop()
        self._stopped: asyncio.Future[Ending] = self._loop.create_future()
        on_terminate(self._loop, self._terminate)
        self._accept = asyncio.Event()
        self._link.on_accept = lambda: self._loop.call_soon_threadsafe(self._accept.set)
        self._link.on_stop = self._stop_from_thread
        starting = self._loop.create_task(self._lifespan.startup())
        await asyncio.wait((starting, self._stopped), return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
            await asyncio.wait((starting,))
            return 0
        failure = starting.result()
        if failure is not None:
            self._refuse(failure)
            return REFUSED
        return await self._serve_requests()

    def _refuse(self, reason: str) -> None:
        message = f"the lifespan of {self._spec.target!r} failed{f': {reason}' if reason else ''}"
        send_message(self._link.channel, Refused(error=LifespanError.__name__, message=message))

    async def _serve_requests(self) -> int:
        send_message(self._link.channel, Serving())
        self._loop.call_later(FIRST_BEAT, self._beat)
        if not await self._may_accept():
            await self._lifespan.shutdown()
            return 0
        server = embedded_server(self._drain, self._listener, access_log=self._spec.access_log)
        serving = self._loop.create_task(server.serve())
        self._tasks.started()  # the app's lifespan has begun its own by now
        await asyncio.wait((serving, self._stopped), return_when=asyncio.FIRST_COMPLETED)
        if not self._stopped.done():
            serving.result()  # raises what it has ended by
            return FAILED
        await self._end(server, serving, self._stopped.result())
        if not serving.done():
            allow_late_end(self._loop)
        return 0

    async def _may_accept(self) -> bool:
        """Wait until connections may be accepted; return False if the worker has to end before."""
        if self._spec.waits and not self._link.may_accept:
            accept = self._loop.create_task(self._accept.wait())
            await asyncio.wait((accept, self._stopped), return_when=asyncio.FIRST_COMPLETED)
            accept.cancel()
        return not self._stopped.done()

    def _beat(self) -> None:
        """Show that the loop runs: frequently while there are requests, rarely while there are none."""
        tasks = len(self._tasks.running())
        idle = 0.0 if tasks else self._drain.idle
        with contextlib.suppress(OSError):  # a supervisor that does not read must not block the app
            heartbeat = encode(Heartbeat(requests=self._drain.requests, idle=idle, tasks=tasks))
            self._link.channel.send(heartbeat, socket.MSG_DONTWAIT)
        every = self._spec.beat_every
        self._loop.call_later(min(BUSY_BEAT, every) if idle < BUSY_BEAT else every, self._beat)

    def _terminate(self) -> None:
        """Handle SIGTERM, which the supervisor does not use: other workers may go on accepting."""
        self._link.shut_gate()
        self._stop(Ending(retires=True))

    def _stop_from_thread(self, ending: Ending) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: ending already
            self._loop.call_soon_threadsafe(self._stop, ending)

    def _stop(self, ending: Ending) -> None:
        if not self._stopped.done():
            self._stopped.set_result(ending)
        elif ending.within is not None and self._until_end is not None:  # less time than before
            self._loop.call_later(ending.within * CANCEL_AT, self._until_cut.cancel)
            self._loop.call_later(ending.within, self._until_end.cancel)

    async def _end(self, server: Any, serving: "asyncio.Task[None]", ending: Ending) -> None:
        within = self._spec.drain_timeout if ending.within is None else ending.within
        # In time during which this process could run: a standstill takes nothing from the timeouts.
        self._until_cut = self._loop.create_task(sleep_awake(within * CANCEL_AT))
        self._until_end = self._loop.create_task(sleep_awake(within + LIFESPAN_GRACE))
        self._drain.close_connections()
        began = self._loop.time()
        if not await done_before(self._until_cut, self._finish(server, serving, ending)):
            self._cut_off(server, self._loop.time() - began)
            # Half of the rest, since the lifespan needs some of it, too.
            rest = self._loop.create_task(sleep_awake(within * (1 - CANCEL_AT) / 2))
            await done_before(rest, self._work_ended())
        if not await done_before(self._until_end, self._lifespan.shutdown()):
            logger.warning("the app's lifespan was cut off: its shutdown was not done within the drain_timeout")

    async def _finish(self, server: Any, serving: "asyncio.Task[None]", ending: Ending) -> None:
        if ending.retires:
            await self._finish_accepted()
        self._drain.begin()
        await self._drain.ended("websocket")  # granian would cut them off before their close frames are sent
        self._waits_for_clients = True
        server.stop()
        await asyncio.wait((serving,))
        self._drain.cancel()  # granian does not wait for requests whose client is gone: their answers are not read
        await self._work_ended()

    async def _work_ended(self) -> None:
        """Wait until no request is open, and nothing that one has begun is running."""
        await self._drain.ended()
        await self._tasks.ended()

    async def _finish_accepted(self) -> None:
        """Wait until accepted connections are answered; event streams do not wait for silent ones."""
        notifying = self._loop.call_later(NOTIFY_AFTER, self._drain.begin)
        try:
            await answered(self._link.gate.address)
        finally:
            notifying.cancel()

    def _cut_off(self, server: Any, seconds: float) -> None:
        """Cancel open requests, and let no further ones in."""
        seconds = round(seconds, 1)
        count, names = self._drain.cancel(), self._tasks.cancel()
        if count or (self._waits_for_clients and not names):
            logger.warning(cut_off(count, seconds, self._spec.drain_timeout))
        if names:
            logger.warning(background_tasks.cut_off(names, seconds, self._spec.drain_timeout))
        server.stop()


def cut_off(count: int, seconds: float, drain_timeout: float) -> str:
    """Return the warning about requests that were cut off; with count 0, about answers that clients have not read."""
    if not count:
        what = "answers that clients had not read were cut off,"
    else:
        what = "1 request was cut off, still open" if count == 1 else f"{count} requests were cut off, still open"
    return f"{what} {seconds:g} seconds after the stop began (drain_timeout {drain_timeout:g})"


def preload() -> None:
    """Load what every worker needs, while the supervisor decides what this one serves."""
    with without("watchfiles", "dotenv"):  # which it loads where they are installed, and never uses here
        import granian.server.embed  # noqa: F401

    with contextlib.suppress(ImportError):
        import uvloop  # noqa: F401


def main(fd: int) -> int:
    """Serve the app that the supervisor names on the channel; return the exit code."""
    channel = inherit_channel(fd)
    preload()
    given = take_over_listener(channel)
    if given is None:
        return 0
    line, listener = given
    spec = decode(line, WorkerSpec)
    assert spec is not None
    raise_descriptor_limit(DESCRIPTORS)  # out of descriptors a worker spins, and cannot be stopped
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)  # Python would buffer what goes into a pipe
    dump_stacks_on_request()
    client_text.watch(*client_text.LOGGERS)
    link = SupervisorLink(channel, listener)
    all_loaded()
    try:
        app = prepare(spec, link.start_requests)
    except WesktopError as error:
        if error.__cause__ is not None:
            print_traceback(error.__cause__)
        send_message(channel, Refused(error=type(error).__name__, message=error.message))
        return REFUSED
    app = guarded(app, spec, link.gate.address[1], link.token_client)
    return run_loop(Worker(spec, listener, link, app))


def run_loop(worker: Worker) -> int:
    """Run on uvloop where there is one: about 30 % less CPU a request."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(worker.serve())
    return uvloop.run(worker.serve())
