"""The socket pair that joins a process to the one that started it.

The parent sends one line, which says what to do; to a worker that is a WorkerSpec, answered by `Serving` or
`Refused`. The channel is also a lifeline: by its end either side learns that the other is gone, on any kind of death.
"""

import contextlib
import socket
import subprocess
import sys
from typing import Any

import msgspec


class WorkerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker has to serve, and the descriptor of the listening socket that it inherits."""

    target: str
    listener: int
    working_dir: str
    import_path: list[str]
    factory: bool
    drain_timeout: float


class Serving(msgspec.Struct, frozen=True, tag="serving"):
    """The lifespan is done: requests are answered."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The app cannot be served. error: a class name of wesktopd.errors."""

    error: str
    message: str


Outcome = Serving | Refused

_outcomes: msgspec.json.Decoder[Outcome] = msgspec.json.Decoder(Outcome)
_specs = msgspec.json.Decoder(WorkerSpec)


def start(
    module: str, spec: msgspec.Struct, pass_fds: tuple[int, ...] = (), **options: Any
) -> tuple["subprocess.Popen[bytes]", socket.socket]:
    """Start `python -m module FD` and send it `spec` on the channel, of which FD is its end.

    It gets a session of its own, so that a terminal's Ctrl-C goes to the caller alone, which decides what ends when.
    Raises OSError when no process can be started.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        fd = theirs.fileno()
        # -P: no module is to be found in the directory that this process happens to be in.
        command = [sys.executable, "-P", "-m", module, str(fd)]
        try:
            process = subprocess.Popen(
                command, pass_fds=(fd, *pass_fds), stdin=subprocess.DEVNULL, start_new_session=True, **options
            )
        except BaseException:
            ours.close()
            raise
    with contextlib.suppress(OSError):  # it died at once: its end says so
        ours.sendall(encode(spec))
    return process, ours


def inherited(fd: int) -> socket.socket:
    """A process's own end of the channel, kept from what it starts itself: they would hide its end."""
    channel = socket.socket(fileno=fd)
    channel.set_inheritable(False)
    return channel


def read_line(channel: socket.socket) -> bytes:
    """Read up to the first newline and not a byte further; what there is where the channel ends before."""
    line = b""
    while not line.endswith(b"\n") and (byte := channel.recv(1)):
        line += byte
    return line


def encode(message: msgspec.Struct) -> bytes:
    """The message as a line."""
    return msgspec.json.encode(message) + b"\n"


def decode_outcome(line: bytes) -> Outcome:
    """Read the worker's line; raises msgspec.DecodeError for anything else."""
    return _outcomes.decode(line)


def decode_spec(line: bytes) -> WorkerSpec:
    """Read the supervisor's line; raises msgspec.DecodeError for anything else."""
    return _specs.decode(line)
