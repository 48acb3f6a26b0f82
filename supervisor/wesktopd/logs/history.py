"""The history of an app, for people and programs: `wesktop ctl events`."""

from collections import deque
from collections.abc import Callable
from enum import StrEnum

from wesktopd.wire.control_messages import Happened

KEPT = 500


class HistoryKind(StrEnum):
    """The kinds of events."""

    STARTED = "started"
    SERVING = "serving"
    WORKER_STARTED = "worker-started"
    WORKER_READY = "worker-ready"
    WORKER_ENDED = "worker-ended"
    WORKER_CRASHED = "worker-crashed"
    WORKER_KILLED = "worker-killed"
    WORKER_HUNG = "worker-hung"
    WORKER_REPLACED = "worker-replaced"
    RESTARTING = "restarting"
    RESTART_FAILED = "restart-failed"
    SCALED = "scaled"
    UPGRADED = "upgraded"
    ATTACHED = "attached"
    DETACHED = "detached"
    STOPPING = "stopping"


class History:
    """Keeps the last events, and passes further ones to followers."""

    def __init__(self) -> None:
        self.kept: deque[Happened] = deque(maxlen=KEPT)
        self._followers: list[Callable[[Happened], None]] = []

    def add(self, event: Happened) -> None:
        """Add an event."""
        self.kept.append(event)
        for follower in [*self._followers]:
            follower(event)

    def follow(self, callback: Callable[[Happened], None]) -> Callable[[], None]:
        """Pass every further event to `callback`; return a function that ends this."""
        self._followers.append(callback)
        return lambda: self._followers.remove(callback)

    def restore(self, events: list[Happened]) -> None:
        """Add the events that another supervisor has kept."""
        merged = sorted([*events, *self.kept], key=lambda event: event.time)
        self.kept = deque(merged, maxlen=KEPT)
