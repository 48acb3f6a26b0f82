"""What is done with a worker's process, on a real one that does nothing."""

import asyncio
import contextlib
import socket
import subprocess
from collections.abc import Iterator
from typing import cast

from support.waiting import until
from wesktopd.instance.instance import Instance
from wesktopd.logs.history import HistoryKind
from wesktopd.logs.journal import Journal
from wesktopd.logs.record import Record
from wesktopd.spec import AppSpec
from wesktopd.system import ChildProcess
from wesktopd.wire.worker_messages import MAX_LINE, Heartbeat, encode
from wesktopd.workers.manager import WorkerManager, WorkerObserver
from wesktopd.workers.pool import Action, Timeouts, WorkerPool
from wesktopd.workers.slot import Transition, WorkerSlot

HANG_TIMEOUT = 5.0


class HeldInstance:
    """What a manager asks of an instance here."""

    spec = AppSpec(target="app:app", name="app", working_dir="/", import_path=[], hang_timeout=HANG_TIMEOUT)


class Notes:
    """Observer and record of a manager, as far as it uses them here."""

    def __init__(self) -> None:
        self.woken = False
        self.noted: list[HistoryKind] = []

    def note(self, kind: HistoryKind, *_: object, **__: object) -> None:
        self.noted.append(kind)

    def wake(self) -> None:
        self.woken = True

    def worker_beat(self, beat: Heartbeat) -> None:
        pass


def manager_of(pool: WorkerPool, notes: Notes) -> WorkerManager:
    """A manager of this pool, in the running loop."""
    return WorkerManager(
        cast(Instance, HeldInstance),
        pool,
        cast(Journal, None),
        cast(Record, notes),
        cast(WorkerObserver, notes),
        None,
    )


@contextlib.contextmanager
def silent_process() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that says nothing."""
    pipe = subprocess.PIPE
    with subprocess.Popen(["sleep", "600"], stdout=pipe, stderr=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_worker_whose_beat_is_read_only_at_its_deadline_does_not_hang_and_its_next_one_is_waited_for() -> None:
    observer, worker = Notes(), WorkerSlot()
    pool = WorkerPool(Timeouts(5.0, 5.0, HANG_TIMEOUT), serving=1, coming=None, workers=[worker])
    ours, theirs = socket.socketpair()

    async def scenario() -> None:
        manager = manager_of(pool, observer)
        manager.watch(worker, ChildProcess(process, ours))
        started = asyncio.get_running_loop().time() - HANG_TIMEOUT
        worker.advance(Transition.SPAWNED, started)
        worker.advance(Transition.READY, started)
        theirs.sendall(encode(Heartbeat(requests=0, idle=1.0)))
        assert pool.next_actions(started + HANG_TIMEOUT) == ([(Action.REPLACE_HUNG, worker)], None)
        manager.carry_out(Action.REPLACE_HUNG, worker)
        assert observer.woken, "nobody asks for the next deadline"
        assert pool.next_actions(worker.last_heartbeat) == ([], worker.last_heartbeat + HANG_TIMEOUT)

    with ours, theirs, silent_process() as process:
        asyncio.run(scenario())


def test_a_worker_that_does_not_end_at_once_when_it_is_killed_is_killed_and_noted_once() -> None:
    observer, worker = Notes(), WorkerSlot()
    pool = WorkerPool(Timeouts(5.0, 5.0), serving=1, coming=None, workers=[worker], running=False)
    ours, theirs = socket.socketpair()

    async def scenario() -> None:
        manager = manager_of(pool, observer)
        manager.watch(worker, ChildProcess(process, ours))
        for event in (Transition.SPAWNED, Transition.READY, Transition.STOP):
            worker.advance(event, 0.0)
        late = 1000.0
        for _ in range(100):  # the loop does not run meanwhile: its end is not seen
            for action, planned in pool.next_actions(late)[0]:
                manager.carry_out(action, planned)
        assert observer.noted == [HistoryKind.WORKER_KILLED]

    with ours, theirs, silent_process() as process:
        asyncio.run(scenario())


def test_of_a_workers_messages_one_that_is_not_understood_loses_no_other_and_an_unknown_one_is_skipped() -> None:
    observer, worker, lost = Notes(), WorkerSlot(), list[str]()
    pool = WorkerPool(Timeouts(5.0, 5.0, HANG_TIMEOUT), serving=1, coming=None, workers=[worker])
    beats = [Heartbeat(requests=number, idle=0.0) for number in range(3)]
    no_messages = [b"garbage\n", b'{"type": "heartbeat"}\n', b"\n", b"x" * (MAX_LINE + 1) + b"\n"]
    unknown = b'{"type": "praise"}\n'
    ours, theirs = socket.socketpair()

    async def scenario() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: lost.append(context["message"]))
        manager = manager_of(pool, observer)
        manager.watch(worker, ChildProcess(process, ours))
        worker.advance(Transition.SPAWNED, 0.0)  # it is to say when it is ready, and does not here
        for beat in beats:
            batch = b"".join([*no_messages, unknown, encode(beat)])
            await asyncio.get_running_loop().run_in_executor(None, theirs.sendall, batch)
            await until(lambda beat=beat: manager.beats.get(worker) == beat, "the beat")  # type: ignore[misc]

    with ours, theirs, silent_process() as process:
        asyncio.run(scenario())
    assert len(lost) == len(no_messages) * len(beats)
    assert {f"worker {process.pid}" in text for text in lost} == {True}
