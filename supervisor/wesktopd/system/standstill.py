"""Detects periods in which nothing ran: SIGSTOP, a paused virtual machine, a machine that swaps. No I/O.

The monotonic clock goes on meanwhile, so afterwards every deadline has passed, without time to meet it.
A loop that waits for deadlines therefore wakes up now and then. When it is late for that, the time since it last
looked does not count.
"""

import asyncio
import math
from collections.abc import Coroutine
from typing import Any

LATE = 1.0  # seconds by which a loop may be late on a busy machine
STEP = 0.5  # seconds that a standstill takes from `sleep_awake` at most


class Standstill:
    """Detects them for a loop that wakes up at given times. Times are in seconds on the caller's clock."""

    def __init__(self) -> None:
        self._looked_at = 0.0
        self._due = math.inf

    def next_look(self, now: float, wake_at: float | None, every: float) -> float | None:
        """Return when to wake up: at `wake_at` or after `every` seconds; None where there is no deadline."""
        if wake_at is None:
            self._due = math.inf
            return None
        self._looked_at, self._due = now, max(now, min(wake_at, now + every))
        return self._due

    def noticed(self, now: float) -> float | None:
        """Return since when nothing has run, if the loop is late; once for each time."""
        if now <= self._due + LATE:
            return None
        self._due = math.inf
        return self._looked_at


async def sleep_awake(seconds: float) -> None:
    """Sleep for so many seconds in which this process can run."""
    while seconds > 0:
        await asyncio.sleep(min(seconds, STEP))
        seconds -= STEP


async def done_before(limit: "asyncio.Task[None]", work: Coroutine[Any, Any, None]) -> bool:
    """Do `work` until `limit` is over, which may be cancelled too; whether it is done."""
    working = asyncio.ensure_future(work)
    try:
        await asyncio.wait((working, limit), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            working.result()
        return working.done()
    finally:
        limit.cancel()
        working.cancel()
        await asyncio.wait((working,))
