"""A supervisor in the foreground, such as `wesktop serve` in a terminal or a container: somebody waits for its end.

After an upgrade another process is the supervisor. The first one stays for those who wait for it: it passes signals
on, and ends when the app does. A channel joins the two, whose end tells either side that the other is gone.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable

ENDED = b"ended"  # the supervisor's last word


class Foreground(asyncio.Protocol):
    """The supervisor's side. on_end: called when the process in the foreground has ended, however that came."""

    def __init__(self, on_end: Callable[[], None]) -> None:
        self._on_end: Callable[[], None] | None = on_end

    def connection_made(self, made: asyncio.BaseTransport) -> None:
        """Tell which process the supervisor is now."""
        assert isinstance(made, asyncio.Transport)
        self._transport = made
        made.write(b"%d\n" % os.getpid())

    def connection_lost(self, _: Exception | None) -> None:
        """The other side is gone."""
        if self._on_end is not None:
            self._on_end()

    def fileno(self) -> int:
        """Of the channel, for the next supervisor."""
        number: int = self._transport.get_extra_info("socket").fileno()
        return number

    def leave(self) -> None:
        """Have another supervisor go on with the channel."""
        self._on_end = None
        self._transport.abort()

    def end(self) -> None:
        """The app has ended."""
        self._on_end = None
        self._transport.write(ENDED + b"\n")
        self._transport.close()


class Relay(asyncio.Protocol):
    """The side of the process in the foreground. pid: of the supervisor."""

    def __init__(self, pid: int) -> None:
        self.ended = asyncio.Event()
        self.unasked = True  # whether the supervisor ended without a word
        self._pid = pid

    def data_received(self, data: bytes) -> None:
        """The supervisor's number, whenever it is another one; or its last word."""
        for line in data.split():
            if line == ENDED:
                self.unasked = False
            else:
                self._pid = int(line)

    def connection_lost(self, _: Exception | None) -> None:
        """The app has ended."""
        self.ended.set()

    def stop(self) -> None:
        """End the app gracefully; for the second time, at once."""
        if not self.ended.is_set():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGTERM)
