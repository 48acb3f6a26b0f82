"""What a supervisor tells its successor at an upgrade, and how it goes over the channel between the two.

The running supervisor starts its successor (`wesktopd.upgrade.old_supervisor`, `wesktopd.successor`). Then

    it tells      Beginning     what is served, and the listening socket
    is told       Prepared      the successor's generation has started, and does not accept connections yet; or
                  Failed        why it has not: the successor ends, and nothing has changed
    it tells      Handover      all else that it knows, with its sockets; it answers nobody any more
    is told       Taken         the successor has all of it, and waits; or it has ended, and all is taken back
    it tells      Confirmed     the successor may go on
    is told       Begun         the successor is the supervisor from now on; or it has ended, and all is taken back

Until it has confirmed, the old one alone decides: it kills the successor before it takes anything back. Where the
old one dies once all is handed over, the successor goes on, since nobody else has what it has.

What is left of the old supervisor has its workers finish what they have begun. Of them it tells Printed, Noted,
Redeem (is told: Redeemed), GoTo, and Quiet when none accepts connections any more; Stop, where it was told to end the
app meanwhile. The channel's end is its own end.

A message is a line of JSON. Descriptors come along with its first bytes (SCM_RIGHTS, unix(7)), and are numbered in
the order in which they were sent.
"""

import os
import socket

import msgspec

from wesktopd.bus.event_bus import HandedBus
from wesktopd.control.handed_connections import HandedControl
from wesktopd.errors import ControlError
from wesktopd.guard.session import SessionSecrets
from wesktopd.logs.logfile import LogLine
from wesktopd.spec import AppSpec
from wesktopd.wire.control_messages import Failed, Happened
from wesktopd.wire.lines import LineReader
from wesktopd.wire.message import Message, SecretMessage

FORMAT = 3  # of what is handed over: to be raised whenever an older release could not read it
MOST_DESCRIPTORS = 250  # in one message: SCM_MAX_FD is 253 on Linux
STANDARD_OUTPUTS = (1, 2)  # that go over with the beginning
TWIN = 1 + len(STANDARD_OUTPUTS)  # the number of the socket that may follow them
MAX_LINE = 2**30  # bytes: of the events that are kept for pages, above all
READ_SIZE = 256 * 1024


class Beginning(SecretMessage, kw_only=True):
    """What the successor needs to start its own generation of workers.

    latest: the number of the last generation. wanted: how many workers. log_level: from which on own lines are shown.
    Descriptors: the listening socket, stdout, stderr; where has_twin, the one of wesktopd.instance.loopback.
    """

    format: int = FORMAT
    spec: AppSpec
    started: float
    log_level: int
    latest: int
    wanted: int
    access: SessionSecrets | None
    socket_stays: bool
    has_twin: bool = False


class Prepared(Message):
    """The successor's workers are ready, and wait for its word to accept connections."""


class Handover(SecretMessage, kw_only=True):
    """All else that the old supervisor knows. Numbers of descriptors: `lock`, `foreground`, and those within.

    begun: lines that its workers have begun to print. launches: of which no worker has heard yet.
    """

    config_file: str | None
    lock: int | None
    foreground: int | None
    control: HandedControl
    bus: HandedBus
    lines: list[LogLine]
    begun: list[tuple[int, str, bytes]]
    launches: list[bytes]
    events: list[Happened]
    tokens: list[tuple[str, float]]


class Taken(Message):
    """The successor has all of it. It hears nobody, and says nothing to anybody, before it is `Confirmed`."""


class Confirmed(Message):
    """The successor is to go on; nobody ends it any more."""


class Begun(Message):
    """It does. One that ends without a word after `Confirmed` has answered nobody."""


class Stop(Message):
    """The old supervisor was told to end the app."""


class Printed(Message):
    """A worker of the old supervisor has printed this."""

    pid: int
    stream: str
    data: bytes


class Noted(Message):
    """Something has happened to the old supervisor's workers; or, without a kind, it has something to say."""

    level: int
    event: Happened


class Redeem(SecretMessage):
    """Whether a one-time token, which somebody has brought to one of its workers, lets them in; `id` is answered."""

    token: str


class Redeemed(Message):
    """The answer to the `Redeem` of this id."""

    admitted: bool


class GoTo(Message):
    """The app wants its window to show another page."""

    path: str


class Quiet(Message):
    """No worker of the old supervisor accepts connections any more."""


FromOld = Beginning | Handover | Confirmed | Printed | Noted | Redeem | GoTo | Quiet | Stop
FromNew = Prepared | Failed | Taken | Begun | Redeemed
Said = FromOld | FromNew

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Said] = msgspec.json.Decoder(Said)


def encode(message: Message) -> bytes:
    """The message as a line."""
    return _encoder.encode(message) + b"\n"


def decode(line: bytes) -> Said:
    """Read a line. Raises ControlError for one that this release does not understand."""
    try:
        return _decoder.decode(line)
    except (ValueError, RecursionError) as error:  # msgspec's are ValueErrors
        raise ControlError(str(error)) from None


def send(channel: socket.socket, message: Message, descriptors: list[int]) -> None:
    """Send a message with descriptors; blocks for as long as the channel's timeout admits. Raises OSError."""
    line = memoryview(encode(message))
    for first in range(0, len(descriptors), MOST_DESCRIPTORS):
        socket.send_fds(channel, [line[:1]], descriptors[first : first + MOST_DESCRIPTORS])
        line = line[1:]
    channel.sendall(line)


def receive(channel: socket.socket) -> tuple[Said, list[int]]:
    """The next message and its descriptors; blocks for as long as the channel's timeout admits.

    Raises ControlError for one that this release does not understand, EOFError at the end, OSError. Nothing may
    follow the message before it is answered.
    """
    reader, descriptors = LineReader(MAX_LINE), []
    try:
        while True:
            data, received, _, _ = socket.recv_fds(channel, READ_SIZE, MOST_DESCRIPTORS)
            descriptors += received
            for fd in received:
                os.set_inheritable(fd, False)
            if not data:
                raise EOFError
            for line in reader.feed(data):
                return decode(line), descriptors
    except BaseException:
        for fd in descriptors:
            os.close(fd)
        raise
