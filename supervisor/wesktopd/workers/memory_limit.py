"""Workers that have grown too large."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from wesktopd.system.process_identity import usage
from wesktopd.workers.slot import SlotState, WorkerSlot

if TYPE_CHECKING:
    from wesktopd.daemon.supervisor import Supervisor

MIB = 1024 * 1024
SETTLED_AFTER = 5.0  # seconds that a worker serves for at least: an app that is always too large needs a pause


def oversized(supervisor: "Supervisor", now: float) -> Iterator[tuple[WorkerSlot, str]]:
    """The workers that use more memory than `max_rss`, and what to say of each."""
    limit = supervisor.spec.max_rss
    for worker, process in supervisor.manager.processes.items():
        if (
            limit is None
            or worker.leaving
            or worker.state is not SlotState.READY
            or now < worker.since + SETTLED_AFTER
        ):
            continue
        used = usage(process.pid)
        if used is not None and used.rss > limit * MIB:
            yield worker, f"it uses {used.rss / MIB:.0f} MiB of memory, {limit:g} are allowed"
