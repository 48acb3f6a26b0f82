"""A worker's life as a table. No I/O, no clock of its own.

A worker slot is always in one of these states:

    starting    its process imports the app and runs its lifespan
    ready       it serves
    draining    it is stopping: it accepts nothing new and finishes its requests
    backoff     its process ended unexpectedly; the next one starts at `retry_at`
    failed      it belonged to a new generation and never became ready: that generation is given up
    stopped     it has no process: not yet, or no more

    stopped  --spawned-> starting
    starting --ready--> ready          starting --exited--> backoff     starting --refused--> failed
    ready    --exited-> backoff        backoff  --spawned-> starting
    starting, ready --stop--> draining --exited--> stopped

Which slots there are, and what is done with them, is in wesktopd.workers.pool.
"""

import dataclasses
import random
from enum import StrEnum

FIRST_DELAY = 0.1
MAX_DELAY = 30.0
HEALTHY_AFTER = 60.0  # seconds of serving after which earlier failures are forgotten


class SlotState(StrEnum):
    """The states."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    BACKOFF = "backoff"
    FAILED = "failed"
    STOPPED = "stopped"


class Transition(StrEnum):
    """The events that change the state."""

    SPAWNED = "spawned"
    READY = "ready"
    STOP = "stop"
    EXITED = "exited"
    REFUSED = "refused"


TRANSITIONS: dict[tuple[SlotState, Transition], SlotState] = {
    (SlotState.STOPPED, Transition.SPAWNED): SlotState.STARTING,
    (SlotState.BACKOFF, Transition.SPAWNED): SlotState.STARTING,
    (SlotState.STARTING, Transition.READY): SlotState.READY,
    (SlotState.STARTING, Transition.EXITED): SlotState.BACKOFF,
    (SlotState.STARTING, Transition.REFUSED): SlotState.FAILED,
    (SlotState.STARTING, Transition.STOP): SlotState.DRAINING,
    (SlotState.READY, Transition.EXITED): SlotState.BACKOFF,
    (SlotState.READY, Transition.STOP): SlotState.DRAINING,
    (SlotState.DRAINING, Transition.EXITED): SlotState.STOPPED,
}

ALIVE = frozenset({SlotState.STARTING, SlotState.READY, SlotState.DRAINING})


@dataclasses.dataclass(eq=False)
class WorkerSlot:
    """One worker slot. Times are seconds on the caller's monotonic clock.

    since: when it entered its state. last_heartbeat: the last sign of life of its event loop.
    expires_at: when it has served for long enough.
    leaving: another worker takes its place, or it is not wanted any more.
    accepts: it may still be given new connections.
    drains: there may be requests to finish at a stop. hung: its event loop stands still.
    killed: its process was sent SIGKILL and has not ended yet; it may wait for a disk.
    """

    id: int = 1
    generation: int = 1
    state: SlotState = SlotState.STOPPED
    since: float = 0.0
    failures: int = 0
    restarts: int = 0
    retry_at: float = 0.0
    last_heartbeat: float = 0.0
    expires_at: float | None = None
    last_exit: str | None = None
    leaving: bool = False
    accepts: bool = False
    drains: bool = True
    hung: bool = False
    killed: bool = False

    def advance(self, transition: Transition, now: float) -> None:
        """Change the state as the table says. Raises ValueError for a transition that it does not have."""
        after = TRANSITIONS.get((self.state, transition))
        if after is None:
            raise ValueError(f"a worker that is {self.state} cannot be {transition}")
        if after is SlotState.BACKOFF:
            self._plan_retry(now)
        if after is SlotState.DRAINING:
            self.drains = self.state is SlotState.READY and not self.hung
        if transition in (Transition.READY, Transition.EXITED):
            self.accepts = transition is Transition.READY
        if after is SlotState.STARTING:
            self.killed = False
            self.restarts += self.state is SlotState.BACKOFF
        self.state, self.since, self.last_heartbeat = after, now, now

    def stood_still(self, since: float, until: float) -> None:
        """Leave out a period in which nothing ran: move what began before it."""
        lost = until - since
        self.last_heartbeat = min(until, self.last_heartbeat + lost)
        if self.since > since:
            return
        self.since += lost
        self.retry_at += lost
        if self.expires_at is not None:
            self.expires_at += lost

    def _plan_retry(self, now: float) -> None:
        crashed = self.state is SlotState.READY
        if crashed and now - self.since >= HEALTHY_AFTER:
            self.failures = 0
        self.failures += 1
        # The first crash of a worker that has served is repaired immediately, so that it goes unnoticed.
        self.retry_at = now if crashed and self.failures == 1 else now + delay(self.failures)


def delay(failures: int, jitter: float | None = None) -> float:
    """Return the seconds to wait after so many failures in a row: doubling, capped, spread by up to a tenth."""
    spread = random.uniform(-0.1, 0.1) if jitter is None else jitter  # noqa: S311  no secret
    return min(FIRST_DELAY * 2.0 ** min(failures - 1, 16), MAX_DELAY) * (1 + spread)
