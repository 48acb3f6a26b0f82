"""The processes of a pool: starts and ends them as its plan says, and tells it what becomes of them."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Protocol

from wesktopd.errors import ControlError, StartupError, WesktopError, from_wire
from wesktopd.instance.instance import Instance
from wesktopd.logs.history import Kind
from wesktopd.logs.output_router import Output
from wesktopd.system.children import Launched
from wesktopd.system.stop_signals import describe_exit
from wesktopd.wire.channel import (
    FROM_WORKER,
    TO_WORKER,
    Accept,
    GoTo,
    Heartbeat,
    Launch,
    Quiet,
    Redeem,
    Redeemed,
    Refused,
    Retire,
    Serving,
    Stop,
    decode,
    encode,
)
from wesktopd.wire.control_messages import MAX_LOG_TAIL, presentable
from wesktopd.workers.pool import Action, WorkerPool
from wesktopd.workers.process import WorkerProcess
from wesktopd.workers.slot import SlotState, Transition, WorkerSlot

TAIL_LINES = 40


class WorkerObserver(Protocol):
    """Who is told what has become of the workers."""

    def note(self, kind: Kind, text: str, worker: WorkerSlot | None = None, level: int = logging.DEBUG) -> None:
        """Something has happened."""

    def wake(self) -> None:
        """The pool has changed: it is to be looked at again."""

    def worker_ready(self, worker: WorkerSlot) -> None:
        """A worker serves."""

    def worker_failed(self, worker: WorkerSlot, error: WesktopError, *, new: bool) -> None:
        """A worker did not start; new: and its generation, which was coming, is given up."""

    def worker_beat(self, beat: Heartbeat) -> None:
        """A worker's loop runs."""

    def printed(self, pid: int, stream: str, data: bytes) -> None:
        """A worker has printed this."""

    def redeem(self, token: str, answer: Callable[[bool], None]) -> None:
        """Tell whether a one-time token, which somebody has brought to a worker, lets them in."""

    def go_to(self, path: str) -> None:
        """The app wants its window to show another page."""

    def worker_lost(self, reason: str) -> None:
        """A worker that served does so no more, unasked."""


class WorkerManager:
    """Carries out the pool's plan. first: a worker that was started already."""

    def __init__(
        self, instance: Instance, pool: WorkerPool, output: Output, observer: WorkerObserver, first: Launched | None
    ) -> None:
        self.processes: dict[WorkerSlot, WorkerProcess] = {}
        self.beats: dict[WorkerSlot, Heartbeat] = {}
        self._loop = asyncio.get_running_loop()
        self._instance = instance
        self._spec = instance.spec
        self._pool = pool
        self._output = output
        self._captain = observer
        self._first = first
        self._refusals: dict[WorkerSlot, WesktopError] = {}
        self._unheard: list[bytes] = []  # launches that were answered, and wait for a worker

    def carry_out(self, action: Action, worker: WorkerSlot) -> None:
        """Do what the plan says."""
        actions: dict[Action, Callable[[WorkerSlot], None]] = {
            Action.SPAWN: self._spawn,
            Action.RETIRE: self._retire,
            Action.REPLACE_HUNG: self._unhang,
            Action.KILL: self._kill_late,
            Action.REPLACE: lambda worker: self.replace(worker, "its lifetime is over"),
        }
        actions[action](worker)

    def kill_all(self) -> None:
        """End all at once."""
        for worker in self.processes:
            self._kill(worker)

    def release(self) -> None:
        """Have workers that wait with it accept connections."""
        for process in self.processes.values():
            process.tell(encode(Accept()))

    def launch(self, arguments: list[str], directory: str) -> bool:
        """Tell a worker that the app was started again; False where none is ready.

        Raises ControlError when those that are have not heard of so many launches yet that this one has no room.
        """
        ready = self._pool.ready(self._pool.serving)
        line = encode(Launch(arguments, directory))
        if ready and not any(self.processes[worker].tell(line) for worker in ready):
            raise ControlError("the app has not heard of earlier launches yet: try again when it answers.")
        return bool(ready)

    def unheard(self) -> list[bytes]:
        """The launches of which no worker has heard yet; from now on they are the caller's to tell."""
        launches, self._unheard = self._unheard, []
        for process in self.processes.values():
            launches += process.take_back(_is_launch)
        return launches

    def hear_of(self, launches: list[bytes]) -> None:
        """Tell a worker of launches that were answered already, as soon as there is one."""
        self._unheard += launches
        ready = self._pool.ready(self._pool.serving)
        while self._unheard and any(self.processes[worker].tell(self._unheard[0]) for worker in ready):
            del self._unheard[0]

    def replace(self, worker: WorkerSlot, reason: str) -> None:
        """Have another take this worker's place."""
        self._captain.note(Kind.WORKER_REPLACED, f"worker {self._pid(worker)} is replaced: {reason}", worker)
        self._pool.replace(worker)
        self._captain.wake()

    def watch(self, worker: WorkerSlot, started: Launched) -> None:
        """Follow a worker's process from now on."""
        process = started.process
        self.processes[worker] = WorkerProcess(
            process,
            started.channel,
            lambda stream, data: self._captain.printed(process.pid, stream, data),
            lambda line: self._on_line(worker, line),
            lambda code: self._on_exit(worker, code),
        )

    def _pid(self, worker: WorkerSlot) -> int:
        return self.processes[worker].pid

    # What is done with a worker.

    def _spawn(self, worker: WorkerSlot) -> None:
        self._advance(worker, Transition.SPAWNED)
        try:
            started = self._first or self._instance.start_worker()
        except OSError as error:
            self._fail_start(worker, StartupError(f"no worker can be started: {error}."), str(error))
            return
        self._first = None
        self.watch(worker, started)
        self._captain.note(Kind.WORKER_STARTED, f"worker {self._pid(worker)} started", worker)
        self.write_state()

    def _retire(self, worker: WorkerSlot) -> None:
        self._advance(worker, Transition.STOP)
        others_accept = self._pool.running or self._instance.socket_stays
        self.processes[worker].stop(Retire() if others_accept else Stop())

    def _unhang(self, worker: WorkerSlot) -> None:
        process, heard = self.processes[worker], worker.heard
        process.hear()  # this process may be the one that was late
        if worker.heard > heard:
            self._captain.wake()  # beats wake nobody, and the plan that led here has no further deadline for it
            return
        text = f"worker {process.pid} hangs: its event loop stood still for {self._spec.hang_timeout:g} seconds"
        self._captain.note(Kind.WORKER_HUNG, text, worker, logging.ERROR)
        process.dump_stacks()
        worker.hung = worker.leaving = True
        self._retire(worker)
        self._captain.worker_lost("it hangs")

    def _kill_late(self, worker: WorkerSlot) -> None:
        if worker.state is SlotState.STARTING:
            limit = self._spec.start_timeout
            self._refusals[worker] = StartupError(f"{self._spec.target!r} was not ready after {limit:g} seconds.")
        elif not worker.hung:
            text = f"worker {self._pid(worker)} did not end in time and is killed"
            self._captain.note(Kind.WORKER_KILLED, text, worker, logging.WARNING)
        self._kill(worker)

    def _kill(self, worker: WorkerSlot) -> None:
        worker.killed = True
        self.processes[worker].kill()

    def _advance(self, worker: WorkerSlot, event: Transition) -> None:
        worker.advance(event, self._loop.time())
        self._captain.wake()

    # What becomes of a worker.

    def _on_line(self, worker: WorkerSlot, line: bytes) -> None:
        message = decode(line, *FROM_WORKER)
        now = worker.heard = self._loop.time()
        if isinstance(message, Refused):
            self._refusals[worker] = from_wire(message.error, presentable(message.message))
        elif isinstance(message, Heartbeat):
            self.beats[worker] = message
            self._captain.worker_beat(message)
        elif isinstance(message, Redeem):
            self._captain.redeem(message.token, partial(self._redeemed, worker, message.number))
        elif isinstance(message, GoTo):
            self._captain.go_to(message.path)
        elif isinstance(message, Quiet):
            worker.accepts = False
            self._captain.wake()
        elif isinstance(message, Serving) and worker.state is SlotState.STARTING:
            self._pool.is_ready(worker, now)
            self._captain.note(Kind.WORKER_READY, f"worker {self._pid(worker)} is ready", worker)
            self._captain.worker_ready(worker)
            self.hear_of([])
            self._captain.wake()

    def _redeemed(self, worker: WorkerSlot, number: int, admitted: bool) -> None:
        if worker in self.processes:
            self.processes[worker].tell(encode(Redeemed(number, admitted)))

    def _on_exit(self, worker: WorkerSlot, code: int) -> None:
        reason = describe_exit(code)
        self._output.journal.ended(self._pid(worker))
        if worker.state is SlotState.STARTING:
            self._fail_start(worker, self._boot_error(worker, reason), reason)
        else:
            self._end(worker, reason)
        unheard = self.processes.pop(worker).take_back(_is_launch)
        self.beats.pop(worker, None)
        self.hear_of(unheard)
        self.write_state()
        self._captain.wake()

    def _end(self, worker: WorkerSlot, reason: str) -> None:
        worker.last_exit = reason
        crashed = worker.state is SlotState.READY
        if crashed:
            text = f"worker {self._pid(worker)} ended unasked, {reason}; starting another"
            self._captain.note(Kind.WORKER_CRASHED, text, worker, logging.ERROR)
        else:
            self._captain.note(Kind.WORKER_ENDED, f"worker {self._pid(worker)} ended, {reason}", worker)
        self._pool.has_ended(worker, self._loop.time())
        if crashed:
            self._captain.worker_lost(reason)

    def _boot_error(self, worker: WorkerSlot, reason: str) -> WesktopError:
        error = self._refusals.pop(worker, None)
        error = error or StartupError(f"{self._spec.target!r} ended before it was ready ({reason}).")
        error.log_tail = self._output.journal.tail(TAIL_LINES, MAX_LOG_TAIL, {self._pid(worker)})
        return error

    def _fail_start(self, worker: WorkerSlot, error: WesktopError, reason: str) -> None:
        new = worker.generation == self._pool.coming
        worker.last_exit = reason
        self._pool.has_ended(worker, self._loop.time())
        self._captain.worker_failed(worker, error, new=new)
        self._captain.wake()

    def write_state(self) -> None:
        """Note the processes that there are, for the next supervisor of this name."""
        self._instance.write_state([process.pid for process in self.processes.values()])


def _is_launch(line: bytes) -> bool:
    return isinstance(decode(line, *TO_WORKER), Launch)
