"""Events of `wesktop ctl emit`, for a broadcaster whose bus is not the supervisor."""

import math
import os
import time
from collections.abc import Callable

from wesktop.sse.buses.bus import Bus
from wesktop.sse.buses.supervisor_bus import SupervisorBus
from wesktopd.context import BUS_VARIABLE
from wesktopd.wire.bus_messages import Publish

RECENT = 600.0
"""Maximum age of an event in seconds when it is handed on: a worker that has just started gets earlier ones too."""

REMEMBERED = 2 * int(RECENT)
"""Seconds for which handed-on events are remembered."""


def follow_emitted(channel: str, limits: tuple[int, int, float], hand_on: Callable[[Publish], None]) -> Bus | None:
    """Call *hand_on* from a thread with every event emitted on *channel*. Return None without a supervisor.

    All workers of the app get the same events in the same order, with the same origin and number.
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
        """Ignored: missed events cannot be recovered."""

    def append(self, id_: str, event: str, data: str, to: str | None, now: float) -> None:
        """See Sink."""
        if time.monotonic() - now < RECENT:
            origin, _, number = id_.rpartition("-")
            self._hand_on(Publish(event=event, data=data, to=to, origin=f"emitted:{origin}", number=int(number)))
