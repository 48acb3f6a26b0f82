"""The windows that are attached, and what only one of them is told."""

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

OPENS_WITHIN = 10.0  # seconds that a window which somebody is opening is waited for
MAX_KEPT = 16  # events for the next window, while there is none; of more, the oldest is lost
KEPT_FOR = OPENS_WITHIN  # seconds: a window that is opened later has nothing to do with them
NUMBER_SIZE = 6  # bytes of a question's number: others read integers of up to 53 bits exactly (RFC 8259, 6)


@dataclass(eq=False)
class _Open:
    """A question that is not answered yet. asker: None when he has gone."""

    number: int
    window: ClientConnection
    asker: ClientConnection | None
    request: Ask | None
    is_dialog: bool


class Windows:
    """leases: gives all connections that hold one, that which was heard of last at the end: a window tells when it
    gets the focus, so of the windows that one is in front.
    """

    def __init__(self, leases: Callable[[], list[ClientConnection]]) -> None:
        self._leases = leases
        # By chance: a dialog may outlive the supervisor that has asked for it, and its answer is none to another's.
        self._number = int.from_bytes(os.urandom(NUMBER_SIZE))
        self._open: dict[int, _Open] = {}
        self._kept: deque[tuple[float, Callable[[], Answer]]] = deque(maxlen=MAX_KEPT)

    @property
    def front(self) -> ClientConnection:
        """The window that had the focus last, or else was attached last. Raises NoWindowError where there is none."""
        for lease in reversed(self._leases()):
            if lease.lease == "window":
                return lease
        raise NoWindowError("the app has no window: open one by wesktop.open_window() or `wesktop ctl open`.")

    @property
    def count(self) -> int:
        """The number of windows."""
        return sum(lease.lease == "window" for lease in self._leases())

    def awaited_for(self, asked: float) -> float:
        """How many seconds a window is still worth waiting for that another opens; asked: since when somebody waits.

        Who holds a lease and is no window is about to open one: a caller, since he has taken it. Who has started the
        app is waited for in any case: he may be about to end it, with its last window.
        """
        begun = [asked if lease.lease == STARTER else lease.since for lease in self._leases()]
        return max((since + OPENS_WITHIN - time.monotonic() for since in begun), default=0.0)

    def bring_to_front(self) -> Done:
        """Raise it above all others. Raises NoWindowError."""
        self.front.send_event(Raise())
        return Done()

    def show(self, event: Callable[[], Answer], window: ClientConnection | None = None) -> None:
        """Raise this window, or the one in front, and send it an event; where there is none, the next one gets it."""
        try:
            window = window or self.front
        except NoWindowError:
            self._kept.append((time.monotonic(), event))
        else:
            window.send_event(Raise())
            window.send_event(event())

    def attached(self, window: ClientConnection) -> None:
        """There is another window."""
        now = time.monotonic()
        while self._kept:
            since, event = self._kept.popleft()
            if now < since + KEPT_FOR:
                window.send_event(event())

    def stood_still(self, since: float, until: float) -> None:
        """Leave out a period in which nothing ran: whoever is opening a window has as much longer for it."""
        lost = until - since
        self._kept = deque(((at + lost, event) for at, event in self._kept), maxlen=MAX_KEPT)
        for lease in self._leases():
            if lease.since <= since:
                lease.since += lost

    def hand_over(self) -> list[tuple[float, Launched | Navigate]]:
        """What waits for the next window, for the next supervisor."""
        kept = [(since, event()) for since, event in self._kept]
        self._kept.clear()
        return [(since, event) for since, event in kept if isinstance(event, Launched | Navigate)]

    def take_over(self, kept: list[tuple[float, Launched | Navigate]]) -> None:
        """Keep what another supervisor has kept; the clock is the machine's."""
        self._kept.extend((since, partial(_as_it_is, event)) for since, event in kept)

    # Questions to the user.

    def ask(self, asker: ClientConnection, request: Ask) -> None:
        """Have the window in front ask; a window shows one dialog at a time."""
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
        """The user has answered."""
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
        """A connection has ended, or its client sends no more: a window, or one who has asked."""
        for question in [*self._open.values()]:
            if question.window is connection:
                self._settle(question, failure(NoWindowError("the window was closed before the user had answered.")))
            elif question.asker is connection and question.request is not None:
                question.asker = None
                connection.done(question.request)
                question.window.send_event(Withdrawn(number=question.number))

    def dialog_of(self, window: ClientConnection) -> int | None:
        """The number of the dialog that a window has open, if it does."""
        return next((each.number for each in self._open.values() if each.window is window and each.is_dialog), None)

    def inherit(self, window: ClientConnection, dialog: int) -> None:
        """A window has this dialog open, for somebody whom an older release has left: it is to close."""
        self._open[dialog] = _Open(dialog, window, asker=None, request=None, is_dialog=True)
        window.send_event(Withdrawn(number=dialog))


def _as_it_is(event: Answer) -> Answer:
    return event
