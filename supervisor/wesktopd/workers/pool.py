"""The pool of an app's workers, and what to do with them next. No I/O, no clock of its own.

Workers that were started together are a *generation*. One generation serves; at a restart another is coming.
Commands and events only change the pool; `reconcile_slots` then makes the slots that there should be, and
`next_actions` says what to do with each. So a stop during a backoff, two restarts at a time or a crash during a drain
are not special cases.

    restart     the next generation is coming: as many slots as are wanted
    promoted    all of them are ready: it serves, and what is older is retired
    given up    one of them did not become ready: all of them are retired, what serves goes on
    superseded  another restart was asked for meanwhile: as given up, and the one after it is coming

The serving generation is kept at its size: a missing slot is added, a surplus one leaves. A worker that *leaves* (it
is too large or too old, or there are too many) is retired when enough others are ready, so that at least one serves
whenever one can; one that hangs cannot, and goes immediately.
"""

import dataclasses
import random
from enum import StrEnum

from wesktopd.workers.slot import ALIVE, SlotState, Transition, WorkerSlot

KILL_MARGIN = 0.5  # seconds for a worker to end by itself, in addition to the drain timeout
LIFETIME_SPREAD = 0.1  # the part of its lifetime by which a worker may end earlier, so that not all end together


class Action(StrEnum):
    """The next action for a worker slot."""

    SPAWN = "spawn"
    RETIRE = "retire"  # have it finish its requests, and end
    REPLACE = "replace"  # its lifetime is over
    REPLACE_HUNG = "unhang"  # its event loop stands still
    KILL = "kill"


@dataclasses.dataclass(frozen=True)
class Timeouts:
    """The longest that a worker may take to start, to drain, to answer and to live, in seconds; None: no limit."""

    start_timeout: float
    drain_timeout: float
    hang_timeout: float | None = None
    max_lifetime: float | None = None


@dataclasses.dataclass
class WorkerPool:
    """The workers. serving: the generation that answers, 0 before the first does. coming: the one to replace it."""

    timeouts: Timeouts
    wanted: int = 1
    running: bool = True
    serving: int = 0
    coming: int | None = 1
    latest: int = 1
    workers: list[WorkerSlot] = dataclasses.field(default_factory=list)
    next_id: int = 1

    # Commands: they change the desired state.

    def restart(self) -> int:
        """Start a new generation; return its number."""
        self.latest += 1
        self.coming = self.latest
        return self.latest

    def replace(self, worker: WorkerSlot) -> None:
        """Have another worker take its place."""
        worker.leaving = True

    # Events: they report the actual state.

    def is_ready(self, worker: WorkerSlot, now: float) -> None:
        """Note that a worker is ready."""
        worker.advance(Transition.READY, now)
        if self.timeouts.max_lifetime is not None:
            worker.expires_at = now + self.timeouts.max_lifetime * (1 - random.uniform(0, LIFETIME_SPREAD))  # noqa: S311  no secret

    def has_ended(self, worker: WorkerSlot, now: float) -> None:
        """Note that a worker's process has ended, or could not be started."""
        if worker.state is SlotState.STARTING and worker.generation == self.coming:
            worker.advance(Transition.REFUSED, now)
            self.coming = None
        else:
            worker.advance(Transition.EXITED, now)
        if worker.state is not SlotState.BACKOFF:
            self.workers.remove(worker)

    def stood_still(self, since: float, until: float) -> None:
        """Leave out a period in which this machine, or this process, did not run: all deadlines move by as much."""
        for worker in self.workers:
            worker.stood_still(since, until)

    # Queries.

    def ready(self, generation: int | None = None) -> list[WorkerSlot]:
        """Return the workers that serve, of any or of one generation."""
        return [
            worker
            for worker in self.workers
            if worker.state is SlotState.READY and generation in (None, worker.generation)
        ]

    def is_responsive(self, now: float, patience: float) -> bool:
        """Return whether a serving worker sent a heartbeat within `patience` seconds; True if none has to serve."""
        serving = self.ready()
        return not self.running or not serving or any(now < worker.last_heartbeat + patience for worker in serving)

    @property
    def alive(self) -> bool:
        """Return whether any process is left."""
        return any(worker.state in ALIVE for worker in self.workers)

    @property
    def changing(self) -> bool:
        """Return whether a worker starts, ends, or is about to start."""
        return any(worker.state is not SlotState.READY for worker in self.workers)

    @property
    def at_size(self) -> bool:
        """Return whether as many workers serve as are wanted."""
        staying = [worker for worker in self.ready(self.serving) if not worker.leaving]
        return len(staying) == self.wanted

    def taken_over(self, generation: int) -> bool:
        """Return whether this generation, or a later one, answers all requests from now on."""
        older = any(worker.accepts and worker.generation < generation for worker in self.workers)
        return self.serving >= generation and not older

    @property
    def _has_others(self) -> bool:
        """Return whether any worker serves that stays."""
        return any(worker.generation in (self.serving, self.coming) for worker in self.ready())

    def reconcile_slots(self) -> bool:
        """Bring the slots in line with the desired state; return whether another generation serves from now on."""
        promoted = self.running and self.coming is not None and len(self.ready(self.coming)) >= self.wanted
        if promoted and self.coming is not None:
            self.serving, self.coming = self.coming, None
        kept = {self.serving, self.coming}
        self.workers = [
            worker
            for worker in self.workers
            if worker.state in ALIVE or (self.running and not worker.leaving and worker.generation in kept)
        ]
        if self.running:
            for generation in filter(None, kept):
                self._resize(generation)
        return promoted

    def _resize(self, generation: int) -> None:
        staying = [
            worker
            for worker in self.workers
            if worker.generation == generation and not worker.leaving and worker.state is not SlotState.DRAINING
        ]
        for _ in range(self.wanted - len(staying)):
            self.workers.append(WorkerSlot(id=self.next_id, generation=generation))
            self.next_id += 1
        # Those that do not serve yet go first, then the youngest.
        surplus = sorted(staying, key=lambda worker: (worker.state is SlotState.READY, -worker.id))
        for worker in surplus[: max(0, len(staying) - self.wanted)]:
            worker.leaving = True

    def next_actions(self, now: float) -> tuple[list[tuple[Action, WorkerSlot]], float | None]:
        """Return what to do now, and when to ask again if nothing happens before."""
        actions: list[tuple[Action, WorkerSlot]] = []
        deadlines: list[float] = []
        for worker in self.workers:
            action, deadline = self._next(worker, now)
            if action is not None:
                actions.append((action, worker))
            if deadline is not None:
                deadlines.append(deadline)
        return actions, min(deadlines, default=None)

    def _next(self, worker: WorkerSlot, now: float) -> tuple[Action | None, float | None]:
        match worker.state:
            case SlotState.STOPPED:
                return Action.SPAWN, None
            case SlotState.BACKOFF:
                return _by_deadline(Action.SPAWN, worker.retry_at, now)
            case SlotState.DRAINING if not worker.killed:
                drain = self.timeouts.drain_timeout if worker.drains else 0.0
                return _by_deadline(Action.KILL, worker.since + drain + KILL_MARGIN, now)
            case SlotState.STARTING if self._is_over(worker):
                return Action.RETIRE, None
            case SlotState.STARTING if not worker.killed:
                return _by_deadline(Action.KILL, worker.since + self.timeouts.start_timeout, now)
            case SlotState.READY:
                return self._next_of_ready(worker, now)
        return None, None

    def _next_of_ready(self, worker: WorkerSlot, now: float) -> tuple[Action | None, float | None]:
        if self._is_over(worker):
            return Action.RETIRE, None
        hang = self.timeouts.hang_timeout
        if hang is not None and now >= worker.last_heartbeat + hang:
            return Action.REPLACE_HUNG, None
        ends = None if worker.leaving else worker.expires_at
        if ends is not None and now >= ends:
            return Action.REPLACE, None
        hangs_at = None if hang is None else worker.last_heartbeat + hang
        return None, min(filter(None, (hangs_at, ends)), default=None)

    def _is_over(self, worker: WorkerSlot) -> bool:
        """Return whether a worker can go now."""
        if not self.running:
            return True
        if worker.generation not in (self.serving, self.coming):
            return worker.state is not SlotState.READY or self._has_others
        if not worker.leaving:
            return False
        return worker.state is SlotState.STARTING or worker.generation == self.coming or self.at_size


def _by_deadline(action: Action, deadline: float, now: float) -> tuple[Action | None, float | None]:
    return (action, None) if now >= deadline else (None, deadline)
