"""Problems at the start of an app that do not keep it from being served."""

import logging
from collections.abc import Callable, Iterable

from wesktopd.control.server_connection import ClientConnection
from wesktopd.wire.control_messages import STARTER, Warned, presentable


class StartupWarnings:
    """Logs warnings, and sends them to the process that starts the app, before the event that it is ready."""

    def __init__(self, log: Callable[[int, str], None]) -> None:
        self._log = log
        self._kept: list[str] | None = []  # None once they were sent: that process may be gone

    def say(self, *texts: str) -> None:
        """Log warnings, and keep them for the starter."""
        for text in texts:
            self._log(logging.WARNING, text)
            if self._kept is not None:
                self._kept.append(presentable(text))

    def send_to_starter(self, leases: Iterable[ClientConnection]) -> None:
        """Send all warnings to the process that starts the app, if it is among those that hold a lease."""
        for starter in (lease for lease in leases if lease.lease == STARTER):
            for text in self._kept or ():
                starter.send_event(Warned(text=text))
        self._kept = None
