"""Start a process of ours, connected to this one by a socket pair. Light, so that it can be done first."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time

from wesktopd.errors import ConfigurationError
from wesktopd.system.posix.forked import withhold
from wesktopd.system.posix.service_manager import environment

TYPE_CHECKING = False  # as type checkers know it: a window waits for this module, and typing takes 4 ms
if TYPE_CHECKING:
    from typing import Any

LOOK_EVERY = 0.01  # seconds between looks at a process that is not a child

# What `python -m MODULE FD` would do, without runpy, which takes 3 ms, and without collecting garbage while modules
# are loaded, of which nothing is: 6 ms of a worker's 85. `main` turns it on again.
START = """
import gc, sys
gc.disable()
from importlib import import_module
sys.argv = sys.argv[1:]
module = import_module(sys.argv[0])
if hasattr(module, "__path__"):
    module = import_module(sys.argv[0] + ".__main__")
sys.exit(module.main(int(sys.argv[1])))
"""


class OtherProcess:
    """A process that is not a child, with the interface of Popen; its exit code is unknown, and given as 0."""

    stdout = stderr = None

    def __init__(self, pid: int) -> None:
        from wesktopd.system.posix.process_identity import identify  # late: few need it

        self.pid = pid
        self.returncode: int | None = None
        self._identify = identify
        self._identity = identify(pid)

    def poll(self) -> int | None:
        """Return 0 if it has ended, None while it runs."""
        if self.returncode is None and (self._identity is None or self._identify(self.pid) != self._identity):
            self.returncode = 0
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises TimeoutExpired after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            time.sleep(LOOK_EVERY)
        return code

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)


class ChildProcess:
    """A process, and this side of its channel. As a context manager, kills it at the end."""

    def __init__(self, process: "subprocess.Popen[bytes]", channel: socket.socket) -> None:
        self.process = process
        self.channel = channel

    def __enter__(self) -> "ChildProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.abandon()

    def send(self, line: bytes) -> None:
        """Send a line; no effect if the process is gone, as the channel's end shows."""
        with contextlib.suppress(OSError):
            self.channel.sendall(line)

    def kill(self) -> None:
        """Kill it, unless it has ended already."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def leave(self) -> None:
        """Close the channel and let it go on by itself; it leaves no zombie if it ends before this process."""
        self.channel.close()
        self.reap()

    def reap(self) -> None:
        """Wait for its end in a thread, so that it leaves no zombie."""
        if isinstance(self.process, subprocess.Popen):
            threading.Thread(target=self.process.wait, name=f"wait-{self.process.pid}", daemon=True).start()

    def replaced(self, pid: int) -> "ChildProcess":
        """Return the process that has taken the place of this one, with the same channel."""
        self.reap()
        return ChildProcess(OtherProcess(pid), self.channel)  # type: ignore[arg-type] # it is used as one

    def describe_end(self) -> str:
        """Return how it ended, in words; unknown for a process that is not a child."""
        known = isinstance(self.process, subprocess.Popen)
        return f"ended with exit code {self.process.returncode}" if known else "ended"

    def abandon(self) -> None:
        """Kill it, and close its channel and pipes."""
        self.kill()
        self.channel.close()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


def start_child(module: str, **options: "Any") -> ChildProcess:
    """Start a process that runs `main(fd)` of `module`, fd being its end of the channel.

    It gets a session of its own, so that a terminal's Ctrl-C goes to the caller alone, which decides what ends when.
    options: further ones of Popen. Raises OSError when no process can be started, and ConfigurationError where there
    is no interpreter to start.
    """
    if getattr(sys, "frozen", False) or not sys.executable:
        # It would start the program itself again, without end.
        raise ConfigurationError(
            f"{sys.executable or 'this program'!r} is not a Python interpreter: run from an installed one."
        )
    fill_standard_descriptors()
    ours, theirs = socket.socketpair()
    with theirs:
        fd = theirs.fileno()
        # -P: do not import modules from the current directory, whatever it is.
        command = [sys.executable, "-P", "-c", START, module, str(fd)]
        try:
            process = subprocess.Popen(  # noqa: S603  ours
                command, pass_fds=(fd,), stdin=subprocess.DEVNULL, start_new_session=True, **options
            )
        except BaseException:
            ours.close()
            raise
    for end in (ours, process.stdout, process.stderr):
        if end is not None:
            withhold(end.fileno())
    return ChildProcess(process, ours)


def start_worker() -> ChildProcess:
    """Start a worker: it loads the server while the caller decides what to serve, see `Instance.start_worker`."""
    return start_child("wesktopd.worker", stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())


def fill_standard_descriptors() -> None:
    """Open /dev/null where stdin, stdout or stderr is closed, before another file takes its number."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
            os.set_inheritable(fd, True)  # as others are by default, and those are not (PEP 446)
