"""The attached windows: which one is in front, what only that one gets, and the dialogs that are open."""

import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from wesktopd.control.server_connection import ClientConnection
from wesktopd.errors import DialogOpenError, NoWindowError, WesktopError, WindowError
from wesktopd.wire.control_messages import STARTER, Answer, Done, Raise, check_passed_on, failure
from wesktopd.wire.dialog_messages import Notice
from wesktopd.wire.window_messages import Answered, Ask, Asked, Launched, Navigate, Reply, Withdrawn

OPENS_WITHIN = 10.0  # seconds to wait for a window that another client is opening
MAX_KEPT = 16  # events for the next window, while there is none; the oldest are dropped
KEPT_FOR = OPENS_WITHIN  # seconds: they do not concern a window that is opened later
NUMBER_SIZE = 6  # bytes of a question's number: JSON readers are exact up to 53 bits (RFC 8259, 6)


@dataclass(eq=False)
class _Open:
    """A question that is not answered yet. asker: None if that client is gone."""

    number: int
    window: ClientConnection
    asker: ClientConnection | None
    request: Ask | None
    is_dialog: bool


class Windows:
    """The windows of an app.

    leases: returns all connections that hold one, the one with the latest message last. A window reports when it gets
    the focus, so of the windows, the last one is in front.
    """

    def __init__(self, leases: Callable[[], list[ClientConnection]]) -> None:
        self._leases = leases
        # Random: a dialog may outlive the supervisor that opened it, and its answer must not fit another question.
        self._number = int.from_bytes(os.urandom(NUMBER_SIZE))
        self._open: dict[int, _Open] = {}
        self._kept: deque[tuple[float, Callable[[], Answer]]] = deque(maxlen=MAX_KEPT)

    @property
    def front(self) -> ClientConnection:
        """The window that last had the focus, or else was attached last. Raises NoWindowError if there is none."""
        for lease in reversed(self._leases()):
            if lease.lease == "window":
                return lease
        raise NoWindowError("the app has no window: open one by wesktop.open_window() or `wesktop ctl open`.")

    @property
    def count(self) -> int:
        """The number of windows."""
        return sum(lease.lease == "window" for lease in self._leases())

    def awaited_for(self, asked: float) -> float:
        """Return for how many seconds to wait for a window that another client opens. asked: since when one waits.

        The holder of a lease other than a window is about to open one: a caller, from the start of its lease. The
        starter of the app is waited for in any case: it may be about to end the app, with its last window.
        """
        begun = [asked if lease.lease == STARTER else lease.since for lease in self._leases()]
        return max((since + OPENS_WITHIN - time.monotonic() for since in begun), default=0.0)

    def bring_to_front(self) -> Done:
        """Bring the window in front above all others. Raises NoWindowError."""
        self.front.send_event(Raise())
        return Done()

    def show(self, event: Callable[[], Answer], window: ClientConnection | None = None) -> None:
        """Bring this window, or the one in front, above all others, and send it an event; or keep the event."""
        try:
            window = window or self.front
        except NoWindowError:
            self._kept.append((time.monotonic(), event))
        else:
            window.send_event(Raise())
            window.send_event(event())

    def attached(self, window: ClientConnection) -> None:
        """Send a new window the events that were kept."""
        now = time.monotonic()
        while self._kept:
            since, event = self._kept.popleft()
            if now < since + KEPT_FOR:
                window.send_event(event())

    def stood_still(self, since: float, until: float) -> None:
        """Leave out a period in which nothing ran: clients that open a window get as much more time."""
        lost = until - since
        self._kept = deque(((at + lost, event) for at, event in self._kept), maxlen=MAX_KEPT)
        for lease in self._leases():
            if lease.since <= since:
                lease.since += lost

    def hand_over(self) -> list[tuple[float, Launched | Navigate]]:
        """Return the kept events, for the next supervisor."""
        kept = [(since, event()) for since, event in self._kept]
        self._kept.clear()
        return [(since, event) for since, event in kept if isinstance(event, Launched | Navigate)]

    def take_over(self, kept: list[tuple[float, Launched | Navigate]]) -> None:
        """Keep the events that another supervisor has kept; the clock is the machine's."""
        self._kept.extend((since, partial(_as_it_is, event)) for since, event in kept)

    # Questions to the user.

    def ask(self, asker: ClientConnection, request: Ask) -> None:
        """Have the window in front show a dialog, one at a time, or a notice."""
        is_dialog = not isinstance(request.question, Notice)
        try:
            check_passed_on(request)
            window = self.front
            if is_dialog and any(other.window is window and other.is_dialog for other in self._open.values()):
                raise DialogOpenError("the window has a dialog open already: ask when that is answered.")
        except WesktopError as error:
            asker.send(request.id, failure(error))
            return
        self._number += 1
        self._open[self._number] = _Open(self._number, window, asker, request, is_dialog)
        asker.begun(request)
        if is_dialog:
            window.send_event(Raise())
        window.send_event(Asked(number=self._number, question=request.question))

    def reply(self, window: ClientConnection, reply: Reply) -> None:
        """Pass on the user's answer."""
        question = self._open.get(reply.number)
        if question is not None and question.window is window:
            if reply.error:
                self._settle(question, failure(WindowError(reply.error)))
            else:
                answered = Answered(paths=reply.paths, accepted=reply.accepted, more=reply.more)
                self._settle(question, answered, last=not reply.more)
        window.send(reply.id, Done())

    def _settle(self, question: _Open, answer: Answer, *, last: bool = True) -> None:
        if last:
            del self._open[question.number]
        if question.asker is not None and question.request is not None:
            if last:
                question.asker.done(question.request)
            question.asker.send(question.request.id, answer)

    def gone(self, connection: ClientConnection) -> None:
        """Settle the questions of a window or an asker that is gone."""
        for question in [*self._open.values()]:
            if question.window is connection:
                self._settle(question, failure(NoWindowError("the window was closed before the user had answered.")))
            elif question.asker is connection and question.request is not None:
                question.asker = None
                connection.done(question.request)
                question.window.send_event(Withdrawn(number=question.number))

    def dialog_of(self, window: ClientConnection) -> int | None:
        """Return the number of the dialog that a window has open, if any."""
        return next((each.number for each in self._open.values() if each.window is window and each.is_dialog), None)

    def inherit(self, window: ClientConnection, dialog: int) -> None:
        """Close a dialog that is open in a window, asked for by a client of the old supervisor."""
        self._open[dialog] = _Open(dialog, window, asker=None, request=None, is_dialog=True)
        window.send_event(Withdrawn(number=dialog))


def _as_it_is(event: Answer) -> Answer:
    return event
