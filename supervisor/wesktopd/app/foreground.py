"""A supervisor in the foreground, such as `wesktop serve` in a terminal or a container: somebody waits for its end.

After an upgrade another process is the supervisor. The first one stays for processes that wait for it: it passes
signals on, and ends when the app does. A channel joins the two; its end shows either side that the other is gone.

Signals are passed on as words: a service manager may send them to all processes itself, and a supervisor that gets a
second one no longer waits for requests.
"""

import asyncio

from wesktopd.system import Stoppable

STOP, KILL = b"stop", b"kill"  # for the first signal, and for further ones
ENDED = b"ended"  # the supervisor's last word


class Foreground(asyncio.Protocol):
    """The supervisor's end of the channel."""

    def __init__(self, supervisor: Stoppable) -> None:
        self._supervisor: Stoppable | None = supervisor

    def connection_made(self, made: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        assert isinstance(made, asyncio.Transport)
        self._transport = made

    def data_received(self, data: bytes) -> None:
        """Handle signals."""
        for word in data.split():
            if self._supervisor is not None and word == STOP:
                self._supervisor.request_stop("on a signal to the process in the foreground")
            elif self._supervisor is not None and word == KILL:
                self._supervisor.request_kill()

    def connection_lost(self, _: Exception | None) -> None:
        """Stop the app: the process in the foreground has ended."""
        if self._supervisor is not None:
            self._supervisor.request_stop("the process in the foreground has ended")

    def fileno(self) -> int:
        """Return the channel's descriptor, for the next supervisor."""
        number: int = self._transport.get_extra_info("socket").fileno()
        return number

    def detach(self) -> None:
        """Leave the channel to another supervisor."""
        self._supervisor = None
        self._transport.abort()

    def end(self) -> None:
        """Report that the app has ended as asked."""
        self._supervisor = None
        self._transport.write(ENDED + b"\n")
        self._transport.close()


class Relay(asyncio.Protocol):
    """The other end: the process in the foreground."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.unasked = True  # whether the supervisor ended without a word

    def connection_made(self, made: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        assert isinstance(made, asyncio.Transport)
        self._transport = made

    def data_received(self, data: bytes) -> None:
        """Note the supervisor's last word."""
        if ENDED in data.split():
            self.unasked = False

    def connection_lost(self, _: Exception | None) -> None:
        """Note that the app has ended."""
        self.ended.set()

    def stop(self, *, at_once: bool) -> None:
        """End the app."""
        if not self._transport.is_closing():
            self._transport.write((KILL if at_once else STOP) + b"\n")
