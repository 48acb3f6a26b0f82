"""The messages of the event bus: one JSON object a line, distinguished by "type". No I/O.

A process of the app connects for each of its broadcasters, and says `Join` first. It is answered by `Joined`, the
events that are kept and that it has not got, then `Synced`; from then on by every event. It sends `Publish`.

The other side may be of another release: messages of a type that is not known are skipped.
"""

import msgspec

from wesktopd.wire.message import decode_known

MAX_LINE = 8 * 1024 * 1024  # bytes: of one event, with its data
MAX_SENT = MAX_LINE + 1024  # the same with its place in the channel


class BusMessage(msgspec.Struct, kw_only=True, tag_field="type", tag=str.lower):
    """Any message."""


class Join(BusMessage, kw_only=True):
    """Take part in a channel. after: the number of the last event that is known, of the life `epoch` of the bus.

    max_events, max_bytes, max_seconds: how much to keep for members that join later; the maximum of all requests.
    """

    channel: str
    after: int = 0
    epoch: str = ""
    max_events: int
    max_bytes: int
    max_seconds: float


class Publish(BusMessage, kw_only=True):
    """Send an event. origin, number: identify an event that is sent again, because its answer was lost."""

    event: str
    data: str
    to: str | None = None
    origin: str
    number: int


class Joined(BusMessage):
    """All events after `after` follow. If another position was asked for, some events are lost.

    at: the time of the last event that is no longer kept, in seconds since the epoch; 0 if all are.
    """

    epoch: str
    after: int
    at: float = 0.0


class Sent(Publish, kw_only=True):
    """An event that was published. seq: its number in the channel, without gaps. at: seconds since the epoch."""

    seq: int
    at: float


class Synced(BusMessage):
    """All kept events have been sent."""


ToBus = Join | Publish
FromBus = Joined | Sent | Synced

_encoder = msgspec.json.Encoder()
_to_bus: msgspec.json.Decoder[ToBus] = msgspec.json.Decoder(ToBus)
_from_bus: msgspec.json.Decoder[FromBus] = msgspec.json.Decoder(FromBus)


def encode(message: BusMessage) -> bytes:
    """The message as a line."""
    return _encoder.encode(message) + b"\n"


def decode_to_bus(line: bytes) -> ToBus | None:
    """Read what a process says; see `decode_known`."""
    return decode_known(_to_bus, line)


def decode_from_bus(line: bytes) -> FromBus | None:
    """Read what the bus says; see `decode_known`."""
    return decode_known(_from_bus, line)
