"""Waiting for a condition, never for time.

Limits are meant for a machine that has a processor to spare: while something waits for one, time counts less, down to
a quarter. The kernel tells how long that was (PSI, Documentation/accounting/psi.rst); where it does not, all counts.
"""

import asyncio
import contextlib
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Value = TypeVar("Value")

PRESSURE = Path("/proc/pressure/cpu")
LOADED = 0.25  # what a second counts at least


class Limit:
    """A time that begins now."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._began, self._stalled = time.monotonic(), _stalled()

    def check(self, what: str | Callable[[], str]) -> None:
        """AssertionError that names `what` once the time is over; a function is asked then, for how it is by then."""
        passed = time.monotonic() - self._began
        if passed <= self._seconds:
            return
        if max(passed - (_stalled() - self._stalled), passed * LOADED) > self._seconds:
            named = what if isinstance(what, str) else what()
            raise AssertionError(f"waited {passed:.1f} s in vain for {named}")


def wait_for(condition: Callable[[], Value | None], what: str | Callable[[], str], timeout: float = 20.0) -> Value:
    """The first true value of `condition`; AssertionError that names `what` when there is none in time."""
    limit = Limit(timeout)
    while not (value := condition()):
        limit.check(what)
        time.sleep(0.01)
    return value


async def until(condition: Callable[[], Value | None], what: str | Callable[[], str], seconds: float = 20.0) -> Value:
    """The same, while the event loop goes on."""
    limit = Limit(seconds)
    while not (value := condition()):
        limit.check(what)
        await asyncio.sleep(0.01)
    return value


def _stalled() -> float:
    """The seconds since the machine's start in which something waited for a processor; 0 where nobody knows."""
    with contextlib.suppress(OSError):
        if found := re.search(r"^some .*total=(\d+)", PRESSURE.read_text(), re.MULTILINE):
            return int(found[1]) / 1e6
    return 0.0
