"""Identify processes: PIDs are reused; a PID with the start time of its process is not, within a boot."""

import contextlib
import os
import signal
from pathlib import Path

import msgspec

TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
PAGE_SIZE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Identity(msgspec.Struct, frozen=True):
    """A process. began: its start time in the system's unit, comparable within a boot only."""

    pid: int
    began: float


class Usage(msgspec.Struct, frozen=True):
    """The resources used by a process. rss: bytes of memory. cpu: seconds. age: seconds since its start."""

    rss: int
    cpu: float
    age: float


# Linux is asked by /proc: psutil would add 4 MB to each supervisor, and its create_time() moves with the clock.


def identify(pid: int) -> Identity | None:
    """Return the process that has this PID now; None if there is none."""
    fields = _stat(pid)
    if fields is not None:
        return None if fields[0] in "ZX" else Identity(pid, float(fields[19]))
    if Path("/proc/self/stat").exists():
        return None
    import psutil

    try:
        return Identity(pid, psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def kill_process(process: Identity) -> None:
    """Kill a process; no effect if it has ended, or is another user's."""
    if identify(process.pid) == process:
        with contextlib.suppress(OSError):
            os.kill(process.pid, signal.SIGKILL)


def usage(pid: int) -> Usage | None:
    """Return what a process uses; None if it has ended."""
    fields = _stat(pid)
    if fields is not None:
        began = float(fields[19]) / TICKS
        cpu = (int(fields[11]) + int(fields[12])) / TICKS
        return Usage(rss=int(fields[21]) * PAGE_SIZE, cpu=cpu, age=max(0.0, _uptime() - began))
    if Path("/proc/self/stat").exists():
        return None
    import time

    import psutil

    try:
        process = psutil.Process(pid)
        times = process.cpu_times()
        age = max(0.0, time.time() - process.create_time())
        return Usage(rss=process.memory_info().rss, cpu=times.user + times.system, age=age)
    except psutil.Error:
        return None


def boot_id() -> str:
    """Return an identifier that changes at each boot; empty if the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the third on, "state" (proc_pid_stat(5)); None where there is none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    return text[text.rindex(")") + 2 :].split()  # the name before may hold spaces and parentheses


def _uptime() -> float:
    # Not the file's own figure, /proc/uptime: in a container that may be the container's.
    import time

    return time.clock_gettime(time.CLOCK_BOOTTIME)
