"""What `wesktop ctl emit` sends, for a broadcaster whose events the supervisor does not carry."""

import math
import os
import time
from collections.abc import Callable

from wesktop.sse.buses.bus import Bus
from wesktop.sse.buses.supervisor_bus import SupervisorBus
from wesktopd.context import BUS_VARIABLE
from wesktopd.wire.bus_messages import Publish

RECENT = 600.0
"""For how many seconds it may have waited for a worker: one that has just begun is told what has been before, too."""

REMEMBERED = 2 * int(RECENT)
"""For how many seconds it has to be remembered which have been handed on."""


def follow_emitted(channel: str, limits: tuple[int, int, float], hand_on: Callable[[Publish], None]) -> Bus | None:
    """Have *hand_on* called with every event that is emitted on *channel*, from a thread; None without a supervisor.

    All workers of the app are told the same events in the same order, each with the same origin and number.
    """
    path = os.environ.get(BUS_VARIABLE)
    if not path:
        return None
    bus = SupervisorBus(path, channel, limits, patience=math.inf)
    bus.open(EmittedEvents(hand_on), lambda: None)
    return bus


class EmittedEvents:
    """See Sink."""

    def __init__(self, hand_on: Callable[[Publish], None]) -> None:
        self._hand_on = hand_on

    def begin(self, first_id: str, at: float = -math.inf) -> None:
        """What is missing is not to be had."""

    def append(self, id_: str, event: str, data: str, to: str | None, now: float) -> None:
        """See Sink."""
        if time.monotonic() - now < RECENT:
            origin, _, number = id_.rpartition("-")
            self._hand_on(Publish(event=event, data=data, to=to, origin=f"emitted:{origin}", number=int(number)))
