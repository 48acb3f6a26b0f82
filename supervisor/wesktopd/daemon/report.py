"""How an app is, as `wesktop ctl status` shows it."""

import os
from typing import TYPE_CHECKING

from wesktopd.system.process_identity import usage
from wesktopd.wire.control_messages import Report, WorkerReport
from wesktopd.workers.slot import SlotState, WorkerSlot

if TYPE_CHECKING:
    from wesktopd.daemon.supervisor import Supervisor

MAX_TROUBLE = 4000  # characters: a report must fit a frame


def build_report(supervisor: "Supervisor", now: float) -> Report:
    """What the supervisor knows, at the time `now` of its loop."""
    spec, pool, used = supervisor.spec, supervisor.pool, usage(os.getpid())
    return Report(
        name=spec.name,
        target=spec.target,
        import_path=spec.import_path,
        url=supervisor.instance.url,
        pid=os.getpid(),
        release=supervisor.release,
        started=supervisor.started,
        rss=used.rss if used else None,
        cpu=used.cpu if used else None,
        one_shot=spec.one_shot,
        idle_timeout=spec.idle_timeout,
        stopping=not pool.running,
        restarting=pool.serving > 0 and pool.coming is not None,
        generation=pool.serving,
        windows=sum(lease.lease == "window" for lease in supervisor.control.leases),
        pid_path=spec.pid_path,
        config_file=supervisor.config_file,
        log_file=supervisor.output.log_file,
        wanted=pool.wanted,
        trouble=str(supervisor.trouble)[:MAX_TROUBLE] if supervisor.trouble else None,
        workers=[_report_worker(supervisor, worker, now) for worker in pool.workers],
    )


def _report_worker(supervisor: "Supervisor", worker: WorkerSlot, now: float) -> WorkerReport:
    process, beat = supervisor.manager.processes.get(worker), supervisor.manager.beats.get(worker)
    used = usage(process.pid) if process else None
    return WorkerReport(
        id=worker.id,
        pid=process.pid if process else None,
        state=worker.state,
        generation=worker.generation,
        uptime=max(0.0, now - worker.since),
        age=used.age if used else None,
        rss=used.rss if used else None,
        cpu=used.cpu if used else None,
        requests=beat.requests if beat else None,
        restarts=worker.restarts,
        last_exit=worker.last_exit,
        retry_in=max(0.0, worker.retry_at - now) if worker.state is SlotState.BACKOFF else None,
        leaving=worker.leaving,
    )
