"""The state file: the processes of a supervisor, so that the next one can end those that outlived it.

A worker ends by itself when its supervisor has died, unless it cannot: one that is suspended, say, keeps the port.
"""

import contextlib
import os
import time
from pathlib import Path

import msgspec

from wesktopd.system import Identity, boot_id, identify, kill_process, read_private
from wesktopd.system.atomic_files import OwnFile, atomic_write

LOOK_EVERY = 0.01
MAX_STATE = 64 * 1024  # bytes; that of 64 workers in two generations has less than 8 KiB


class State(msgspec.Struct, frozen=True):
    """The contents of the file."""

    boot: str
    supervisor: Identity | None
    workers: list[Identity]


class StateFile:
    """The state file of an app, in its runtime directory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._own = OwnFile(path)

    def is_in_place(self) -> bool:
        """Return whether the file that this process has written is still there."""
        return self._own.is_in_place()

    def write(self, workers: list[int]) -> None:
        """Write this process and its workers. On failure the app is served all the same: see `is_in_place`."""
        found = [identity for pid in workers if (identity := identify(pid))]
        state = State(boot=boot_id(), supervisor=identify(os.getpid()), workers=found)
        with contextlib.suppress(OSError):
            atomic_write(self._path, msgspec.json.encode(state))
            self._own.claim()

    def read(self) -> State | None:
        """Return what the last supervisor of this boot has written; None for nothing, for a truncated file, and for
        one that others may have written, since it says which processes to kill.
        """
        try:
            state = msgspec.json.decode(read_private(self._path, MAX_STATE), type=State)
        except (OSError, ValueError, RecursionError):
            return None
        return state if state.boot == boot_id() else None

    def remove(self) -> None:
        """Remove the file, unless it is another supervisor's by now."""
        self._own.remove()


def is_alive(state: State | None) -> bool:
    """Return whether the supervisor that wrote the file lives. A free lock does not prove the opposite: the lock's
    file may have been removed.
    """
    supervisor = state.supervisor if state else None
    return supervisor is not None and identify(supervisor.pid) == supervisor


def stale_workers(state: State | None) -> list[Identity]:
    """Return the living workers of a supervisor that has died; never another process that has got their PID."""
    if state is None or is_alive(state):
        return []
    return [worker for worker in state.workers if identify(worker.pid) == worker]


def end(workers: list[Identity], within: float) -> None:
    """Wait until these workers have ended; after `within` seconds, kill those that have not."""
    if not _wait(workers, within):
        kill_all(workers)
        _wait(workers, within)  # what is left after that waits in the kernel


def _wait(workers: list[Identity], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while any(identify(worker.pid) == worker for worker in workers):
        if time.monotonic() >= deadline:
            return False
        time.sleep(LOOK_EVERY)
    return True


def kill_all(workers: list[Identity]) -> None:
    """Kill those of these workers that still live."""
    for worker in workers:
        kill_process(worker)
