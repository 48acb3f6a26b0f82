"""Decides whether an app is idle. No I/O, no clock of its own."""

from collections.abc import Iterable


class IdleClock:
    """Knows when an app was last used. timeout: seconds after which it is idle; None for never.

    Times are in seconds on the caller's monotonic clock.
    """

    def __init__(self, timeout: float | None, now: float) -> None:
        self._timeout = timeout
        self._used_at = now

    def used(self, at: float) -> None:
        """Note that the app was used at this time, which may be older than what is known already."""
        self._used_at = max(self._used_at, at)

    def is_over(self, now: float, heartbeats: Iterable[float]) -> bool:
        """Return whether the app has been idle for long enough. heartbeats: the time of each worker's last one.

        A worker that has sent none since then may be in use, so all must have.
        """
        if self._timeout is None:
            return False
        ends = self._used_at + self._timeout
        return now >= ends and all(at >= ends for at in heartbeats)
