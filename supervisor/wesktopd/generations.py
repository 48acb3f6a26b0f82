"""The workers' life as a table, and what to do next as a function of it. No I/O, no clock of its own.

A worker slot is always in one of these states:

    starting    its process imports the app and runs its lifespan
    ready       it serves
    draining    it was told to stop and finishes what it has begun
    backoff     its process ended unasked; the next one starts at `retry_at`
    failed      it never became ready, and nothing says that trying again would help
    stopped     it was told to stop and is gone

Commands change only what is *desired*; `plan` compares it with what *is* and names the next actions. So a stop during
a backoff, or a crash during a drain, is not a special case.

    starting --ready--> ready          starting --exited--> backoff     starting --refused--> failed
    ready    --exited-> backoff        backoff  --spawned-> starting    stopped  --spawned-> starting
    starting, ready --stop--> draining --exited--> stopped              backoff  --stop----> stopped
"""

import dataclasses
import random
from enum import StrEnum

FIRST_DELAY = 0.1
MAX_DELAY = 30.0
HEALTHY_AFTER = 60.0  # seconds of serving after which earlier failures are forgotten
KILL_MARGIN = 0.5  # seconds that a worker has to end by itself, beyond those in which it drains


class State(StrEnum):
    """What a worker slot is doing."""

    STARTING = "starting"
    READY = "ready"
    DRAINING = "draining"
    BACKOFF = "backoff"
    FAILED = "failed"
    STOPPED = "stopped"


class Event(StrEnum):
    """What happens to a worker slot."""

    SPAWNED = "spawned"
    READY = "ready"
    STOP = "stop"
    EXITED = "exited"
    REFUSED = "refused"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.STOPPED, Event.SPAWNED): State.STARTING,
    (State.BACKOFF, Event.SPAWNED): State.STARTING,
    (State.STARTING, Event.READY): State.READY,
    (State.STARTING, Event.EXITED): State.BACKOFF,
    (State.STARTING, Event.REFUSED): State.FAILED,
    (State.STARTING, Event.STOP): State.DRAINING,
    (State.READY, Event.EXITED): State.BACKOFF,
    (State.READY, Event.STOP): State.DRAINING,
    (State.DRAINING, Event.EXITED): State.STOPPED,
    (State.BACKOFF, Event.STOP): State.STOPPED,
}

ALIVE = frozenset({State.STARTING, State.READY, State.DRAINING})


@dataclasses.dataclass
class Worker:
    """One worker slot; `since` and the deadlines are seconds on the caller's monotonic clock."""

    generation: int = 1
    state: State = State.STOPPED
    since: float = 0.0
    failures: int = 0
    restarts: int = 0
    retry_at: float = 0.0
    last_exit: str | None = None
    drains: bool = True  # whether there may be requests to finish at a stop

    def advance(self, event: Event, now: float) -> None:
        """Take the transition that the table has for `event`; raises ValueError when it has none."""
        after = TRANSITIONS.get((self.state, event))
        if after is None:
            raise ValueError(f"a worker that is {self.state} cannot be {event}")
        if after is State.BACKOFF:
            self._plan_retry(now)
        if after is State.DRAINING:
            self.drains = self.state is State.READY
        if self.state is State.BACKOFF and after is State.STARTING:
            self.restarts += 1
        self.state, self.since = after, now

    def _plan_retry(self, now: float) -> None:
        crashed = self.state is State.READY
        if crashed and now - self.since >= HEALTHY_AFTER:
            self.failures = 0
        self.failures += 1
        # The first crash of a worker that had served is mended at once: nobody has to notice it.
        self.retry_at = now if crashed and self.failures == 1 else now + delay(self.failures)


def delay(failures: int, jitter: float | None = None) -> float:
    """Seconds to wait after so many failures in a row: doubling, capped, spread by up to a tenth."""
    spread = random.uniform(-0.1, 0.1) if jitter is None else jitter
    return min(FIRST_DELAY * 2.0 ** min(failures - 1, 16), MAX_DELAY) * (1 + spread)


class Act(StrEnum):
    """What the supervisor is to do with a worker slot."""

    SPAWN = "spawn"
    TERMINATE = "terminate"
    KILL = "kill"


@dataclasses.dataclass(frozen=True)
class Desired:
    """What is wanted: whether to run at all, and how long workers may take."""

    running: bool
    start_timeout: float
    drain_timeout: float


def plan(worker: Worker, desired: Desired, now: float) -> tuple[Act | None, float | None]:
    """What to do with a worker now, and when to ask again if nothing happens before."""
    match worker.state:
        case State.STOPPED | State.FAILED:
            spawn = desired.running and worker.state is State.STOPPED
            return (Act.SPAWN if spawn else None), None
        case State.BACKOFF if not desired.running:
            return Act.TERMINATE, None
        case State.BACKOFF:
            return (Act.SPAWN, None) if now >= worker.retry_at else (None, worker.retry_at)
        case State.DRAINING:
            drain = desired.drain_timeout if worker.drains else 0.0
            return _by_deadline(worker.since + drain + KILL_MARGIN, now)
        case _ if not desired.running:
            return Act.TERMINATE, None
        case State.STARTING:
            return _by_deadline(worker.since + desired.start_timeout, now)
        case _:
            return None, None


def _by_deadline(deadline: float, now: float) -> tuple[Act | None, float | None]:
    return (Act.KILL, None) if now >= deadline else (None, deadline)
