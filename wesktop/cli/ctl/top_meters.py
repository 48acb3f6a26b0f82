"""The figures of `wesktop ctl top`, computed from successive Reports. No I/O, no clock."""

import dataclasses
import math
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from wesktop.cli.ctl.reports import ready_workers, state_of

if TYPE_CHECKING:
    from wesktopd.wire.control_messages import Report, WorkerReport

KEPT = 120  # samples: two minutes at one a second


@dataclasses.dataclass
class Meter:
    """One row: an app (the sum of its processes) or one of its workers.

    cpu: percent of one processor, None before the second sample. rss: bytes. cpu_curve, rss_curve: the last KEPT
    samples, oldest first.
    """

    label: str
    state: str
    pid: int | None = None
    cpu: float | None = None
    rss: int | None = None
    requests: int | None = None
    uptime: float | None = None
    cpu_curve: deque[float] = dataclasses.field(default_factory=lambda: deque(maxlen=KEPT))
    rss_curve: deque[float] = dataclasses.field(default_factory=lambda: deque(maxlen=KEPT))

    def record(self, cpu: float | None, rss: int | None) -> None:
        """Add a sample."""
        self.cpu, self.rss = cpu, rss
        if cpu is not None:
            self.cpu_curve.append(cpu)
        if rss is not None:
            self.rss_curve.append(rss)

    def as_fields(self) -> dict[str, Any]:
        """Return it as in the documented JSON."""
        return {
            "pid": self.pid,
            "state": self.state,
            "cpu_percent": None if self.cpu is None else round(self.cpu, 1),
            "rss": self.rss,
            "requests": self.requests,
        }


class AppMeter:
    """An app's meters: `total` and, by their id, those of its `workers`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.url: str | None = None
        self.ready: int | None = None
        self.wanted: int | None = None
        self.total = Meter(name, "silent")
        self.workers: dict[int, Meter] = {}
        self._cpu = CpuClock()

    def update(self, report: "Report | None", now: float, wall: float) -> None:
        """Add a sample. now: monotonic seconds; wall: seconds since the epoch.

        None stands for an app that did not answer: its figures remain.
        """
        if report is None:
            self.total.state = "silent"
            return
        self.url, self.ready, self.wanted = report.url, ready_workers(report), report.wanted
        self.workers = {worker.id: self._worker(worker, now) for worker in report.workers}
        supervisor = self._cpu.percent(report.pid, report.cpu, now)
        self._cpu.forget({report.pid, *(worker.pid for worker in report.workers)})
        parts = self.workers.values()
        total = self.total
        total.state, total.pid, total.uptime = state_of(report), report.pid, wall - report.started
        total.requests = add(*(part.requests for part in parts))
        total.record(add(supervisor, *(part.cpu for part in parts)), add(report.rss, *(part.rss for part in parts)))

    def _worker(self, worker: "WorkerReport", now: float) -> Meter:
        meter = self.workers.get(worker.id) or Meter(f"  worker {worker.id}", worker.state)
        meter.state, meter.pid = worker.state, worker.pid
        meter.requests, meter.uptime = worker.requests, worker.age
        meter.record(self._cpu.percent(worker.pid, worker.cpu, now), worker.rss)
        return meter

    def as_fields(self) -> dict[str, Any]:
        """Return it as in the documented JSON."""
        workers = [{"id": number, **meter.as_fields()} for number, meter in self.workers.items()]
        facts = {"name": self.name, "url": self.url, "ready": self.ready, "wanted": self.wanted}
        return {**facts, **self.total.as_fields(), "workers": workers}


class CpuClock:
    """Converts the accumulated CPU time of processes into CPU shares."""

    def __init__(self) -> None:
        self._last: dict[int, tuple[float, float]] = {}

    def percent(self, pid: int | None, used: float | None, now: float) -> float | None:
        """Return percent of one processor since the last call for this process; None at the first."""
        if pid is None or used is None:
            return None
        before = self._last.get(pid)
        self._last[pid] = (now, used)
        if before is None or now <= before[0] or used < before[1]:
            return None
        return 100 * (used - before[1]) / (now - before[0])

    def forget(self, kept: set[int | None]) -> None:
        """Forget all processes but these."""
        self._last = {pid: last for pid, last in self._last.items() if pid in kept}


def squeeze(values: Sequence[float], width: int) -> list[float]:
    """Reduce up to KEPT values to at most `width`, each the maximum of several; oldest first."""
    each = math.ceil(KEPT / width)
    ends = range(len(values), 0, -each)
    return [max(list(values)[max(0, end - each) : end]) for end in ends][::-1]


def add(*values: Any) -> Any:
    """Return the sum of the known values; None if none is known."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None
