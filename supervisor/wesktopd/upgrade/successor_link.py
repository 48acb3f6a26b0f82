"""The channel of an old supervisor to its successor, after the handover: reports what its workers print, do, want."""

import asyncio
import logging
import time
from collections.abc import Callable
from itertools import count

from wesktopd.errors import ControlError
from wesktopd.upgrade.messages import GoTo, Noted, Printed, Redeem, Redeemed, decode, encode
from wesktopd.wire.control_messages import MAX_FRAME, Happened
from wesktopd.wire.lines import LineReader
from wesktopd.wire.message import Message

MAX_WAITING = 8 * 1024 * 1024  # bytes of output that wait for the successor; more is dropped, and counted

logger = logging.getLogger("wesktopd")


class SuccessorLink(asyncio.Protocol):
    """Sends the successor what this supervisor's workers print, do and ask for.

    Until it is connected, all of that is kept: the upgrade may still fail, see `kept`.
    on_end: called when the successor has ended, for whatever reason.
    """

    def __init__(self, on_end: Callable[[], None]) -> None:
        self.kept: list[Message] = []
        self._kept_output = self._dropped = 0  # bytes
        self._on_end = on_end
        self._ended = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._lines = LineReader(MAX_FRAME)
        self._numbers = count(1)
        self._redeeming: dict[int, Callable[[bool], None]] = {}

    def printed(self, pid: int, stream: str, data: bytes) -> None:
        """Send output of a worker; drop it if too much waits for a successor that does not read."""
        if self._transport is None:
            self._kept_output += len(data)
            waiting = self._kept_output
        else:
            waiting = self._transport.get_write_buffer_size()
        if waiting > MAX_WAITING:
            self._dropped += len(data)
            return
        self._report_dropped()
        self.send(Printed(pid=pid, stream=stream, data=data))

    def _report_dropped(self) -> None:
        if self._dropped:
            text = f"{self._dropped} bytes of the workers' output were dropped: too much came at the same time"
            self.noted(Happened(time=time.time(), kind="", text=text), logging.WARNING)
            self._dropped = 0

    def noted(self, event: Happened, level: int) -> None:
        """Send an event; one without a kind is a message of the supervisor's own."""
        self.send(Noted(event=event, level=level))

    def redeem(self, token: str, answer: Callable[[bool], None]) -> None:
        """Ask whether a one-time token lets its bearer in."""
        number = next(self._numbers)
        self._redeeming[number] = answer
        self.send(Redeem(id=number, token=token))

    def go_to(self, path: str) -> None:
        """Have the app's window show another page."""
        self.send(GoTo(path=path))

    def send(self, message: Message) -> None:
        """Send a message, or keep it until the successor is connected."""
        if self._transport is None:
            self.kept.append(message)
        else:
            self._transport.write(encode(message))

    def answer(self, message: Message) -> None:
        """Pass on the answer to `redeem`."""
        if isinstance(message, Redeemed) and (answer := self._redeeming.pop(message.id, None)) is not None:
            answer(message.admitted)

    async def leave(self) -> None:
        """Return when everything is sent: the last worker has ended."""
        if self._transport is not None:
            self._report_dropped()
            self._transport.close()
            await self._ended.wait()

    # From asyncio.

    def connection_made(self, made: asyncio.BaseTransport) -> None:
        """Send what was kept: the successor has taken over."""
        assert isinstance(made, asyncio.Transport)
        self._transport = made
        for message in self.kept:
            made.write(encode(message))
        self.kept.clear()

    def data_received(self, data: bytes) -> None:
        """Handle its answers."""
        for line in self._lines.feed(data):
            try:
                message = decode(line)
            except ControlError as error:  # of a later release
                logger.warning("a message of the new supervisor is skipped: %s", error.message)
                continue
            self.answer(message)

    def connection_lost(self, _: Exception | None) -> None:
        """Fail what waits for an answer."""
        for number in [*self._redeeming]:
            self.answer(Redeemed(id=number, admitted=False))
        self._ended.set()
        self._on_end()
