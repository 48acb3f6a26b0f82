"""The windows that are attached, and what only one of them is told."""

from collections import deque
from collections.abc import Callable

from wesktopd.client_connection import ClientConnection
from wesktopd.errors import NoWindowError
from wesktopd.protocol import Answer, Raise

MAX_KEPT = 16  # events for the next window, while there is none; of more, the oldest is lost


class Windows:
    """leases: gives all connections that hold one, that which was heard of last at the end: a window tells when it
    gets the focus, so of the windows that one is in front.
    """

    def __init__(self, leases: Callable[[], list[ClientConnection]]) -> None:
        self._leases = leases
        self._kept: deque[Callable[[], Answer]] = deque(maxlen=MAX_KEPT)

    @property
    def front(self) -> ClientConnection:
        """The window that had the focus last, or else was attached last. Raises NoWindowError where there is none."""
        for lease in reversed(self._leases()):
            if lease.lease == "window":
                return lease
        raise NoWindowError("no window is attached.")

    def bring_to_front(self) -> None:
        """Raise it above all others. Raises NoWindowError."""
        self.front.send_event(Raise())

    def show(self, event: Callable[[], Answer]) -> None:
        """Bring the window to the front and send it an event; where there is none, the next one gets it."""
        try:
            self.bring_to_front()
            self.front.send_event(event())
        except NoWindowError:
            self._kept.append(event)

    def attached(self, window: ClientConnection) -> None:
        """There is another window."""
        while self._kept:
            window.send_event(self._kept.popleft()())
