"""What is left of a supervisor, once another has taken its place: its workers, and what they have to say."""

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

MOST_UNTOLD = 8 * 1024 * 1024  # bytes of output that wait for it; what comes beyond is dropped, and counted

logger = logging.getLogger("wesktopd")


class Heir(asyncio.Protocol):
    """The supervisor that takes the place of this one: hears what this one's workers print, do and ask for.

    Until it is connected, all of that is kept: it may still come to nothing, see `kept`.
    on_end: called when the new supervisor has ended, with or without a word.
    """

    def __init__(self, on_end: Callable[[], None]) -> None:
        self.kept: list[Message] = []
        self._kept_output = self._dropped = 0  # bytes
        self._on_end = on_end
        self._ended = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._lines = LineReader(MAX_FRAME)
        self._numbers = count(1)
        self._asked: dict[int, Callable[[bool], None]] = {}

    def printed(self, pid: int, stream: str, data: bytes) -> None:
        """A worker has printed this. It is dropped where too much of it waits for a successor that does not read."""
        if self._transport is None:
            self._kept_output += len(data)
            untold = self._kept_output
        else:
            untold = self._transport.get_write_buffer_size()
        if untold > MOST_UNTOLD:
            self._dropped += len(data)
            return
        self._tell_of_dropped()
        self.tell(Printed(pid=pid, stream=stream, data=data))

    def _tell_of_dropped(self) -> None:
        if self._dropped:
            text = f"{self._dropped} bytes that workers have printed were dropped: too many came at once"
            self.noted(Happened(time=time.time(), kind="", text=text), logging.WARNING)
            self._dropped = 0

    def noted(self, event: Happened, level: int) -> None:
        """Something has happened, or, where it is of no kind, is to be said."""
        self.tell(Noted(event=event, level=level))

    def redeem(self, token: str, answer: Callable[[bool], None]) -> None:
        """A worker asks whether a one-time token lets somebody in."""
        number = next(self._numbers)
        self._asked[number] = answer
        self.tell(Redeem(id=number, token=token))

    def go_to(self, path: str) -> None:
        """The app wants its window to show another page."""
        self.tell(GoTo(path=path))

    def tell(self, message: Message) -> None:
        """Send a message, or keep it for later."""
        if self._transport is None:
            self.kept.append(message)
        else:
            self._transport.write(encode(message))

    def answer(self, message: Message) -> None:
        """What it has been asked is answered."""
        if isinstance(message, Redeemed) and (answer := self._asked.pop(message.id, None)) is not None:
            answer(message.admitted)

    async def leave(self) -> None:
        """The last worker has ended: return when all is told."""
        if self._transport is not None:
            self._tell_of_dropped()
            self._transport.close()
            await self._ended.wait()

    # From asyncio.

    def connection_made(self, made: asyncio.BaseTransport) -> None:
        """It has taken over: what was kept goes out."""
        assert isinstance(made, asyncio.Transport)
        self._transport = made
        for message in self.kept:
            made.write(encode(message))
        self.kept.clear()

    def data_received(self, data: bytes) -> None:
        """Its answers."""
        for line in self._lines.feed(data):
            try:
                message = decode(line)
            except ControlError as error:  # of a later release
                logger.warning("what the new supervisor has said is skipped: %s", error.message)
                continue
            self.answer(message)

    def connection_lost(self, _: Exception | None) -> None:
        """Its end."""
        for number in [*self._asked]:
            self.answer(Redeemed(id=number, admitted=False))
        self._ended.set()
        self._on_end()
