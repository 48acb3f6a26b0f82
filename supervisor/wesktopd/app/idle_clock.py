"""Whether an app is in use. No I/O, no clock of its own."""

from collections.abc import Iterable


class IdleClock:
    """Knows when an app was used last. timeout: seconds after which it is idle; None for never.

    Times are seconds on the caller's monotonic clock.
    """

    def __init__(self, timeout: float | None, now: float) -> None:
        self._timeout = timeout
        self._used_at = now

    def used(self, at: float) -> None:
        """It was used then; what is older than what is known already changes nothing."""
        self._used_at = max(self._used_at, at)

    def is_over(self, now: float, heard: Iterable[float]) -> bool:
        """Whether it has been idle for long enough. heard: when each worker has last said whether it is used.

        A worker that has not been heard for so long may be in use, so all must have spoken since.
        """
        if self._timeout is None:
            return False
        ends = self._used_at + self._timeout
        return now >= ends and all(at >= ends for at in heard)
