"""Starts a process of ours, joined to this one by a socket pair; light, so that it can be done first."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading

from wesktopd.errors import ConfigurationError
from wesktopd.forked import withhold
from wesktopd.notify import environment

TYPE_CHECKING = False  # as type checkers know it: a window waits for this module, and typing takes 4 ms
if TYPE_CHECKING:
    from typing import Any

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


class Adopted:
    """A child of this process that another program started, which this process was before: as Popen has it."""

    def __init__(self, pid: int, stdout: int, stderr: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdout = open(stdout, "rb", buffering=0)  # noqa: SIM115  by its descriptor
        self.stderr = open(stderr, "rb", buffering=0)  # noqa: SIM115

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""
        return self._reap(os.WNOHANG)

    def wait(self) -> int:
        """Wait for its end; its exit code."""
        code = self._reap(0)
        assert code is not None
        return code

    def _reap(self, options: int) -> int | None:
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, options)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


class Launched:
    """A process, and this side of its channel. As a context manager it is gone at the end."""

    def __init__(self, process: "subprocess.Popen[bytes]", channel: socket.socket) -> None:
        self.process = process
        self.channel = channel

    def __enter__(self) -> "Launched":
        return self

    def __exit__(self, *_: object) -> None:
        self.abandon()

    def tell(self, line: bytes) -> None:
        """Send it a line; if it is gone, the channel's end says so."""
        with contextlib.suppress(OSError):
            self.channel.sendall(line)

    def kill(self) -> None:
        """End it at once, unless it has ended already."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def leave(self) -> None:
        """Let it go on by itself; should it end before this process, no zombie is left."""
        self.channel.close()
        threading.Thread(target=self.process.wait, name=f"wait-{self.process.pid}", daemon=True).start()

    def abandon(self) -> None:
        """End it at once and close what led to it."""
        self.kill()
        self.channel.close()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


def launch(module: str, **options: "Any") -> Launched:
    """Start a process that runs `main(fd)` of `module`, fd being its end of the channel.

    It gets a session of its own, so that a terminal's Ctrl-C goes to the caller alone, which decides what ends when.
    options: further ones of Popen. Raises OSError when no process can be started, and ConfigurationError where there
    is no interpreter to start.
    """
    if getattr(sys, "frozen", False) or not sys.executable:
        # It would start the program itself again, without end.
        raise ConfigurationError(
            f"{sys.executable or 'this program'!r} is no Python interpreter: run from an installed one."
        )
    fill_standard_descriptors()
    ours, theirs = socket.socketpair()
    with theirs:
        fd = theirs.fileno()
        # -P: no module is to be found in the directory that this process happens to be in.
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
    return Launched(process, ours)


def launch_worker() -> Launched:
    """Start a worker: it loads the server while it is being settled what to serve, see `Instance.start_worker`."""
    return launch("wesktopd.worker", stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())


def fill_standard_descriptors() -> None:
    """Put /dev/null where stdin, stdout or stderr is closed: what is opened next would take its place."""
    for fd in range(3):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
            os.set_inheritable(fd, True)  # as others are by default, and those are not (PEP 446)
