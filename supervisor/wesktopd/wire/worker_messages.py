"""The messages between a worker, or a window, and the process that started it. No I/O.

The parent first sends a `WorkerSpec`, with the listening socket. The worker answers with `Serving` or `Refused`, then
sends a `Heartbeat` from time to time. `Redeem` is answered by `Redeemed`; a `StartRequest` may be answered by `GoTo`.
`Stop` or `Retire` ends a worker, which answers the latter with `StoppedAccepting`. The channel's end shows either
side that the other is gone, however it died.

A message is a dataclass, and a line of JSON with its name in lower case as "type", as in all our protocols. `json`
decodes it: windows and workers wait for this module, and msgspec takes longer to load.
"""

import json
from dataclasses import dataclass, field
from typing import Any, TypeVar

MAX_LINE = 1024 * 1024  # bytes of a message after the first; a longer one is cut, and cannot be decoded

Kind = TypeVar("Kind")


@dataclass(frozen=True, kw_only=True)
class WorkerSpec:
    """The app that a worker serves; sent with the listening socket.

    beat_every: maximum seconds between heartbeats. bus: the socket of the event bus, if there is one.
    name, host, allowed_hosts, allowed_origins, csp: see `wesktopd.guard.middleware`. cookie, bearer: the session's
    secrets, if there is one, see `wesktopd.guard.session`. on_launch: the function for further starts of the app, as
    "module:attribute". waits: accept no connection before `Accept` is received.
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
    """The startup is complete: the app answers requests."""


@dataclass(frozen=True)
class Refused:
    """The app cannot be served. error: a class name of wesktopd.errors."""

    error: str
    message: str


@dataclass(frozen=True)
class StoppedAccepting:
    """The worker accepts no further connections, as `Retire` asks."""


@dataclass(frozen=True)
class Heartbeat:
    """The event loop runs.

    requests: open ones. tasks: that requests have begun and that run on by themselves. idle: seconds since the last
    request ended, 0 while there are any of both.
    """

    requests: int
    idle: float
    tasks: int = 0


@dataclass(frozen=True)
class Stop:
    """To a worker: finish open requests, and exit."""


@dataclass(frozen=True)
class Retire:
    """To a worker that others replace: stop accepting, answer what was accepted, and exit."""


@dataclass(frozen=True)
class Redeem:
    """Ask whether a one-time token, presented by a client, is valid."""

    number: int
    token: str = field(repr=False)


@dataclass(frozen=True)
class Redeemed:
    """To the worker: the answer to the `Redeem` of this number."""

    number: int
    admitted: bool


@dataclass(frozen=True)
class StartRequest:
    """To a worker, or to a window opened for it: the app was started again, with these arguments, there."""

    arguments: list[str]
    directory: str


@dataclass(frozen=True)
class GoTo:
    """Have the window in front show this path of the app."""

    path: str


@dataclass(frozen=True)
class Accept:
    """To a worker started with `waits`: accept connections from now on."""


FROM_WORKER = (Serving, Refused, StoppedAccepting, Heartbeat, Redeem, GoTo)
TO_WORKER = (Accept, Stop, Retire, Redeemed, StartRequest)


def encode(message: object) -> bytes:
    """Return a message as a line."""
    return json.dumps({"type": type(message).__name__.lower(), **vars(message)}).encode() + b"\n"


def decode(line: bytes, *kinds: type[Kind]) -> Kind | None:
    """Return the message of a line; None for a message of another type, which the caller skips.

    Unknown fields are ignored: the two sides may be of different releases. Raises ValueError for anything else.
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
