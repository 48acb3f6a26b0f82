"""The channel of a new supervisor to its predecessor: the handover, and the reports of the predecessor's workers."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable

from wesktopd.app.served_app import ServedApp
from wesktopd.errors import ControlError, WesktopError
from wesktopd.system import read_line
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
from wesktopd.wire.control_messages import failure
from wesktopd.wire.lines import LineReader
from wesktopd.wire.message import Message

ANSWER_TIMEOUT = 20.0  # seconds

logger = logging.getLogger("wesktopd")


class PredecessorLink:
    """Receives what the predecessor hands over, which blocks; then follows what it reports."""

    def __init__(self, channel: socket.socket) -> None:
        channel.settimeout(ANSWER_TIMEOUT)
        self._channel = channel
        self._descriptors: list[int] = []
        self._transport: asyncio.Transport | None = None

    def begin(self) -> Beginning:
        """Receive the app to serve. Raises ControlError if it cannot be read, or EOFError, OSError."""
        beginning, self._descriptors = messages.receive(self._channel)
        if not isinstance(beginning, Beginning):
            raise ControlError(f"{type(beginning).__name__} came first")
        return beginning

    def fileno(self) -> int:
        """Return the channel's descriptor."""
        return self._channel.fileno()

    def take_over(self) -> Handover:
        """Report that all is prepared, and receive the rest; from then on no client is answered, until `confirm`.

        Raises ControlError if it cannot be read, or EOFError, OSError.
        """
        self._channel.settimeout(ANSWER_TIMEOUT)
        self._channel.sendall(messages.encode(Prepared()))
        rest, self._descriptors = messages.receive(self._channel)
        if not isinstance(rest, Handover):
            raise ControlError(f"{type(rest).__name__} came instead of the state to take over")
        return rest

    def confirm(self) -> None:
        """Return when this process is the supervisor: the predecessor has confirmed it, or has died.

        Blocks without a deadline: a predecessor that waits too long takes everything back, and kills this process.
        """
        self._channel.settimeout(None)
        with contextlib.suppress(ConnectionError):
            self._channel.sendall(messages.encode(Taken()))
            read_line(self._channel)  # Confirmed, and not a byte of what follows
            self._channel.sendall(messages.encode(Begun()))

    def refuse(self, error: WesktopError) -> None:
        """Report why nothing is taken over."""
        with contextlib.suppress(OSError):
            self._channel.sendall(messages.encode(failure(error)))

    def descriptor(self, number: int) -> int:
        """Return the descriptor of this number, of the last message; the caller closes it."""
        return self._descriptors[number]

    def socket(self, number: int) -> socket.socket:
        """Return the socket of this number, of the last message."""
        return socket.socket(fileno=self._descriptors[number])

    async def follow(self, app: ServedApp, on_quiet: Callable[[], None], on_end: Callable[[], None]) -> None:
        """Handle what its workers report from now on. on_quiet: none of them accepts connections any more.
        on_end: all have ended, and the predecessor with them.
        """
        self._channel.setblocking(False)
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.connect_accepted_socket(
            lambda: _Following(app, on_quiet, on_end), self._channel
        )

    def kill(self) -> None:
        """Have its workers end immediately, and the predecessor with them."""
        if self._transport is not None:
            self._transport.abort()


class _Following(asyncio.Protocol):
    """Handles the reports, from the takeover to the predecessor's end."""

    def __init__(self, app: ServedApp, on_quiet: Callable[[], None], on_end: Callable[[], None]) -> None:
        self._app, self._on_quiet, self._on_end = app, on_quiet, on_end
        self._lines = LineReader(messages.MAX_LINE)

    def connection_made(self, made: asyncio.BaseTransport) -> None:
        assert isinstance(made, asyncio.Transport)
        self._transport = made

    def data_received(self, data: bytes) -> None:
        for line in self._lines.feed(data):
            try:
                message = messages.decode(line)
            except ControlError as error:  # of another release
                logger.warning("a message of the old supervisor is skipped: %s", error.message)
                continue
            if isinstance(message, Quiet):
                self._on_quiet()
            else:
                deliver(self._app, message, self._answer)

    def connection_lost(self, _: Exception | None) -> None:
        self._on_end()

    def _answer(self, answer: Message) -> None:
        if not self._transport.is_closing():
            self._transport.write(messages.encode(answer))


def deliver(app: ServedApp, message: Message, answer: Callable[[Message], None]) -> None:
    """Handle a report of a supervisor that was replaced, as if its workers were the app's own."""
    match message:
        case Printed(pid=pid, stream=stream, data=data):
            app.record.printed(pid, stream, data)
        case Noted(event=event, level=level):
            app.record.noted(event, level)
        case Redeem(id=number, token=token):
            app.redeem(token, lambda admitted: answer(Redeemed(id=number, admitted=admitted)))
        case GoTo(path=path):
            app.go_to(path)
        case Stop():
            app.supervisor.request_stop("as its predecessor was asked to")
