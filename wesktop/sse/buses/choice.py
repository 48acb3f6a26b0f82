"""The choice of a broadcaster's bus."""

import os

from wesktop.sse.buses.bus import Bus, MemoryBus

REDIS_SCHEMES = ("redis://", "rediss://", "unix://")


def bus_of(wanted: str | None, channel: str, limits: tuple[int, int, float]) -> Bus:
    """Return the bus for *wanted*, see Broadcaster. Raises ValueError for an unknown one, TypeError unless a str."""
    if wanted == "memory":
        return MemoryBus()
    if wanted is None:
        from wesktopd.context import BUS_VARIABLE  # late: nothing else of the supervisor's is needed here

        path = os.environ.get(BUS_VARIABLE)
        if not path:
            return MemoryBus()
        from wesktop.sse.buses.supervisor_bus import SupervisorBus  # late: only needed here

        return SupervisorBus(path, channel, limits)
    if not isinstance(wanted, str):
        raise TypeError(f"bus must be str, not {wanted!r} ({type(wanted).__name__})")
    if wanted.startswith(REDIS_SCHEMES):
        from wesktop.sse.buses.redis_bus import RedisBus  # late: it needs an extra

        return RedisBus(wanted, channel, limits)
    from wesktop.sse.parameters import without_password

    raise ValueError(f"bus must be 'memory', 'redis://...' or None, not {without_password(wanted)!r}")
