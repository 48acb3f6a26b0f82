"""The record of an app: the output of its workers, its history, and the supervisor's own messages."""

import logging
import time
from typing import Protocol

from wesktopd.logs.diagnostics import IN_JOURNAL
from wesktopd.logs.history import History, HistoryKind
from wesktopd.logs.output_router import OutputRouter
from wesktopd.wire.control_messages import Happened, presentable

logger = logging.getLogger("wesktopd")


class Recorder(Protocol):
    """Another supervisor, which keeps the record."""

    def printed(self, pid: int, stream: str, data: bytes) -> None:
        """Record the output of a worker."""

    def noted(self, event: Happened, level: int) -> None:
        """Record an event; one without a kind is a message of the supervisor's own."""


class Record:
    """Keeps messages in the journal, events in the history, and shows both on the terminal.

    successor: the supervisor that keeps the record instead, once it takes the place of this one.
    """

    def __init__(self, label: str, output: OutputRouter) -> None:
        self.history = History()
        self.successor: Recorder | None = None
        self._label = label
        self._output = output

    def printed(self, pid: int, stream: str, data: bytes) -> None:
        """Record the output of a worker."""
        if self.successor is not None:
            self.successor.printed(pid, stream, data)
        else:
            self._output.feed(pid, stream, data)

    def say(self, level: int, text: str) -> None:
        """Add a message of the supervisor's own."""
        self.noted(Happened(time=time.time(), kind="", text=presentable(text)), level)

    def note(
        self,
        kind: HistoryKind,
        text: str,
        *,
        pid: int | None = None,
        generation: int | None = None,
        level: int = logging.DEBUG,
    ) -> None:
        """Add an event that happens now. pid, generation: of the worker that it is about."""
        event = Happened(time=time.time(), kind=str(kind), text=presentable(text), pid=pid, generation=generation)
        self.noted(event, level)

    def noted(self, event: Happened, level: int) -> None:
        """Record an event; one without a kind is a message of the supervisor's own."""
        if self.successor is not None:
            self.successor.noted(event, level)
            return
        if event.kind:
            self.history.add(event)
        logger.log(level, "%s: %s", self._label, event.text, extra=IN_JOURNAL)
        self._output.journal.say(event.text)
