"""The messages between a supervisor and its successor at an upgrade, and how they are sent.

The running supervisor starts its successor (`wesktopd.upgrade.old_supervisor`, `wesktopd.successor`). Then the old
one

    sends      Beginning     what is served, and the listening socket
    receives   Prepared      the successor's generation has started, and does not accept connections yet; or
               Failed        why it has not: the successor ends, and nothing has changed
    sends      Handover      everything else, with its sockets; it answers no client any more
    receives   Taken         the successor has all of it, and waits; or it has ended, and all is taken back
    sends      Confirmed     the successor may go on
    receives   Begun         the successor is the supervisor from now on; or it has ended, and all is taken back

Until it has sent Confirmed, the old one alone decides: it kills the successor before it takes anything back. If the
old one dies after the handover, the successor goes on, since no other process has the sockets.

What is left of the old supervisor lets its workers finish their requests. It sends Printed, Noted, Redeem (receives
Redeemed) and GoTo for them, Quiet when none accepts connections any more, and Stop if it is asked to end the app
meanwhile. It ends by closing the channel.

A message is a line of JSON. Descriptors accompany its first bytes (SCM_RIGHTS, unix(7)), and are numbered in the
order in which they were sent.
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
from wesktopd.system import receive_descriptors, send_descriptors
from wesktopd.wire.control_messages import Failed, Happened
from wesktopd.wire.lines import LineReader
from wesktopd.wire.message import Message, SecretMessage

FORMAT = 3  # of the handover: raise it whenever an older release could not read it
MAX_DESCRIPTORS = 250  # in one message: SCM_MAX_FD is 253 on Linux
STANDARD_OUTPUTS = (1, 2)  # handed over with the beginning
TWIN = 1 + len(STANDARD_OUTPUTS)  # the number of the socket that may follow them
MAX_LINE = 2**30  # bytes: mostly for the events that are kept for pages
READ_SIZE = 256 * 1024


class Beginning(SecretMessage, kw_only=True):
    """The data that the successor needs to start its own generation of workers.

    latest: the number of the last generation. wanted: how many workers. log_level: see ServedApp.
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
    """The successor's workers are ready, and wait to be released."""


class Handover(SecretMessage, kw_only=True):
    """The rest of the old supervisor's state. Numbers of descriptors: `lock`, `foreground`, and those within.

    begun: incomplete lines of its workers. launches: those that no worker has received yet.
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
    """The successor has all of it. It neither reads from nor writes to clients before it is `Confirmed`."""


class Confirmed(Message):
    """The successor goes on: the old supervisor does not end it any more."""


class Begun(Message):
    """It does. If it ends after `Confirmed` and before this, it has answered no client."""


class Stop(Message):
    """The old supervisor was asked to end the app."""


class Printed(Message):
    """Output of a worker of the old supervisor."""

    pid: int
    stream: str
    data: bytes


class Noted(Message):
    """An event of the old supervisor's workers; or, without a kind, a message of its own."""

    level: int
    event: Happened


class Redeem(SecretMessage):
    """Ask whether a one-time token, presented to one of its workers, lets its bearer in; answered by `id`."""

    token: str


class Redeemed(Message):
    """The answer to the `Redeem` of this id."""

    admitted: bool


class GoTo(Message):
    """Have the app's window show another page."""

    path: str


class Quiet(Message):
    """No worker of the old supervisor accepts connections any more."""


FromOld = Beginning | Handover | Confirmed | Printed | Noted | Redeem | GoTo | Quiet | Stop
FromNew = Prepared | Failed | Taken | Begun | Redeemed
AnyMessage = FromOld | FromNew

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyMessage] = msgspec.json.Decoder(AnyMessage)


def encode(message: Message) -> bytes:
    """Return the message as a line."""
    return _encoder.encode(message) + b"\n"


def decode(line: bytes) -> AnyMessage:
    """Read a line. Raises ControlError for a message that this release does not know."""
    try:
        return _decoder.decode(line)
    except (ValueError, RecursionError) as error:  # msgspec's are ValueErrors
        raise ControlError(str(error)) from None


def send(channel: socket.socket, message: Message, descriptors: list[int]) -> None:
    """Send a message with descriptors; blocks up to the channel's timeout. Raises OSError."""
    line = memoryview(encode(message))
    for first in range(0, len(descriptors), MAX_DESCRIPTORS):
        send_descriptors(channel, line[:1], descriptors[first : first + MAX_DESCRIPTORS])
        line = line[1:]
    channel.sendall(line)


def receive(channel: socket.socket) -> tuple[AnyMessage, list[int]]:
    """Receive a message and its descriptors; blocks up to the channel's timeout.

    Raises ControlError for a message that this release does not know, EOFError at the end, OSError. The sender sends
    nothing more before it has the answer.
    """
    reader, descriptors = LineReader(MAX_LINE), []
    try:
        while True:
            data, received = receive_descriptors(channel, READ_SIZE, MAX_DESCRIPTORS)
            descriptors += received
            if not data:
                raise EOFError
            for line in reader.feed(data):
                return decode(line), descriptors
    except BaseException:
        for fd in descriptors:
            os.close(fd)
        raise
