"""The worker process: granian on the inherited socket, one app, one event loop.

Started by the supervisor, by `wesktopd.system.posix.children`.
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
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from wesktopd.errors import LifespanError, WesktopError
from wesktopd.limits import DESCRIPTORS
from wesktopd.startup_imports import all_loaded, without
from wesktopd.system.posix.stop_accepting import Gate, answered
from wesktopd.system.standstill import done_before, sleep_awake
from wesktopd.wire.channel import (
    DUMP_SIGNAL,
    TO_WORKER,
    Accept,
    Heartbeat,
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
from wesktopd.worker import client_text
from wesktopd.worker.application import guarded, prepare, print_traceback
from wesktopd.worker.drain import ASGIApp, Drain
from wesktopd.worker.embedded import allow_late_end, embedded_server
from wesktopd.worker.lifespan import Lifespan
from wesktopd.worker.second_launch import Launches
from wesktopd.worker.token_client import TokenClient

CANCEL_AT = 0.8  # the part of the drain timeout after which open requests are cancelled, leaving time to end
ORPHAN_TIMEOUT = 0.7  # seconds to end in, once the supervisor has died
TELL_AFTER = 0.25  # seconds after which event streams and WebSockets of a worker that retires are told, at the latest
FIRST_BEAT = 0.1  # seconds after it is ready
BUSY_BEAT = 1.0  # seconds between beats while there are requests
LAST_MOMENTS = 0.25  # seconds beyond the drain timeout that a lifespan has, where that is short
# Exit codes: of one whose server has ended unasked, of one that said why it refuses, and of one that was left alone.
FAILED, REFUSED, ORPHANED = 1, 3, 4

logger = logging.getLogger("wesktopd")


@dataclass(frozen=True)
class Ending:
    """What a worker is told. within: seconds to end in, drain_timeout unless given.

    retires: it has shut its gate, and is to answer what it has accepted; else it stops, and no other takes its place.
    """

    within: float | None = None
    retires: bool = False


class SupervisorLink:
    """Hears what the supervisor says, and its death, whatever the app is doing: no orphan is to be left.

    It waits in a thread, since an app may block while it is imported, or its loop for ever.
    """

    def __init__(self, channel: socket.socket, listener: socket.socket) -> None:
        self.channel = channel
        self.token_client = TokenClient(channel)
        self.launches = Launches(channel)
        self.on_stop: Callable[[Ending], None] | None = None
        self.may_accept = False
        self.on_accept: Callable[[], object] = lambda: None
        self.gate = Gate(listener)
        self._lines = read_lines(channel)
        threading.Thread(target=self._wait, name="link", daemon=True).start()

    def _hear(self) -> Stop | Retire | None:
        """Return the next order to end, None for the channel's end; pass on the messages that come before it."""
        for line in self._lines:
            try:
                message = decode(line, *TO_WORKER)
                if isinstance(message, Stop | Retire):
                    return message
                if isinstance(message, Redeemed):
                    self.token_client.heard(message)
                elif isinstance(message, Accept):
                    self.may_accept = True
                    self.on_accept()
                elif isinstance(message, Launch):
                    self.launches.heard(message)
            except Exception:  # one that is not understood, or no thread for it: what follows is to be heard
                logging.getLogger("wesktop").exception("what the supervisor has said is lost")
        return None

    def _wait(self) -> None:
        try:
            self._end(self._hear())
            time.sleep(ORPHAN_TIMEOUT)
        except BaseException:
            logger.exception("a worker that no longer hears its supervisor ends")
        finally:  # whatever has gone wrong
            os._exit(ORPHANED)

    def _end(self, said: Stop | Retire | None) -> None:
        if self.on_stop is None:
            os._exit(0)  # the app is still being imported: nothing has been begun
        if isinstance(said, Stop):
            self.on_stop(Ending())
        else:
            self.shut_gate()
            tell(self.channel, Quiet())
            self.on_stop(Ending(None if said else ORPHAN_TIMEOUT, retires=True))
        if said:
            self._hear()
            self.on_stop(Ending(ORPHAN_TIMEOUT))

    def shut_gate(self) -> None:
        """Have the server accept nothing any more."""
        try:
            self.gate.shut()
        except OSError:  # no port is free, say: it ends all the same
            logger.exception("a worker that ends goes on accepting")


class Worker:
    """Serves `app` until told to stop, or until the supervisor is gone."""

    def __init__(self, spec: WorkerSpec, listener: socket.socket, link: SupervisorLink, app: ASGIApp) -> None:
        self._spec = spec
        self._listener = listener
        self._link = link
        self._lifespan = Lifespan(app)
        self._drain = Drain(self._lifespan)
        self._until_end: asyncio.Task[None] | None = None
        self._waits_for_clients = False  # to read what they were sent: there is nothing else to be done

    async def serve(self) -> int:
        """Serve; the exit code."""
        self._loop = self._link.launches.loop = asyncio.get_running_loop()
        self._stopped: asyncio.Future[Ending] = self._loop.create_future()
        self._loop.add_signal_handler(signal.SIGTERM, self._terminate)
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
        tell(self._link.channel, Refused(error=LifespanError.__name__, message=message))

    async def _serve_requests(self) -> int:
        tell(self._link.channel, Serving())
        self._loop.call_later(FIRST_BEAT, self._beat)
        if not await self._may_accept():
            await self._lifespan.shutdown()
            return 0
        server = embedded_server(self._drain, self._listener, access_log=self._spec.access_log)
        serving = self._loop.create_task(server.serve())
        await asyncio.wait((serving, self._stopped), return_when=asyncio.FIRST_COMPLETED)
        if not self._stopped.done():
            serving.result()  # raises what it has ended by
            return FAILED
        await self._end(server, serving, self._stopped.result())
        if not serving.done():
            allow_late_end(self._loop)
        return 0

    async def _may_accept(self) -> bool:
        """Wait until it is to accept connections; False when it is to end before."""
        if self._spec.waits and not self._link.may_accept:
            accept = self._loop.create_task(self._accept.wait())
            await asyncio.wait((accept, self._stopped), return_when=asyncio.FIRST_COMPLETED)
            accept.cancel()
        return not self._stopped.done()

    def _beat(self) -> None:
        """Show that the loop runs; often while it is used, seldom while it is not."""
        idle = self._drain.idle
        with contextlib.suppress(OSError):  # a supervisor that does not read, must not hold up the app
            beat = encode(Heartbeat(requests=self._drain.requests, idle=idle))
            self._link.channel.send(beat, socket.MSG_DONTWAIT)
        every = self._spec.beat_every
        self._loop.call_later(min(BUSY_BEAT, every) if idle < BUSY_BEAT else every, self._beat)

    def _terminate(self) -> None:
        """On SIGTERM, which is not the supervisor's way: others may go on accepting."""
        self._link.shut_gate()
        self._stop(Ending(retires=True))

    def _stop_from_thread(self, ending: Ending) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: ending already
            self._loop.call_soon_threadsafe(self._stop, ending)

    def _stop(self, ending: Ending) -> None:
        if not self._stopped.done():
            self._stopped.set_result(ending)
        elif ending.within is not None and self._until_end is not None:  # less than it was given first
            self._loop.call_later(ending.within * CANCEL_AT, self._until_cut.cancel)
            self._loop.call_later(ending.within, self._until_end.cancel)

    async def _end(self, server: Any, serving: "asyncio.Task[None]", ending: Ending) -> None:
        within = self._spec.drain_timeout if ending.within is None else ending.within
        # Of time in which this process can run: after a standstill all have as long as they had before.
        self._until_cut = self._loop.create_task(sleep_awake(within * CANCEL_AT))
        self._until_end = self._loop.create_task(sleep_awake(within + LAST_MOMENTS))
        self._drain.close_connections()
        began = self._loop.time()
        if not await done_before(self._until_cut, self._finish(server, serving, ending)):
            self._cut_off(server, self._loop.time() - began)
            # Half of what is left, since the lifespan has to have some of it, too.
            rest = self._loop.create_task(sleep_awake(within * (1 - CANCEL_AT) / 2))
            await done_before(rest, self._drain.ended())
        if not await done_before(self._until_end, self._lifespan.shutdown()):
            logger.warning("the app's lifespan was cut off: its shutdown was not done within the drain_timeout")

    async def _finish(self, server: Any, serving: "asyncio.Task[None]", ending: Ending) -> None:
        if ending.retires:
            await self._finish_accepted()
        self._drain.begin()
        await self._drain.ended("websocket")  # granian would cut them off, before their closing was sent
        self._waits_for_clients = True
        server.stop()
        await asyncio.wait((serving,))
        self._drain.cancel()  # granian does not wait for those whose client has gone: nobody wants their answer
        await self._drain.ended()

    async def _finish_accepted(self) -> None:
        """Wait until what was accepted is answered; event streams do not wait for connections that are silent."""
        telling = self._loop.call_later(TELL_AFTER, self._drain.begin)
        try:
            await answered(self._link.gate.address)
        finally:
            telling.cancel()

    def _cut_off(self, server: Any, seconds: float) -> None:
        """Cancel what is open, and have no further request come."""
        count = self._drain.cancel()
        if count or self._waits_for_clients:
            logger.warning(cut_off(count, round(seconds, 1), self._spec.drain_timeout))
        server.stop()


def cut_off(count: int, seconds: float, drain_timeout: float) -> str:
    """What is said of requests that a stop could not wait for; of none, where clients have not read their answers."""
    if not count:
        what = "answers that clients had not read were cut off,"
    else:
        what = "1 request was cut off, still open" if count == 1 else f"{count} requests were cut off, still open"
    return f"{what} {seconds:g} seconds after the stop began (drain_timeout {drain_timeout:g})"


def raise_descriptor_limit() -> None:
    """Out of descriptors a worker spins and cannot be ended: take what its connections and the app may need.

    No more than that: what the app starts inherits it, and programs that close all descriptors up to the limit, or
    have tables of that size, stand still where it is a thousand million. There is no way to put it back for them
    alone, as `subprocess` calls nothing of ours between fork and exec.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def preload() -> None:
    """Load what every worker needs, while the supervisor settles what this one is to serve."""
    with without("watchfiles", "dotenv"):  # which it loads where they are installed, and never uses here
        import granian.server.embed  # noqa: F401

    with contextlib.suppress(ImportError):
        import uvloop  # noqa: F401


def main(fd: int) -> int:
    """Serve what the channel says; the exit code."""
    channel = inherited(fd)
    preload()
    given = take_over(channel)
    if given is None:
        return 0
    spec, listener = given[0], socket.socket(fileno=given[1])
    raise_descriptor_limit()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)  # into a pipe, which Python would fill before it shows a line
    faulthandler.register(DUMP_SIGNAL, all_threads=True)  # in C: it works whatever the interpreter is doing
    client_text.watch(*client_text.LOGGERS)
    link = SupervisorLink(channel, listener)
    all_loaded()
    try:
        app = prepare(spec, link.launches)
    except WesktopError as error:
        if error.__cause__ is not None:
            print_traceback(error.__cause__)
        tell(channel, Refused(error=type(error).__name__, message=error.message))
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
