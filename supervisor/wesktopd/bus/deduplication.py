"""Recognises events that are sent again: a sender that got no answer repeats its event."""

MAX_ORIGINS = 1000


class Deduplicator:
    """numbers: the last number of each of the most recent origins; every origin counts up from 1."""

    def __init__(self, numbers: dict[str, int] | None = None) -> None:
        self.numbers = {} if numbers is None else numbers

    def is_repeat(self, origin: str, number: int) -> bool:
        """Record an event, and return whether it was recorded before; False for one without an origin."""
        if not origin:
            return False
        last = self.numbers.pop(origin, 0)  # moved to the end, so that the longest silent origins are dropped first
        self.numbers[origin] = max(last, number)
        while len(self.numbers) > MAX_ORIGINS:
            del self.numbers[next(iter(self.numbers))]
        return number <= last
