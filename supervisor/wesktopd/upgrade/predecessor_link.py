"""The supervisor whose place this one takes: what it hands over, and what its workers still have to say."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Protocol

from wesktopd.errors import ControlError, WesktopError
from wesktopd.upgrade import messages
from wesktopd.upgrade.messages import (
    Beginning,
    Begun,
    GoTo,
    Handover,
    Noted,
    Prepared,
    Printed,
    Quiet,
    Redeem,
    Redeemed,
    Stop,
    Taken,
)
from wesktopd.wire.channel import read_line
from wesktopd.wire.control_messages import Happened, failure
from wesktopd.wire.lines import LineReader
from wesktopd.wire.message import Message

ANSWERS_WITHIN = 20.0  # seconds

logger = logging.getLogger("wesktopd")


class Listener(Protocol):
    """Who hears what the predecessor's workers do, as if they were its own."""

    def printed(self, pid: int, stream: str, data: bytes) -> None:
        """One has printed this."""

    def noted(self, event: Happened, level: int) -> None:
        """Something has happened; or, where it is of no kind, is to be said."""

    def redeem(self, token: str, answer: Callable[[bool], None]) -> None:
        """One asks whether a one-time token lets somebody in."""

    def go_to(self, path: str) -> None:
        """The app wants its window to show another page."""

    def request_stop(self, reason: str) -> None:
        """The app is to end."""


class Predecessor:
    """The channel to it. First what it hands over is received, which blocks; then it is followed."""

    def __init__(self, channel: socket.socket) -> None:
        channel.settimeout(ANSWERS_WITHIN)
        self._channel = channel
        self._descriptors: list[int] = []
        self._transport: asyncio.Transport | None = None

    def begin(self) -> Beginning:
        """What is to be served. Raises ControlError when it is not understood, or EOFError, OSError."""
        beginning, self._descriptors = messages.receive(self._channel)
        if not isinstance(beginning, Beginning):
            raise ControlError(f"{type(beginning).__name__} came first")
        return beginning

    def fileno(self) -> int:
        """Of the channel."""
        return self._channel.fileno()

    def take_over(self) -> Handover:
        """Say that all is prepared, and receive the rest; from then on nobody is answered, until `confirm`.

        Raises ControlError when it is not understood, or EOFError, OSError.
        """
        self._channel.settimeout(ANSWERS_WITHIN)
        self._channel.sendall(messages.encode(Prepared()))
        rest, self._descriptors = messages.receive(self._channel)
        if not isinstance(rest, Handover):
            raise ControlError(f"{type(rest).__name__} came instead of what is to be taken over")
        return rest

    def confirm(self) -> None:
        """Return when this process is the supervisor: the predecessor has said so, or has died.

        Blocks without a deadline: a predecessor that has lost patience takes everything back, and kills this process.
        """
        self._channel.settimeout(None)
        with contextlib.suppress(ConnectionError):
            self._channel.sendall(messages.encode(Taken()))
            read_line(self._channel)  # Confirmed, and not a byte of what follows
            self._channel.sendall(messages.encode(Begun()))

    def refuse(self, error: WesktopError) -> None:
        """Say why nothing is taken over."""
        with contextlib.suppress(OSError):
            self._channel.sendall(messages.encode(failure(error)))

    def descriptor(self, number: int) -> int:
        """The descriptor of this number, of the message that came last; whoever asks closes it."""
        return self._descriptors[number]

    def socket(self, number: int) -> socket.socket:
        """The same, of a socket."""
        return socket.socket(fileno=self._descriptors[number])

    async def follow(self, listener: Listener, on_quiet: Callable[[], None], on_end: Callable[[], None]) -> None:
        """Hear of its workers from now on. on_quiet: none of them accepts connections any more. on_end: all have
        ended, and it with them.
        """
        self._channel.setblocking(False)
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.connect_accepted_socket(
            lambda: _Following(listener, on_quiet, on_end), self._channel
        )

    def kill(self) -> None:
        """Have its workers end at once, and it with them."""
        if self._transport is not None:
            self._transport.abort()


class _Following(asyncio.Protocol):
    """What it tells, from its takeover to its end."""

    def __init__(self, listener: Listener, on_quiet: Callable[[], None], on_end: Callable[[], None]) -> None:
        self._listener, self._on_quiet, self._on_end = listener, on_quiet, on_end
        self._lines = LineReader(messages.MAX_LINE)

    def connection_made(self, made: asyncio.BaseTransport) -> None:
        assert isinstance(made, asyncio.Transport)
        self._transport = made

    def data_received(self, data: bytes) -> None:
        for line in self._lines.feed(data):
            try:
                message = messages.decode(line)
            except ControlError as error:  # of another release
                logger.warning("what the old supervisor has said is skipped: %s", error.message)
                continue
            if isinstance(message, Quiet):
                self._on_quiet()
            else:
                hear(self._listener, message, self._answer)

    def connection_lost(self, _: Exception | None) -> None:
        self._on_end()

    def _answer(self, answer: Message) -> None:
        if not self._transport.is_closing():
            self._transport.write(messages.encode(answer))


def hear(listener: Listener, message: Message, answer: Callable[[Message], None]) -> None:
    """Pass on what a supervisor that has been replaced has said."""
    match message:
        case Printed(pid=pid, stream=stream, data=data):
            listener.printed(pid, stream, data)
        case Noted(event=event, level=level):
            listener.noted(event, level)
        case Redeem(id=number, token=token):
            listener.redeem(token, lambda admitted: answer(Redeemed(id=number, admitted=admitted)))
        case GoTo(path=path):
            listener.go_to(path)
        case Stop():
            listener.request_stop("as its predecessor was told to")
