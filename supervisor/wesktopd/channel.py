"""The socket pair that joins a process to the one that started it.

The parent sends one line, which says what to do; to a worker that is a WorkerSpec, answered by `Serving` or
`Refused`, then by a `Beat` now and then. `STOP` or `RETIRE` ends a worker. The channel is also a lifeline: by its end
either side learns that the other is gone, on any kind of death.
"""

import contextlib
import os
import signal
import socket
from typing import Any

import msgspec

from wesktopd.launch import Launched, launch

MAX_SPEC = 64 * 1024

STOP = b"s"  # to a worker: finish what is open, and end
RETIRE = b"r"  # the same while others go on: first accept nothing new, and read all that was accepted

DUMP_SIGNAL = signal.SIGQUIT  # a worker prints the stacks of its threads, as Java's programs do


class WorkerSpec(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker has to serve; the listening socket comes with it. beat_every: seconds at most between beats."""

    target: str
    working_dir: str
    import_path: list[str]
    factory: bool
    drain_timeout: float
    beat_every: float
    access_log: bool


class Serving(msgspec.Struct, frozen=True, tag="serving"):
    """The lifespan is done: requests are answered."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The app cannot be served. error: a class name of wesktopd.errors."""

    error: str
    message: str


class Beat(msgspec.Struct, frozen=True, tag="beat"):
    """The event loop runs. requests: that are open; idle: seconds since the last one ended, 0 while one is open."""

    requests: int
    idle: float


FromWorker = Serving | Refused | Beat

_from_worker: msgspec.json.Decoder[FromWorker] = msgspec.json.Decoder(FromWorker)
_specs = msgspec.json.Decoder(WorkerSpec)


def start(module: str, spec: msgspec.Struct, **options: Any) -> Launched:
    """Launch `module` and tell it what to do. Raises OSError when no process can be started."""
    launched = launch(module, **options)
    tell(launched.channel, spec)
    return launched


def tell(channel: socket.socket, message: msgspec.Struct) -> None:
    """Send a message; if the other side is gone, the channel's end says so."""
    with contextlib.suppress(OSError):
        channel.sendall(encode(message))


def hand_over(channel: socket.socket, spec: WorkerSpec, listener: socket.socket) -> None:
    """Give a worker its spec and, with it, the listening socket (SCM_RIGHTS, unix(7))."""
    with contextlib.suppress(OSError):
        socket.send_fds(channel, [encode(spec)], [listener.fileno()])


def take_over(channel: socket.socket) -> tuple[WorkerSpec, int] | None:
    """What `hand_over` gave; None when the supervisor has thought better of it."""
    line, descriptors, _, _ = socket.recv_fds(channel, MAX_SPEC, 1)
    while line and not line.endswith(b"\n") and (more := channel.recv(MAX_SPEC)):
        line += more
    if not line or not descriptors:
        return None
    os.set_inheritable(descriptors[0], False)  # what the app starts is not to hold the port
    return _specs.decode(line), descriptors[0]


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


def decode_from_worker(line: bytes) -> FromWorker:
    """Read a worker's line; raises msgspec.DecodeError for anything else."""
    return _from_worker.decode(line)
