"""Which events of a bus have come before: one is sent again whose answer was not heard."""

KEPT_ORIGINS = 1000


class Deduplicator:
    """numbers: the last one of each origin, of the most recent origins; every origin counts up from 1."""

    def __init__(self, numbers: dict[str, int] | None = None) -> None:
        self.numbers = {} if numbers is None else numbers

    def has_been(self, origin: str, number: int) -> bool:
        """Whether this event has come before, which from now on it has; without an origin that is not known."""
        if not origin:
            return False
        last = self.numbers.pop(origin, 0)  # and to the end, so that those who have long been silent go first
        self.numbers[origin] = max(last, number)
        while len(self.numbers) > KEPT_ORIGINS:
            del self.numbers[next(iter(self.numbers))]
        return number <= last
