"""The socket pair that joins a process to the one that started it. Light: windows and workers wait for it.

The parent sends one line, which says what to do; to a worker that is a WorkerSpec, answered by `Serving` or
`Refused`, then by a `Beat` now and then. A worker's `Redeem` is answered by a line; a
`Launch` may be answered by `GoTo`. `STOP` or `RETIRE` ends a worker; to the latter it answers `Quiet`.
The channel is also a lifeline: by its end either side learns that the other is gone, on any kind of death.

A message is a dataclass, and a line of JSON with its name as "type".
"""

import contextlib
import json
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

MAX_SPEC = 64 * 1024
MAX_LINE = 1024 * 1024  # bytes of a worker's message: no more of it is kept, which is then no message
READ_SIZE = 64 * 1024

STOP = b"s"  # to a worker: finish what is open, and end
RETIRE = b"r"  # the same where connections go on coming, for others: accept no more, and first read what was accepted
ANSWER = b"{"  # to a worker: a line of JSON begins, which is no order

DUMP_SIGNAL = signal.SIGQUIT  # a worker prints the stacks of its threads, as Java's programs do

Kind = TypeVar("Kind")


@dataclass(frozen=True, kw_only=True)
class WorkerSpec:
    """What a worker has to serve; the listening socket comes with it.

    beat_every: seconds at most between beats. bus: the socket of the event bus, where there is one.
    name, host, allowed_hosts, allowed_origins, csp: see `wesktopd.guard`. cookie, bearer: of the session, if there is
    one, see `wesktopd.access`. on_launch: a function, as "module:attribute", for the app's further launches.
    """

    target: str
    working_dir: str
    import_path: list[str]
    factory: bool
    drain_timeout: float
    beat_every: float
    access_log: bool
    name: str
    host: str
    allowed_hosts: list[str] = field(default_factory=list)
    allowed_origins: list[str] = field(default_factory=list)
    csp: str | None = None
    cookie: str | None = field(default=None, repr=False)
    bearer: str | None = field(default=None, repr=False)
    bus: str | None = None
    on_launch: str | None = None


@dataclass(frozen=True)
class Serving:
    """The lifespan is done: requests are answered."""


@dataclass(frozen=True)
class Refused:
    """The app cannot be served. error: a class name of wesktopd.errors."""

    error: str
    message: str


@dataclass(frozen=True)
class Quiet:
    """It accepts no connection any more, as `RETIRE` has asked."""


@dataclass(frozen=True)
class Beat:
    """The event loop runs. requests: that are open; idle: seconds since the last one ended, 0 while one is open."""

    requests: int
    idle: float


@dataclass(frozen=True)
class Redeem:
    """Whether a one-time token, which somebody has brought, lets him in."""

    number: int
    token: str = field(repr=False)


@dataclass(frozen=True)
class Redeemed:
    """To the worker: the answer to the `Redeem` of this number."""

    number: int
    admitted: bool


@dataclass(frozen=True)
class Launch:
    """To a worker, or the window that was opened for it: the app was started, with these arguments, there."""

    arguments: list[str]
    directory: str


@dataclass(frozen=True)
class GoTo:
    """The window in front is to show this path of the app's."""

    path: str


FROM_WORKER = (Serving, Refused, Quiet, Beat, Redeem, GoTo)


def encode(message: object) -> bytes:
    """A message as a line."""
    return json.dumps({"type": type(message).__name__, **vars(message)}).encode() + b"\n"


def decode(line: bytes, *kinds: type[Kind]) -> Kind:
    """Read a line as one of these messages; raises ValueError for anything else.

    What a message has not, is left out: after an upgrade the two sides may be of different releases.
    """
    fields: dict[str, Any] = json.loads(line)
    for kind in kinds:
        if kind.__name__ == fields["type"]:
            return kind(**{name: value for name, value in fields.items() if name in kind.__dataclass_fields__})  # type: ignore[attr-defined]
    raise ValueError(f"{fields['type']!r} is none of {', '.join(kind.__name__ for kind in kinds)}.")


def tell(channel: socket.socket, message: object) -> None:
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
    return decode(line, WorkerSpec), descriptors[0]


def orders(channel: socket.socket) -> Iterator[bytes]:
    """What a worker is told: bytes, and whole lines of JSON. Ends with the channel."""
    heard = b""
    with contextlib.suppress(OSError):
        while data := channel.recv(READ_SIZE):
            heard += data
            while heard:
                end = heard.find(b"\n") if heard.startswith(ANSWER) else 0
                if end < 0:  # the rest of the line is still to come
                    break
                yield heard[: end + 1]
                heard = heard[end + 1 :]


def inherited(fd: int) -> socket.socket:
    """A process's own end of the channel, kept from what it starts itself: they would hide its end."""
    channel = socket.socket(fileno=fd)
    channel.set_inheritable(False)
    return channel


def read_line(channel: socket.socket) -> bytes:
    """Read up to the first newline and not a byte further; what there is where the channel ends before."""
    line = bytearray()  # in place: a launch's may be long
    while not line.endswith(b"\n") and (byte := channel.recv(1)):
        line += byte
    return bytes(line)
