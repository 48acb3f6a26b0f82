"""A supervisor in the foreground, such as `wesktop serve` in a terminal or a container: somebody waits for its end.

After an upgrade another process is the supervisor. The first one stays for those who wait for it: it passes signals
on, and ends when the app does. A channel joins the two, whose end tells either side that the other is gone.

Signals are passed on as words: a service manager may send them to all processes itself, and a supervisor that gets a
second one does not wait for requests any more.
"""

import asyncio

from wesktopd.system.stop_signals import Stoppable

STOP, KILL = b"stop", b"kill"  # a first signal has come, and a further one
ENDED = b"ended"  # the supervisor's last word


class Foreground(asyncio.Protocol):
    """The supervisor's side."""

    def __init__(self, supervisor: Stoppable) -> None:
        self._supervisor: Stoppable | None = supervisor

    def connection_made(self, made: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        assert isinstance(made, asyncio.Transport)
        self._transport = made

    def data_received(self, data: bytes) -> None:
        """Signals have come."""
        for word in data.split():
            if self._supervisor is not None and word == STOP:
                self._supervisor.request_stop("on a signal to the process in the foreground")
            elif self._supervisor is not None and word == KILL:
                self._supervisor.request_kill()

    def connection_lost(self, _: Exception | None) -> None:
        """The process in the foreground has ended, however that came."""
        if self._supervisor is not None:
            self._supervisor.request_stop("the process in the foreground has ended")

    def fileno(self) -> int:
        """Of the channel, for the next supervisor."""
        number: int = self._transport.get_extra_info("socket").fileno()
        return number

    def leave(self) -> None:
        """Have another supervisor go on with the channel."""
        self._supervisor = None
        self._transport.abort()

    def end(self) -> None:
        """The app has ended."""
        self._supervisor = None
        self._transport.write(ENDED + b"\n")
        self._transport.close()


class Relay(asyncio.Protocol):
    """The side of the process in the foreground."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.unasked = True  # whether the supervisor ended without a word

    def connection_made(self, made: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        assert isinstance(made, asyncio.Transport)
        self._transport = made

    def data_received(self, data: bytes) -> None:
        """The supervisor's last word."""
        if ENDED in data.split():
            self.unasked = False

    def connection_lost(self, _: Exception | None) -> None:
        """The app has ended."""
        self.ended.set()

    def stop(self, *, at_once: bool) -> None:
        """End the app."""
        if not self._transport.is_closing():
            self._transport.write((KILL if at_once else STOP) + b"\n")
