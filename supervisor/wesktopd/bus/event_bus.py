"""The event bus: puts the events of all workers in one order, and keeps the latest for members that join later.

On a Unix socket of its own next to the control socket. It outlives the workers, and goes over to the next
supervisor at `wesktop ctl upgrade`.
"""

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from wesktopd.bus.deduplication import Deduplicator
from wesktopd.system import control_socket, is_trusted_peer
from wesktopd.system.listening_socket import ListeningSocket
from wesktopd.wire.bus_messages import MAX_LINE, Join, Joined, Publish, Sent, Synced, decode_to_bus, encode
from wesktopd.wire.lines import LineReader

MOST_EVENTS = 100_000
MOST_BYTES = 16 * 1024 * 1024  # that a channel keeps, whatever is asked for
MAX_CHANNELS = 64
JOIN_TIMEOUT = 10.0  # seconds that a process has to say which channel it comes for
READ_SIZE = 256 * 1024
BACKLOG = 100  # processes that may wait to be accepted
MAX_UNREAD = 32 * 1024 * 1024  # bytes that may wait for a process that does not read; then it has to come again

logger = logging.getLogger("wesktopd")


class Kept(msgspec.Struct):
    """An event as it is sent, and handed over to the next release."""

    seq: int
    at: float
    line: bytes


class HandedChannel(msgspec.Struct, kw_only=True):
    """A channel, for the next supervisor."""

    name: str
    epoch: str
    seq: int
    limits: tuple[int, int, float]
    kept: list[Kept]
    origins: dict[str, int]
    dropped_at: float = 0.0


class HandedBus(msgspec.Struct, kw_only=True):
    """The event bus, for the next supervisor. listener: its number in wesktopd.upgrade.messages, if there is one."""

    listener: int | None
    channels: list[HandedChannel]


class Channel:
    """One stream of events, and its members."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.epoch = secrets.token_hex(4)
        self.seq = 0
        self.limits = (0, 0, 0.0)
        self.kept: deque[Kept] = deque()
        self.dropped_at = 0.0  # the time of the last that is no longer kept
        self.members: set[Member] = set()
        self._deduplicator = Deduplicator()
        self._bytes = 0

    def ask_for(self, max_events: int, max_bytes: int, max_seconds: float) -> None:
        """Keep at least so much."""
        events, size, seconds = self.limits
        self.limits = (
            min(MOST_EVENTS, max(events, max_events)),
            min(MOST_BYTES, max(size, max_bytes)),
            max(seconds, max_seconds),
        )

    def publish(self, message: Publish) -> None:
        """Give the event its place and send it to all, unless it is there already."""
        if self._deduplicator.is_repeat(message.origin, message.number):
            return
        self.seq += 1
        now = time.time()
        line = encode(Sent(seq=self.seq, at=now, **msgspec.structs.asdict(message)))
        self.keep(Kept(self.seq, now, line))
        for member in [*self.members]:
            member.send(line)

    def keep(self, event: Kept) -> None:
        """Keep an event, and drop those that are too many, too large together or too old."""
        self.kept.append(event)
        self._bytes += len(event.line)
        max_events, max_bytes, max_seconds = self.limits
        while len(self.kept) > 1 and (
            len(self.kept) > max_events or self._bytes > max_bytes or event.at - self.kept[0].at > max_seconds
        ):
            dropped = self.kept.popleft()
            self._bytes -= len(dropped.line)
            self.dropped_at = dropped.at

    def since(self, epoch: str, after: int) -> tuple[int, list[bytes]]:
        """Return the events after `after` of this epoch, or all that are kept if some are lost; and after which
        event that is.
        """
        first = self.kept[0].seq - 1 if self.kept else self.seq
        if epoch != self.epoch or not first <= after <= self.seq:
            after = first
        return after, [event.line for event in self.kept if event.seq > after]

    def hand_over(self) -> HandedChannel:
        """Return the state for the next supervisor."""
        return HandedChannel(
            name=self.name,
            epoch=self.epoch,
            seq=self.seq,
            limits=self.limits,
            kept=[*self.kept],
            origins=self._deduplicator.numbers,
            dropped_at=self.dropped_at,
        )

    @classmethod
    def restored(cls, handed: HandedChannel) -> "Channel":
        """The channel as another supervisor has left it."""
        channel = cls(handed.name)
        channel.epoch, channel.seq, channel.limits = handed.epoch, handed.seq, handed.limits
        channel._deduplicator, channel.dropped_at = Deduplicator(handed.origins), handed.dropped_at
        for event in handed.kept:
            channel.keep(event)
        return channel


class Bus:
    """All channels of an app, and the socket by which its processes reach them.

    on_join: called when a process has joined a channel.
    """

    def __init__(self, on_join: Callable[[], None] = lambda: None) -> None:
        self.on_join = on_join
        self._channels: dict[str, Channel] = {}
        self._listener = ListeningSocket(lambda: Member(self), BACKLOG)
        self._members: set[Member] = set()

    @property
    def sockets(self) -> list[socket.socket]:
        """The sockets that are handed over: the listening one."""
        return self._listener.sockets

    async def open(self, path: Path) -> None:
        """Listen at `path`, and no longer at any other; connections stay.

        Raises OSError when it cannot be made.
        """
        self._listener.close()
        await self._listener.open(control_socket.listen_unix(path), path)

    def is_in_place(self) -> bool:
        """Return whether its socket is still what others find."""
        return self._listener.is_in_place()

    def channel(self, name: str) -> Channel:
        """The channel of this name, made if need be."""
        if name not in self._channels:
            if len(self._channels) >= MAX_CHANNELS:
                raise ValueError(f"there are {MAX_CHANNELS} channels already")
            self._channels[name] = Channel(name)
        return self._channels[name]

    def known(self, *, joined: bool) -> list[str]:
        """The names of all channels, or of those in which a process takes part now."""
        return sorted(name for name, channel in self._channels.items() if channel.members or not joined)

    def pause(self) -> None:
        """Stop accepting members; new connections wait. Raises OSError if that fails, and keeps accepting then."""
        self._listener.pause()

    def hand_over(self, number: Callable[[int], int]) -> HandedBus:
        """After `pause`: put nothing in order any more, for another supervisor to go on; number: of a copy of a
        descriptor. The members are hung up on: they come again, and send again what they have no answer to.
        """
        listener = self._listener.hand_over(number)
        for member in [*self._members]:
            member.leave()
        return HandedBus(listener=listener, channels=[channel.hand_over() for channel in self._channels.values()])

    async def take_over(self, handed: HandedBus, sockets: Callable[[int], socket.socket], path: Path | None) -> None:
        """Be ready to go on, by `resume`, where another supervisor has stopped; sockets: gives that of a number."""
        self._channels = {each.name: Channel.restored(each) for each in handed.channels}
        if handed.listener is not None and path is not None:
            await self._listener.open(sockets(handed.listener), path, paused=True)

    async def resume(self) -> None:
        """Go on, after `take_over`; or accept again, after a `pause` of which nothing came."""
        await self._listener.resume()

    def admit(self, member: "Member") -> None:
        """A process has connected."""
        self._members.add(member)

    def forget(self, member: "Member") -> None:
        """A process has gone."""
        self._members.discard(member)
        for channel in self._channels.values():
            channel.members.discard(member)

    def close(self) -> None:
        """End all connections and remove the socket."""
        self._listener.close()
        for member in [*self._members]:
            member.abort()


class Member(asyncio.Protocol):
    """A process's connection."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._channel: Channel | None = None
        self._lines = LineReader(MAX_LINE)
        self._deadline: asyncio.TimerHandle | None = None
        self._refused = False

    def connection_made(self, made: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol, as for what follows."""
        assert isinstance(made, asyncio.Transport)
        self._transport = made
        if not is_trusted_peer(made.get_extra_info("socket")):
            self._refuse()
            return
        made.set_write_buffer_limits(high=MAX_UNREAD)
        self._deadline = asyncio.get_running_loop().call_later(JOIN_TIMEOUT, self._refuse)
        self._bus.admit(self)

    def connection_lost(self, _: Exception | None) -> None:
        """The connection ended. What it sent before is still read: asyncio gives up reading where writing fails."""
        self._forget_deadline()
        self._bus.forget(self)  # first, so that nothing more is sent to it
        if not self._refused:
            self._read_rest()
            self._bus.forget(self)

    def _read_rest(self) -> None:
        connection = self._transport.get_extra_info("socket").fileno()
        with contextlib.suppress(OSError):  # nothing more
            for _ in range(MAX_LINE // READ_SIZE):  # one that lives on may send without end
                self.data_received(os.read(connection, READ_SIZE))

    def data_received(self, data: bytes) -> None:
        """Receive bytes of any number of lines; a member that sends anything else is disconnected."""
        try:
            for line in self._lines.feed(data):
                if self._refused:  # because of an earlier line: the rest is not read
                    return
                if (message := decode_to_bus(line)) is not None:
                    self._take(message)
        except (ValueError, RecursionError) as error:  # msgspec's are ValueErrors
            logger.warning("a connection to the event bus is ended: %s", error)
            self._refuse()

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()

    def _take(self, message: Join | Publish) -> None:
        if isinstance(message, Join):
            if self._channel is not None:
                raise ValueError("it has joined a channel already")
            self._forget_deadline()
            self._channel = channel = self._bus.channel(message.channel)
            channel.ask_for(message.max_events, message.max_bytes, message.max_seconds)
            after, lines = channel.since(message.epoch, message.after)
            joined = Joined(epoch=channel.epoch, after=after, at=channel.dropped_at)
            self.send(b"".join([encode(joined), *lines, encode(Synced())]))
            channel.members.add(self)
            self._bus.on_join()
        elif self._channel is not None:
            self._channel.publish(message)
        else:
            raise ValueError("an event without a channel")

    def send(self, data: bytes) -> None:
        """Send it lines; one that does not read is hung up on, and comes again."""
        if self._transport.is_closing():
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > MAX_UNREAD:
            self.abort()

    def _refuse(self) -> None:
        self._refused = True
        self.abort()

    def leave(self) -> None:
        """End the connection, and read nothing more of what was sent: it is sent again."""
        self._refuse()
        self._bus.forget(self)

    def abort(self) -> None:
        """End the connection."""
        self._transport.abort()
