"""The socket pair that joins a process to the one that started it. Light: windows and workers wait for it.

The parent sends one line, which says what to do; to a worker that is a WorkerSpec, answered by `Serving` or
`Refused`, then by a `Heartbeat` now and then. A worker's `Redeem` is answered by `Redeemed`; a
`Launch` may be answered by `GoTo`. `Stop` or `Retire` ends a worker; to the latter it answers `Quiet`.
The channel is also a lifeline: by its end either side learns that the other is gone, on any kind of death.

A message is a dataclass, and a line of JSON with its name in lower case as "type", as in all protocols of ours.
"""

import contextlib
import json
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from wesktopd.system.posix.forked import withhold
from wesktopd.wire.lines import LineReader

MAX_LINE = 1024 * 1024  # bytes of a message after the first: no more of it is kept, which then cannot be read
READ_SIZE = 64 * 1024

DUMP_SIGNAL = signal.SIGQUIT  # a worker prints the stacks of its threads, as Java's programs do

Kind = TypeVar("Kind")


@dataclass(frozen=True, kw_only=True)
class WorkerSpec:
    """What a worker has to serve; the listening socket comes with it.

    beat_every: seconds at most between beats. bus: the socket of the event bus, where there is one.
    name, host, allowed_hosts, allowed_origins, csp: see `wesktopd.guard.middleware`. cookie, bearer: of the session,
    if there is one, see `wesktopd.guard.session`. on_launch: a function, as "module:attribute", for further launches.
    waits: it is to accept no connection before it is told `Accept`.
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
    waits: bool = False


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
    """It accepts no connection any more, as `Retire` has asked."""


@dataclass(frozen=True)
class Heartbeat:
    """The event loop runs. requests: that are open; idle: seconds since the last one ended, 0 while one is open."""

    requests: int
    idle: float


@dataclass(frozen=True)
class Stop:
    """To a worker: finish what is open, and end."""


@dataclass(frozen=True)
class Retire:
    """To a worker: stop where others go on accepting; accept no more, and first read what was accepted."""


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


@dataclass(frozen=True)
class Accept:
    """To a worker that has waited with it: accept connections from now on."""


FROM_WORKER = (Serving, Refused, Quiet, Heartbeat, Redeem, GoTo)
TO_WORKER = (Accept, Stop, Retire, Redeemed, Launch)


def encode(message: object) -> bytes:
    """Return a message as a line."""
    return json.dumps({"type": type(message).__name__.lower(), **vars(message)}).encode() + b"\n"


def decode(line: bytes, *kinds: type[Kind]) -> Kind | None:
    """Return the message of a line; None for any other type, which is to be skipped.

    Fields that the message does not have are left out: the two sides may be of different releases. Raises ValueError
    for what is no message.
    """
    try:
        fields: dict[str, Any] = json.loads(line)
        kind = {kind.__name__.lower(): kind for kind in kinds}.get(fields["type"])
        if kind is None:
            return None
        known = kind.__dataclass_fields__  # type: ignore[attr-defined]
        return kind(**{name: value for name, value in fields.items() if name in known})
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not a message: {type(error).__name__}: {error}") from None


def tell(channel: socket.socket, message: object) -> None:
    """Send a message; if the other side is gone, the channel's end says so."""
    with contextlib.suppress(OSError):
        channel.sendall(encode(message))


def hand_over(channel: socket.socket, spec: WorkerSpec, listener: socket.socket) -> None:
    """Give a worker its spec and, with it, the listening socket (SCM_RIGHTS, unix(7))."""
    line = encode(spec)
    with contextlib.suppress(OSError):
        channel.sendall(line[socket.send_fds(channel, [line], [listener.fileno()]) :])


def take_over(channel: socket.socket) -> tuple[WorkerSpec, int] | None:
    """Return what `hand_over` gave; None when the supervisor has thought better of it."""
    begun, descriptors, _, _ = socket.recv_fds(channel, 1, 1)  # they come with the first byte
    if not descriptors:
        return None
    os.set_inheritable(descriptors[0], False)  # what the app starts is not to hold the port
    line = begun + read_line(channel)
    if not line.endswith(b"\n"):
        return None
    spec = decode(line, WorkerSpec)
    assert spec is not None
    return spec, descriptors[0]


def inherited(fd: int) -> socket.socket:
    """A process's own end of the channel, kept from what it starts itself: they would hide its end."""
    channel = socket.socket(fileno=fd)
    channel.set_inheritable(False)
    withhold(fd)
    return channel


def read_line(channel: socket.socket) -> bytes:
    """Read up to the first newline and not a byte further; what there is where the channel ends before."""
    line = bytearray()
    while not line.endswith(b"\n") and (coming := channel.recv(READ_SIZE, socket.MSG_PEEK)):
        line += channel.recv(coming.find(b"\n") + 1 or len(coming))
    return bytes(line)


def read_lines(channel: socket.socket) -> Iterator[bytes]:
    """Yield all further lines, until the channel ends."""
    lines = LineReader(MAX_LINE, cut=True)
    with contextlib.suppress(OSError):
        while data := channel.recv(READ_SIZE):
            yield from lines.feed(data)
