"""Ending a process: which may be ended, and the outcome."""

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil

GRACE = 1.5  # seconds that a process has to go in before we say that it is still there
POLL = 0.03  # seconds between two looks at whether it went
PROGRAM = ("wesktop", "wesktopd", "examples.pulse")  # the modules that this program's command lines name


class RefusedError(Exception):
    """The process is not ended: `status` is the HTTP status, the message the reason in words for the user."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether the process ended immediately; if not, it was asked to."""

    pid: int
    name: str
    gone: bool


async def end(pid: int, started: float | None = None) -> Outcome:
    """Ask a process to end (SIGTERM; on Windows, end it) and watch it for GRACE seconds.

    started: the start time the caller knows; a process of the same PID but another start time is left alone.

    Raises RefusedError with 403 for the system's and this program's processes and where permission lacks, with 404
    where there is no such process.
    """
    if pid in (0, 1):
        raise RefusedError(403, f"Process {pid} belongs to the system and is not ended from here.")
    process = find(pid, started)
    if pid in own_pids():
        raise RefusedError(403, "This process is part of Pulse. To end Pulse, close its window.")
    try:
        name = process.name()
        process.terminate()
    except psutil.NoSuchProcess:
        raise no_such(pid) from None
    except psutil.AccessDenied:
        raise RefusedError(403, f"You do not have permission to end process {pid}.") from None
    return Outcome(pid, name, await is_gone(process))


def find(pid: int, started: float | None) -> psutil.Process:
    try:
        process = psutil.Process(pid)
        found = process.create_time()
    except (psutil.NoSuchProcess, ValueError):  # ValueError: a negative PID
        raise no_such(pid) from None
    if started is not None and abs(found - started) > 0.02:  # the table's start time is rounded
        raise no_such(pid)
    return process


def no_such(pid: int) -> RefusedError:
    return RefusedError(404, f"There is no process {pid} any more.")


async def is_gone(process: psutil.Process) -> bool:
    """Wait for the process to go. A zombie has gone: only its parent has not taken note."""
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline:
        try:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        await asyncio.sleep(POLL)
    return False


def own_pids() -> set[int]:
    """This program's processes: the outermost one that names it on its command line, and all below that."""
    root = psutil.Process(os.getpid())
    for parent in root.parents():
        try:
            if not names_program(parent.cmdline()):
                break
        except psutil.Error:
            break
        root = parent
    return {root.pid, *(child.pid for child in root.children(recursive=True))}


def names_program(command: Sequence[str]) -> bool:
    """Return whether an argument is one of PROGRAM, a module in it, or a target such as `examples.pulse.app:app`."""
    return any(word == name or word.startswith((f"{name}.", f"{name}:")) for word in command for name in PROGRAM)
