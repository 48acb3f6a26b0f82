"""What a supervisor records of its app: what the workers print, what happens, and what it has to say itself."""

import logging
import time

from wesktopd.logs.diagnostics import IN_JOURNAL
from wesktopd.logs.history import EventLog, Kind
from wesktopd.logs.output_router import Output
from wesktopd.upgrade.successor_link import Heir
from wesktopd.wire.control_messages import Happened, presentable

logger = logging.getLogger("wesktopd")


class Record:
    """Keeps it in the log and among the events, and shows it on the terminal.

    heir: the supervisor that takes this one's place, once there is one: it keeps the record then.
    """

    def __init__(self, label: str, output: Output) -> None:
        self.events = EventLog()
        self.heir: Heir | None = None
        self._label = label
        self._output = output

    def printed(self, pid: int, stream: str, data: bytes) -> None:
        """A worker has printed this."""
        if self.heir is not None:
            self.heir.printed(pid, stream, data)
        else:
            self._output.feed(pid, stream, data)

    def say(self, level: int, text: str) -> None:
        """Add a line of the supervisor's own."""
        self.noted(Happened(time=time.time(), kind="", text=presentable(text)), level)

    def note(self, kind: Kind, text: str, pid: int | None, generation: int | None, level: int) -> None:
        """Something has happened, now; pid, generation: of the worker that it is about."""
        event = Happened(time=time.time(), kind=str(kind), text=presentable(text), pid=pid, generation=generation)
        self.noted(event, level)

    def noted(self, event: Happened, level: int) -> None:
        """Record an event; one of no kind is a line of the supervisor's own."""
        if self.heir is not None:
            self.heir.noted(event, level)
            return
        if event.kind:
            self.events.add(event)
        logger.log(level, "%s: %s", self._label, event.text, extra=IN_JOURNAL)
        self._output.journal.say(event.text)
