"""The processes of a pool: starts and ends them as its plan says, and reports back what becomes of them."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

from wesktopd.errors import ControlError, StartupError, WesktopError, from_wire
from wesktopd.instance.instance import Instance
from wesktopd.logs.history import HistoryKind
from wesktopd.logs.journal import Journal
from wesktopd.logs.record import Record
from wesktopd.system import ChildProcess, describe_exit
from wesktopd.wire.control_messages import MAX_LOG_TAIL, presentable
from wesktopd.wire.worker_messages import (
    FROM_WORKER,
    TO_WORKER,
    Accept,
    GoTo,
    Heartbeat,
    Redeem,
    Redeemed,
    Refused,
    Retire,
    Serving,
    StartRequest,
    Stop,
    StoppedAccepting,
    decode,
    encode,
)
from wesktopd.workers.pool import Action, WorkerPool
from wesktopd.workers.process import WorkerProcess
from wesktopd.workers.slot import SlotState, Transition, WorkerSlot

TAIL_LINES = 40


class WorkerObserver(Protocol):
    """Receives notifications about the workers."""

    def wake(self) -> None:
        """Look at the pool again: it has changed."""

    def worker_ready(self, worker: WorkerSlot) -> None:
        """A worker is ready."""

    def worker_failed(self, worker: WorkerSlot, error: WesktopError, *, new: bool) -> None:
        """A worker did not start; new: its generation, which was coming, is given up."""

    def worker_beat(self, beat: Heartbeat) -> None:
        """A worker has sent a heartbeat."""

    def worker_stopped_serving(self, reason: str) -> None:
        """A worker that served has crashed, or hangs."""

    def redeem(self, token: str, answer: Callable[[bool], None]) -> None:
        """Answer whether a one-time token, which a client has presented to a worker, lets it in."""

    def go_to(self, path: str) -> None:
        """Have the app's window show another page."""


class WorkerManager:
    """Carries out the pool's plan. first: a worker that was started already.

    beats: the last heartbeat of each worker.
    """

    def __init__(
        self,
        instance: Instance,
        pool: WorkerPool,
        journal: Journal,
        record: Record,
        observer: WorkerObserver,
        first: ChildProcess | None,
    ) -> None:
        self.processes: dict[WorkerSlot, WorkerProcess] = {}
        self.beats: dict[WorkerSlot, Heartbeat] = {}
        self._loop = asyncio.get_running_loop()
        self._instance = instance
        self._spec = instance.spec
        self._pool = pool
        self._journal = journal
        self._record = record
        self._observer = observer
        self._first = first
        self._refusals: dict[WorkerSlot, WesktopError] = {}
        self._unsent: list[bytes] = []  # launches that wait for a worker; they were answered

    def carry_out(self, action: Action, worker: WorkerSlot) -> None:
        """Carry out one action of the plan."""
        actions: dict[Action, Callable[[WorkerSlot], None]] = {
            Action.SPAWN: self._spawn,
            Action.RETIRE: self._retire,
            Action.REPLACE_HUNG: self._replace_hung,
            Action.KILL: self._kill_late,
            Action.REPLACE: lambda worker: self.replace(worker, "its lifetime is over"),
        }
        actions[action](worker)

    def kill_all(self) -> None:
        """End all immediately."""
        for worker in self.processes:
            self._kill(worker)

    def release(self) -> None:
        """Have workers that wait for it accept connections."""
        for process in self.processes.values():
            process.send(encode(Accept()))

    def launch(self, arguments: list[str], directory: str) -> bool:
        """Tell a worker that the app was started again; return False if none is ready.

        Raises ControlError if too many launches already wait for those that are.
        """
        ready = self._pool.ready(self._pool.serving)
        line = encode(StartRequest(arguments, directory))
        if ready and not any(self.processes[worker].send(line) for worker in ready):
            raise ControlError(
                "the app is not reading its launches, of which 1 MiB is waiting: try again when it answers."
            )
        return bool(ready)

    def take_unsent(self) -> list[bytes]:
        """Return the launches that no worker has received yet; the caller delivers them from now on."""
        launches, self._unsent = self._unsent, []
        for process in self.processes.values():
            launches += process.take_back(_is_launch)
        return launches

    def deliver(self, launches: Iterable[bytes] = ()) -> None:
        """Send these launches, and those that wait, as soon as a worker is ready. They were answered already."""
        self._unsent += launches
        ready = self._pool.ready(self._pool.serving)
        while self._unsent and any(self.processes[worker].send(self._unsent[0]) for worker in ready):
            del self._unsent[0]

    def replace(self, worker: WorkerSlot, reason: str) -> None:
        """Replace a worker without losing a request."""
        self.note(HistoryKind.WORKER_REPLACED, f"worker {self._pid(worker)} is replaced: {reason}", worker)
        self._pool.replace(worker)
        self._observer.wake()

    def watch(self, worker: WorkerSlot, started: ChildProcess) -> None:
        """Follow a worker's process from now on."""
        process = started.process
        self.processes[worker] = WorkerProcess(
            process,
            started.channel,
            lambda stream, data: self._record.printed(process.pid, stream, data),
            lambda line: self._on_line(worker, line),
            lambda code: self._on_exit(worker, code),
        )

    def note(self, kind: HistoryKind, text: str, worker: WorkerSlot, level: int = logging.DEBUG) -> None:
        """Record an event of this worker."""
        process = self.processes.get(worker)
        pid = process.pid if process else None
        self._record.note(kind, text, pid=pid, generation=worker.generation, level=level)

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
        self.note(HistoryKind.WORKER_STARTED, f"worker {self._pid(worker)} started", worker)
        self.write_state()

    def _retire(self, worker: WorkerSlot) -> None:
        self._advance(worker, Transition.STOP)
        others_accept = self._pool.running or self._instance.socket_stays
        self.processes[worker].stop(Retire() if others_accept else Stop())

    def _replace_hung(self, worker: WorkerSlot) -> None:
        process, last_beat = self.processes[worker], worker.last_heartbeat
        process.read_available()  # this process may be the one that was late
        if worker.last_heartbeat > last_beat:
            self._observer.wake()  # heartbeats wake nothing, and the plan has no deadline for this worker
            return
        text = f"worker {process.pid} hangs: its event loop stood still for {self._spec.hang_timeout:g} seconds"
        self.note(HistoryKind.WORKER_HUNG, text, worker, logging.ERROR)
        process.dump_stacks()
        worker.hung = worker.leaving = True
        self._retire(worker)
        self._observer.worker_stopped_serving("it hangs")

    def _kill_late(self, worker: WorkerSlot) -> None:
        if worker.state is SlotState.STARTING:
            limit = self._spec.start_timeout
            self._refusals[worker] = StartupError(f"{self._spec.target!r} was not ready after {limit:g} seconds.")
        elif not worker.hung:
            text = f"worker {self._pid(worker)} did not end in time and is killed"
            self.note(HistoryKind.WORKER_KILLED, text, worker, logging.WARNING)
        self._kill(worker)

    def _kill(self, worker: WorkerSlot) -> None:
        worker.killed = True
        self.processes[worker].kill()

    def _advance(self, worker: WorkerSlot, event: Transition) -> None:
        worker.advance(event, self._loop.time())
        self._observer.wake()

    # What becomes of a worker.

    def _on_line(self, worker: WorkerSlot, line: bytes) -> None:
        message = decode(line, *FROM_WORKER)
        now = worker.last_heartbeat = self._loop.time()
        if isinstance(message, Refused):
            self._refusals[worker] = from_wire(message.error, presentable(message.message))
        elif isinstance(message, Heartbeat):
            self.beats[worker] = message
            self._observer.worker_beat(message)
        elif isinstance(message, Redeem):
            self._observer.redeem(message.token, partial(self._redeemed, worker, message.number))
        elif isinstance(message, GoTo):
            self._observer.go_to(message.path)
        elif isinstance(message, StoppedAccepting):
            worker.accepts = False
            self._observer.wake()
        elif isinstance(message, Serving) and worker.state is SlotState.STARTING:
            self._pool.is_ready(worker, now)
            self.note(HistoryKind.WORKER_READY, f"worker {self._pid(worker)} is ready", worker)
            self._observer.worker_ready(worker)
            self.deliver()
            self._observer.wake()

    def _redeemed(self, worker: WorkerSlot, number: int, admitted: bool) -> None:
        if worker in self.processes:
            self.processes[worker].send(encode(Redeemed(number, admitted)))

    def _on_exit(self, worker: WorkerSlot, code: int) -> None:
        reason = describe_exit(code)
        self._journal.ended(self._pid(worker))
        if worker.state is SlotState.STARTING:
            self._fail_start(worker, self._boot_error(worker, reason), reason)
        else:
            self._end(worker, reason)
        unsent = self.processes.pop(worker).take_back(_is_launch)
        self.beats.pop(worker, None)
        self.deliver(unsent)
        self.write_state()
        self._observer.wake()

    def _end(self, worker: WorkerSlot, reason: str) -> None:
        worker.last_exit = reason
        crashed = worker.state is SlotState.READY
        if crashed:
            text = f"worker {self._pid(worker)} ended unasked, {reason}; starting another"
            self.note(HistoryKind.WORKER_CRASHED, text, worker, logging.ERROR)
        else:
            self.note(HistoryKind.WORKER_ENDED, f"worker {self._pid(worker)} ended, {reason}", worker)
        self._pool.has_ended(worker, self._loop.time())
        if crashed:
            self._observer.worker_stopped_serving(reason)

    def _boot_error(self, worker: WorkerSlot, reason: str) -> WesktopError:
        error = self._refusals.pop(worker, None)
        error = error or StartupError(f"{self._spec.target!r} ended before it was ready ({reason}).")
        error.log_tail = self._journal.tail(TAIL_LINES, MAX_LOG_TAIL, {self._pid(worker)})
        return error

    def _fail_start(self, worker: WorkerSlot, error: WesktopError, reason: str) -> None:
        new = worker.generation == self._pool.coming
        worker.last_exit = reason
        self._pool.has_ended(worker, self._loop.time())
        self._observer.worker_failed(worker, error, new=new)
        self._observer.wake()

    @property
    def pids(self) -> set[int]:
        """The workers' processes."""
        return {process.pid for process in self.processes.values()}

    def write_state(self) -> None:
        """Write the processes to the state file, for the next supervisor of this name."""
        self._instance.write_state([*self.pids])


def _is_launch(line: bytes) -> bool:
    return isinstance(decode(line, *TO_WORKER), StartRequest)
