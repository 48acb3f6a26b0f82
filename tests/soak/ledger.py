"""What happened in a run: what was answered, what failed with good reason, and which promises were broken.

A request may fail only if the worker that had it was killed while it was under way. Which worker that was is known on
a connection that had an answer before; on a new one any worker may have had it.
"""

import asyncio
import contextlib
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

JUST_BEFORE = 0.2  # seconds: what has begun so shortly after a worker's end may have been sent to it still
SEEN_WITHIN = (
    2.0  # seconds from when a worker's connections are closed until it is seen to be gone, on a busy machine
)
NOTICED_WITHIN = 10.0  # seconds in which a client notices that the other end has gone
MOST_NAMED = 50  # broken promises that are kept in full


@dataclass
class Killing:
    """The end of a worker by force. pid: the worker; over: when it was gone, by the monotonic clock."""

    pid: int
    since: float
    over: float = math.inf


@dataclass(frozen=True)
class Broken:
    """A promise that was broken. at: seconds since the run began; during: the faults that were under way."""

    at: float
    what: str
    during: str

    def __str__(self) -> str:
        return f"{clock(self.at)}  {self.what}{f'  [{self.during}]' if self.during else ''}"


@dataclass
class Ledger:
    """Counts by kind of request or fault. excused: failures that a killed worker explains. tell: is told
    of each fault and each broken promise."""

    tell: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)
    answered: Counter[str] = field(default_factory=Counter)
    retried: Counter[str] = field(default_factory=Counter)
    excused: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    killings: list[Killing] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    dropped: int = 0
    _under_way: dict[str, float] = field(default_factory=dict)
    _last: str = ""

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.began

    def breaks(self, what: str) -> None:
        """Note that a promise was broken, now."""
        self._note(Broken(self.elapsed, what, self._during()))

    def fails(self, kind: str, began: float, pid: int | None, why: str) -> None:
        """Note that a request failed. began: by the monotonic clock; pid: the worker that had it, if known.

        It is judged a little later: a process that is killed closes its connections before it is seen to be gone.
        """
        worker = f", worker {pid}" if pid else ""
        now = time.monotonic()
        broken = Broken(self.elapsed, f"{kind}: {why} after {now - began:.2f} s{worker}", self._during())

        def judge() -> None:
            if self.excuses(began, now, pid):
                self.excused[kind] += 1
            else:
                self.failed[kind] += 1
                self._note(broken)

        asyncio.get_running_loop().call_later(SEEN_WITHIN, judge)

    def excuses(self, began: float, failed: float, pid: int | None) -> bool:
        """Return whether the end of a worker by force explains a failure; pid as for `fails`."""
        return any(
            killing.over - SEEN_WITHIN <= failed <= killing.over + NOTICED_WITHIN
            and began <= killing.over + JUST_BEFORE
            and pid in (None, killing.pid)
            for killing in self.killings
        )

    def _during(self) -> str:
        names = (f"{name} for {time.monotonic() - since:.1f} s" for name, since in self._under_way.items())
        return ", ".join(names) or self._last

    def _note(self, broken: Broken) -> None:
        if len(self.broken) < MOST_NAMED:
            self.broken.append(broken)
            self.tell(str(broken))
        else:
            self.dropped += 1

    def was_killed(self, pid: int) -> bool:
        """Return whether this worker was ended by force, as part of a fault."""
        return any(killing.pid == pid for killing in self.killings)

    @contextlib.contextmanager
    def killing(self, pid: int) -> Iterator[None]:
        """End a worker by force while this is entered; it is to be gone by the end."""
        self.killings.append(killing := Killing(pid, time.monotonic()))
        try:
            yield
        finally:
            killing.over = time.monotonic()

    @contextlib.contextmanager
    def fault(self, name: str) -> Iterator[None]:
        """Carry out a fault while this is entered."""
        self._under_way[name] = time.monotonic()
        try:
            yield
        finally:
            took = time.monotonic() - self._under_way.pop(name)
            self.faults[name] += 1
            self.tell(f"{clock(self.elapsed - took)}  {name}, {took:.1f} s")
            self._last = f"after {name}"


def clock(seconds: float) -> str:
    """Return a time since the beginning of the run, as in "12:05.3"."""
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes:3.0f}:{seconds:04.1f}"
