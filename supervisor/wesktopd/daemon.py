"""The supervisor: keeps an app's worker running, and answers the control socket.

State is *desired* against *actual*: requests, signals and leases only change what is desired, and one loop,
`_reconcile`, carries out what `generations.plan` says.
"""

import asyncio
import contextlib
import logging
import os
import socket
import sys
import time

from wesktopd.channel import Refused, decode_outcome
from wesktopd.control import ControlServer
from wesktopd.errors import StartupError, WesktopError, from_wire
from wesktopd.generations import ALIVE, Act, Desired, Event, State, Worker, plan
from wesktopd.instance import Instance
from wesktopd.launch import Launched
from wesktopd.logs import Echo, LogRing, own_lines
from wesktopd.processes import WorkerProcess, describe_exit
from wesktopd.protocol import MAX_LOG_TAIL, Answer, Down, End, Listening, Ready, Report, WorkerReport, failure

TAIL_LINES = 40
DESCRIPTORS = {"stdout": 1, "stderr": 2}

logger = logging.getLogger("wesktopd")


class Supervisor:
    """Serves the app of an instance that is held. first: a worker that was started already.

    `request_stop` and `request_kill` may be called at any time, from the loop.
    """

    def __init__(self, instance: Instance, first: Launched | None = None) -> None:
        self._instance = instance
        self._spec = instance.spec
        self._first = first
        self._started = time.time()
        self._worker = Worker()
        self._process: WorkerProcess | None = None
        self._served = False
        self._refusal: WesktopError | None = None
        self._failure: WesktopError | None = None
        self._running = True
        self._ring = LogRing()

    async def run(self, channel: socket.socket | None = None, log_level: int = logging.WARNING) -> None:
        """Serve until a stop is asked for. channel: an inherited control connection.

        log_level: from which on its own lines are shown, where the program has not set up logging.

        Raises StartupError when the app's first worker does not become ready.
        """
        loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        outputs = {"stdout": sys.stdout, "stderr": sys.stderr}
        # By number, since the streams may have been replaced; none where there was no descriptor at the start.
        self._echoes = {name: Echo(DESCRIPTORS[name], loop) for name, output in outputs.items() if output}
        try:
            with own_lines(self._echoes.get("stderr"), log_level):
                await self._serve(channel)
        finally:
            for echo in self._echoes.values():
                echo.close()
        if self._failure is not None:
            raise self._failure

    async def _serve(self, channel: socket.socket | None) -> None:
        self._control = ControlServer(self)
        self._apply(asyncio.get_running_loop().time())  # the worker starts while the rest is prepared
        try:
            await self._open_control()  # first: the caller is told of it as soon as it is adopted
            if channel is not None:
                await self._control.adopt(channel)
            await self._reconcile()
        finally:
            if self._process is not None:
                self._process.kill()
            await self._control.close(failure(self._failure) if self._failure else End())

    async def _open_control(self) -> None:
        try:
            await self._control.open(self._instance.paths.socket)
        except OSError as error:  # serving matters more
            logger.error("no control socket at %s: %s", self._instance.paths.socket, error)

    # Requests: they change what is desired.

    def request_stop(self, reason: str) -> None:
        """End the app gracefully."""
        if self._running:
            logger.info("%s: stopping, %s", self._spec.label, reason)
            self._running = False
            self._changed.set()

    def request_kill(self) -> None:
        """End the app without waiting for its requests."""
        self.request_stop("at once")
        if self._process is not None:
            self._process.kill()

    def lease_ended(self) -> None:
        """In one-shot mode nobody left means nothing left to do."""
        if self._spec.one_shot and not self._control.leases:
            self.request_stop("its window is closed")

    # The loop: it makes what is, what is desired.

    async def _reconcile(self) -> None:
        loop = asyncio.get_running_loop()
        while self._running or self._worker.state in ALIVE:
            self._changed.clear()
            wake_at = self._apply(loop.time())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(wake_at):
                    await self._changed.wait()

    def _apply(self, now: float) -> float | None:
        desired = Desired(self._running, self._spec.start_timeout, self._spec.drain_timeout)
        act, wake_at = plan(self._worker, desired, now)
        match act:
            case Act.SPAWN:
                self._spawn()
            case Act.TERMINATE:
                self._advance(Event.STOP)
                if self._process is not None:
                    self._process.terminate()
            case Act.KILL if self._process is not None:
                self._kill_late(self._process)
        return wake_at

    def _spawn(self) -> None:
        self._advance(Event.SPAWNED)
        try:
            started = self._first or self._instance.start_worker()
        except OSError as error:
            self._fail_start(StartupError(f"no worker can be started: {error}."), str(error))
            return
        self._first = None
        self._process = WorkerProcess(started, self._on_output, self._on_line, self._on_exit)

    def _kill_late(self, process: WorkerProcess) -> None:
        if self._worker.state is State.STARTING:
            limit = self._spec.start_timeout
            self._refusal = StartupError(f"{self._spec.target!r} was not ready after {limit:g} seconds.")
        else:
            logger.warning("%s: worker %d did not end in time and is killed", self._spec.label, process.pid)
        process.kill()

    # What happens to the worker.

    def _on_output(self, stream: str, data: bytes) -> None:
        self._ring.feed(stream, data)
        if stream in self._echoes:
            self._echoes[stream].write(data)

    def _on_line(self, line: bytes) -> None:
        outcome = decode_outcome(line)
        if isinstance(outcome, Refused):
            self._refusal = from_wire(outcome.error, outcome.message)
        elif self._worker.state is State.STARTING:
            self._advance(Event.READY)
            if not self._served:
                self._served = True
                logger.info("%s: serving %s on %s", self._spec.label, self._spec.target, self._instance.url)
            self._control.broadcast(Ready(url=self._instance.url))

    def _on_exit(self, code: int) -> None:
        self._process = None
        reason = describe_exit(code)
        if self._worker.state is State.STARTING:
            self._fail_start(self._boot_error(reason), reason)
            return
        if self._worker.state is State.READY:
            logger.error("%s: the worker ended unasked, %s; starting another", self._spec.label, reason)
        self._worker.last_exit = reason
        self._advance(Event.EXITED)
        if self._running:
            self._control.broadcast(Down(reason=reason))

    def _boot_error(self, reason: str) -> WesktopError:
        error = self._refusal or StartupError(f"{self._spec.target!r} ended before it was ready ({reason}).")
        self._refusal = None
        error.log_tail = self._ring.tail(TAIL_LINES, MAX_LOG_TAIL)
        return error

    def _fail_start(self, error: WesktopError, reason: str) -> None:
        """A first start that fails is the caller's to hear of; a later one is tried again."""
        self._worker.last_exit = reason
        if self._served:
            logger.error("%s: %s", self._spec.label, error.message)
            self._advance(Event.EXITED)
        else:
            self._failure = error
            self._running = False
            self._advance(Event.REFUSED)

    def _advance(self, event: Event) -> None:
        self._worker.advance(event, asyncio.get_running_loop().time())
        self._changed.set()

    # Answers.

    def current_event(self) -> Answer:
        """The event that a new lease begins with."""
        if self._failure is not None:
            return failure(self._failure)
        if self._worker.state is State.READY:
            return Ready(url=self._instance.url)
        if self._served:
            return Down(reason=self._worker.last_exit or "starting")
        return Listening(url=self._instance.url)

    def report(self) -> Report:
        """How the app is, for `Status`."""
        worker = self._worker
        return Report(
            name=self._spec.name,
            target=self._spec.target,
            import_path=self._spec.import_path,
            url=self._instance.url,
            pid=os.getpid(),
            started=self._started,
            one_shot=self._spec.one_shot,
            stopping=not self._running,
            windows=sum(lease.kind == "window" for lease in self._control.leases),
            pid_path=self._spec.pid_path,
            workers=[
                WorkerReport(
                    pid=self._process.pid if self._process else None,
                    state=worker.state,
                    generation=worker.generation,
                    uptime=max(0.0, asyncio.get_running_loop().time() - worker.since),
                    restarts=worker.restarts,
                    last_exit=worker.last_exit,
                )
            ],
        )
