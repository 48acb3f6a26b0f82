"""The control messages: one JSON object a line, told apart by "type". No I/O.

A client sends a request with an `id` of its choice; every answer repeats it. `Status`, `Stop` and `Focus` have one
answer. `Attach` opens a lease: it lasts as long as the connection and is answered by a stream of events, which `End`
closes. Either side may close the connection at any time.
"""

import msgspec

from wesktopd.errors import ControlError, WesktopError

MAX_FRAME = 64 * 1024
MAX_MESSAGE = 1000  # characters of an exception's sentence
MAX_LOG_TAIL = 8 * 1024  # JSON may make six bytes of one, and it must fit a frame


class Message(msgspec.Struct, kw_only=True, tag_field="type", tag=str.lower):
    """Any message; `id` pairs a request with its answers."""

    id: int = 0


class Status(Message):
    """Ask how the app is; answered by `Report`."""


class Stop(Message):
    """End the app: drain, then stop; answered by `Done` at once, the connection ends with the supervisor."""


class Focus(Message):
    """Bring the app's window to the front; answered by `Done`, or `Failed` where no window is attached."""


class Attach(Message):
    """Take a lease: the app is in use while this connection lasts. kind: "window" or "caller"."""

    kind: str


class Done(Message):
    """The request was carried out."""


class Failed(Message):
    """The request was not carried out; to a lease, the app did not start. error: a class of wesktopd.errors."""

    error: str
    message: str
    log_tail: str = ""


class WorkerReport(msgspec.Struct, frozen=True, kw_only=True):
    """One worker: its state (see wesktopd.generations), and since when, in seconds."""

    pid: int | None
    state: str
    generation: int
    uptime: float
    restarts: int
    last_exit: str | None


class Report(Message):
    """The answer to `Status`. started: seconds since the epoch; windows: how many are attached."""

    name: str
    target: str
    import_path: list[str]
    url: str
    pid: int
    started: float
    one_shot: bool
    stopping: bool
    windows: int
    pid_path: str | None
    workers: list[WorkerReport]


class Ready(Message):
    """Event: the app answers at `url`. Sent at once to a lease on an app that is ready."""

    url: str


class Listening(Message):
    """Event: the port is bound and the control socket is open, but no worker is ready yet."""

    url: str


class Down(Message):
    """Event: no worker is ready any more; another is being started."""

    reason: str


class Raise(Message):
    """Event for windows: come to the front."""


class End(Message):
    """The last event of a lease: the supervisor is ending."""


Request = Status | Stop | Focus | Attach
Answer = Done | Failed | Report | Ready | Listening | Down | Raise | End

_encoder = msgspec.json.Encoder()
_requests: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_answers: msgspec.json.Decoder[Answer] = msgspec.json.Decoder(Answer)


def encode(message: msgspec.Struct) -> bytes:
    """The message as a line."""
    return _encoder.encode(message) + b"\n"


def decode_request(frame: bytes) -> Request:
    """Read a client's line; raises ControlError with what is wrong about it."""
    try:
        return _requests.decode(frame)
    except msgspec.DecodeError as error:
        raise ControlError(f"not a request: {error}") from None


def decode_answer(frame: bytes) -> Answer:
    """Read a server's line; raises ControlError with what is wrong about it."""
    try:
        return _answers.decode(frame)
    except msgspec.DecodeError as error:
        raise ControlError(f"the server answered with something else: {error}") from None


def failure(error: WesktopError) -> Failed:
    """An exception as a message."""
    message = error.message if len(error.message) <= MAX_MESSAGE else f"{error.message[:MAX_MESSAGE]}..."
    return Failed(error=type(error).__name__, message=message, log_tail=error.log_tail)


class Lines:
    """Cuts a stream of bytes into lines, each of at most MAX_FRAME bytes."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are complete with `data`; raises ControlError when one is too long."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if max(map(len, (*lines, self._rest))) > MAX_FRAME:
            raise ControlError(f"a message is longer than {MAX_FRAME} bytes")
        return lines
