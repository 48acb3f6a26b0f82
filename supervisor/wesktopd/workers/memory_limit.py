"""Finds workers that use too much memory."""

from collections.abc import Iterator, Mapping

from wesktopd.system import usage
from wesktopd.workers.process import WorkerProcess
from wesktopd.workers.slot import SlotState, WorkerSlot

MIB = 1024 * 1024
SETTLED_AFTER = 5.0  # seconds that a worker serves for at least: an app that is always too large needs a pause


def oversized(
    processes: Mapping[WorkerSlot, WorkerProcess], max_rss: float, now: float
) -> Iterator[tuple[WorkerSlot, str]]:
    """Yield the workers that use more than `max_rss` MiB of memory, each with the reason to replace it."""
    for worker, process in processes.items():
        if worker.leaving or worker.state is not SlotState.READY or now < worker.since + SETTLED_AFTER:
            continue
        used = usage(process.pid)
        if used is not None and used.rss > max_rss * MIB:
            yield worker, f"it uses {used.rss / MIB:.0f} MiB of memory, {max_rss:g} are allowed"
