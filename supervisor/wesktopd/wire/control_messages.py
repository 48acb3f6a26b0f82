"""The control messages: one JSON object a line, distinguished by "type". No I/O.

A client sends a request with an `id` of its choice; every answer repeats it. Most requests have one answer, some of
them only when what they ask for is done. `Logs` and `Events` are answered by a stream that `End` closes. `Attach`
opens a lease: it lasts as long as the connection, and is answered by a stream of events, of which `End` is the last.
Either side may close the connection at any time. The two may be of different releases: a client skips answers of a
type that it does not know, and an unknown request is answered by `Failed`. docs/control-protocol.md describes the
protocol for other languages.
"""

from typing import Any, Literal

import msgspec

from wesktopd.errors import ConfigurationError, ControlError, WesktopError
from wesktopd.text import printable
from wesktopd.wire.message import Message, SecretMessage, decode_known
from wesktopd.wire.window_messages import (
    Answered,
    Ask,
    Asked,
    Focused,
    Launch,
    Launched,
    Navigate,
    Print,
    Reply,
    Show,
    Vacant,
    Withdrawn,
)

MAX_FRAME = 64 * 1024
MAX_PASSED_ON = MAX_FRAME - 1024  # bytes of a request that a window gets as an event, which is a little longer
MAX_MESSAGE = 1000  # characters of an exception's sentence
STARTER = "starter"  # the lease of the process that has started the supervisor, by the channel between them
MAX_LOG_TAIL = 8 * 1024  # JSON may make six bytes of one, and it must fit a frame


class Status(Message):
    """Ask how the app is; answered by `Report`."""


class Stop(Message):
    """End the app: drain, then stop; answered by `Done` immediately, the connection ends with the supervisor."""


class Restart(Message):
    """Start a new generation of workers; answered when it serves, or by `Failed` where the old one goes on."""


class Scale(Message):
    """Run so many workers; answered by `Done` when they serve."""

    workers: int


class Upgrade(Message):
    """Have the installed release take the supervisor's place; answered by `Done` from the new one, or `Failed`."""


class Wait(Message):
    """Answered by `Done` as soon as a worker is ready."""


class Config(Message):
    """Ask for the app's spec; answered by `Spec`."""


class Logs(Message):
    """Ask for what was printed: the last `lines` (None for all that is kept), of those since a time in seconds since
    the epoch; answered by a `Log` each, then `End`, or with `follow` by further ones as they come.
    """

    lines: int | None = None
    since: float | None = None
    follow: bool = False


class Events(Message):
    """Ask for what has happened; answered by a `Happened` each, then `End`, or with `follow` further ones."""

    follow: bool = False


class Focus(Message):
    """Bring the app's window to the front; answered by `Done`, or `Failed` where no window is attached."""


class Emit(Message):
    """Send an event to the pages of the app, see wesktop.sse; answered by `Done`. data: as it is sent."""

    event: str
    data: str
    channel: str = "events"


class Link(Message):
    """Ask for an address at which a browser may open the app, once and soon, and which leads to `path`; answered by
    `Linked`, and with `follow` by `Done` when it was opened, or `Failed` when it was not in time.
    """

    path: str = "/"
    follow: bool = False


class Bearer(Message):
    """Ask for what a script has to send to get in; answered by `BearerToken`, or `Failed` without a session."""


class Attach(Message):
    """Take a lease: the app is in use while this connection lasts. path: where the links of its `Ready` lead."""

    kind: Literal["window", "caller"]
    path: str = "/"


class Done(Message):
    """The request was carried out; `note` says what came of it, where that is worth telling."""

    note: str = ""


class Failed(Message):
    """The request was not carried out; to a lease, the app did not start. error: a class of wesktopd.errors."""

    error: str
    message: str
    log_tail: str = ""


class WorkerReport(msgspec.Struct, frozen=True, kw_only=True):
    """One worker. Times are in seconds, memory in bytes; what is not known, or not so, is null.

    id: counts the workers of this supervisor. state: see wesktopd.workers.slot; uptime: how long it is in it.
    age: since its process began; cpu: that it has used. requests: that are open; tasks: that requests have begun and
    that run on by themselves.
    last_exit: how the process before ended; retry_in: until the next start is tried. leaving: it is being replaced.
    """

    id: int
    pid: int | None
    state: str
    generation: int
    uptime: float
    age: float | None
    rss: int | None
    cpu: float | None
    requests: int | None
    restarts: int
    last_exit: str | None
    retry_in: float | None
    leaving: bool
    tasks: int | None = None


class Report(Message):
    """The answer to `Status`. Times in seconds, `started` since the epoch.

    pid, rss, cpu: the supervisor's. generation: the one that serves, 0 before the first does. wanted: workers.
    restarting: whether another generation is starting. trouble: why the last restart, or the last start of a worker,
    failed, with the end of its log; null when the one after it did not. config_file, log_file: see `text.sendable`.
    """

    name: str
    target: str
    import_path: list[str]
    url: str
    pid: int
    release: str
    started: float
    rss: int | None
    cpu: float | None
    one_shot: bool
    idle_timeout: float | None
    stopping: bool
    restarting: bool
    generation: int
    windows: int
    pid_path: str | None
    config_file: str | None
    log_file: str | None
    wanted: int
    trouble: str | None
    workers: list[WorkerReport]


class Spec(Message):
    """The answer to `Config`: the fields of AppSpec."""

    spec: dict[str, Any]


class Log(Message):
    """A line that was printed: by the process `pid` to "stdout" or "stderr", or by the supervisor ("wesktopd")."""

    time: float
    pid: int
    stream: str
    text: str


class Happened(Message):
    """Something has happened, see wesktopd.logs.history; `pid` and `generation`: of the worker that it is about."""

    time: float
    kind: str
    text: str
    pid: int | None = None
    generation: int | None = None


class Linked(SecretMessage):
    """The answer to `Link`. A secret until it has been opened."""

    url: str


class BearerToken(SecretMessage):
    """The answer to `Bearer`. A secret, for as long as the supervisor lives."""

    token: str


class Ready(SecretMessage):
    """Event: the app answers at `url`. Sent immediately to a lease on an app that is ready.

    origin: the address at which windows open it, see wesktopd.instance.own_host; None where that is `url`.
    link: the address to open instead: where the app has a session, once and soon, and a secret until then.
    """

    url: str
    origin: str | None = None
    link: str | None = None


class Listening(Message):
    """Event: the port is bound and the control socket is open, but no worker is ready yet."""

    url: str


class Down(Message):
    """Event: no worker is ready any more; another is being started."""

    reason: str


class Warned(Message):
    """Event for the process that starts the app: a warning that does not keep the app from being served."""

    text: str


class Raise(Message):
    """Event for windows: come to the front."""


class Others(Message):
    """Event for callers: so many others hold a lease."""

    count: int


class Moved(Message):
    """Event for the process that started the supervisor: after an upgrade, another process is the supervisor."""

    pid: int


class End(Message):
    """The last answer of a stream; to a lease, the supervisor is ending."""


# fmt: off
Request = (
    Status | Stop | Restart | Scale | Upgrade | Wait | Config | Logs | Events | Focus | Focused | Launch | Show
    | Ask | Reply | Emit | Link | Bearer | Print | Attach
)
Answer = (
    Done | Failed | Report | Spec | Log | Happened | Linked | BearerToken | Answered
    | Vacant | Ready | Listening | Down | Warned | Raise | Launched | Navigate | Asked | Withdrawn | Others | Moved
    | End
)
# fmt: on


class _Identified(msgspec.Struct):
    id: int = 0


_encoder = msgspec.json.Encoder()
_requests: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_answers: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)


def encode(message: msgspec.Struct) -> bytes:
    """The message as a line."""
    return _encoder.encode(message) + b"\n"


def check_passed_on(request: Launch | Ask) -> None:
    """Refuse a request that would not fit the event which a window gets of it; raises ConfigurationError."""
    if len(encode(request)) > MAX_PASSED_ON:
        what = "arguments" if isinstance(request, Launch) else "texts and file types of a question"
        raise ConfigurationError(f"the {what} are longer than {MAX_PASSED_ON:,} bytes: give less.")


def decode_request(frame: bytes) -> Request:
    """Read a client's line; raises ControlError with what is wrong about it."""
    # msgspec's errors are ValueErrors; and where a string is not UTF-8, it is a bare UnicodeDecodeError.
    try:
        return _requests.decode(frame)
    except (ValueError, RecursionError) as error:
        raise ControlError(f"not a request: {error}") from None


def request_id(frame: bytes) -> int:
    """Return the `id` of a line that is not a request; 0 if it has none."""
    try:
        return msgspec.json.decode(frame, type=_Identified).id
    except (ValueError, RecursionError):
        return 0


def decode_answer(frame: bytes) -> Answer | None:
    """Decode a server's line; return None for an unknown type, which the caller skips.

    Raises ControlError with what is wrong about it.
    """
    try:
        return decode_known(_answers, frame)
    except (ValueError, RecursionError) as error:
        raise ControlError(f"the server answered with something else: {error}") from None


def presentable(text: str) -> str:
    """A sentence of others as it can be sent and shown: not too long, and printable but for the ends of its lines."""
    text = text if len(text) <= MAX_MESSAGE else f"{text[:MAX_MESSAGE]}..."
    return "\n".join(map(printable, text.split("\n")))


def failure(error: WesktopError) -> Failed:
    """An exception as a message."""
    return Failed(error=type(error).__name__, message=presentable(error.message), log_tail=error.log_tail)
