"""What is amiss at a start, and keeps nothing from being served."""

import logging
from collections.abc import Callable, Iterable

from wesktopd.control.server_connection import ClientConnection
from wesktopd.wire.control_messages import STARTER, Warned, presentable


class Warnings:
    """Says what is amiss: in the log, and to the process that starts the app before that hears that it is ready."""

    def __init__(self, log: Callable[[int, str], None]) -> None:
        self._log = log
        self._kept: list[str] | None = []  # None once they were passed on: that process may be gone

    def say(self, *texts: str) -> None:
        """Something is amiss."""
        for text in texts:
            self._log(logging.WARNING, text)
            if self._kept is not None:
                self._kept.append(presentable(text))

    def pass_on(self, leases: Iterable[ClientConnection]) -> None:
        """Tell who starts the app, if that is among those that hold a lease."""
        for starter in (lease for lease in leases if lease.lease == STARTER):
            for text in self._kept or ():
                starter.send_event(Warned(text=text))
        self._kept = None
