"""The curves: what the machine as a whole does, sampled once a second and kept for two minutes."""

import platform
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import psutil

INTERVAL = 1.0  # seconds between two samples
SPAN = 120  # seconds of history


class Counters(Protocol):
    """The fields of psutil's counters of a network interface that are used here."""

    @property
    def bytes_recv(self) -> int: ...
    @property
    def bytes_sent(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Traffic:
    """Bytes received and sent since the machine started."""

    received: int
    sent: int


@dataclass(frozen=True, slots=True)
class Sample:
    """One moment. Shares are percent, sizes bytes, rates bytes a second, the time seconds of the Unix epoch."""

    time: float
    cpu: float
    cores: list[float]
    load: tuple[float, float, float]
    memory_used: int
    memory_free: int
    swap_used: int
    down: float
    up: float
    received: int
    sent: int


@dataclass(frozen=True, slots=True)
class Machine:
    """Values that do not change while the program runs."""

    host: str
    system: str
    booted: float
    cores: int
    memory_total: int
    swap_total: int
    interval: float
    span: int


def mean(shares: Sequence[float]) -> float:
    return round(sum(shares) / len(shares), 1) if shares else 0.0


def outside(interfaces: Mapping[str, Counters]) -> Traffic:
    """Add up the interfaces that lead out of the machine.

    The loopback leads nowhere, and what passes a container's bridge or pair is counted at the real interface again.
    """
    real = [
        counters
        for name, counters in interfaces.items()
        if not name.lower().startswith(("lo", "veth", "docker", "br-", "virbr"))
    ]
    return Traffic(sum(one.bytes_recv for one in real), sum(one.bytes_sent for one in real))


def rate(before: int, after: int, seconds: float) -> float:
    """Bytes a second; 0 where a counter went back, as it does when an interface goes away."""
    return max(after - before, 0) / seconds if seconds > 0 else 0.0


class Sampler:
    """Takes samples; each covers the time since the one before. About a millisecond each, so it needs no thread."""

    def __init__(self) -> None:
        psutil.cpu_percent(percpu=True)  # the first reading has nothing to compare with, and is thrown away
        self._clock = time.monotonic()
        self._traffic = outside(psutil.net_io_counters(pernic=True))

    def sample(self) -> Sample:
        clock, traffic = time.monotonic(), outside(psutil.net_io_counters(pernic=True))
        passed, before = clock - self._clock, self._traffic
        self._clock, self._traffic = clock, traffic
        cores = psutil.cpu_percent(percpu=True)
        memory = psutil.virtual_memory()
        return Sample(
            time=round(time.time(), 2),
            cpu=mean(cores),
            cores=cores,
            load=psutil.getloadavg(),
            memory_used=memory.total - memory.available,
            memory_free=memory.free,
            swap_used=psutil.swap_memory().used,
            down=rate(before.received, traffic.received, passed),
            up=rate(before.sent, traffic.sent, passed),
            received=traffic.received,
            sent=traffic.sent,
        )


def new_history() -> deque[Sample]:
    """The ring that a page begins with: as many samples as fit into the span."""
    return deque(maxlen=round(SPAN / INTERVAL) + 1)


def machine() -> Machine:
    return Machine(
        host=platform.node(),
        system=f"{platform.system()} {platform.release()}",
        booted=psutil.boot_time(),
        cores=psutil.cpu_count() or 1,
        memory_total=psutil.virtual_memory().total,
        swap_total=psutil.swap_memory().total,
        interval=INTERVAL,
        span=SPAN,
    )
