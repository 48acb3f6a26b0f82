"""The status of an app, as `wesktop ctl status` shows it."""

import os

from wesktopd.app.served_app import ServedApp
from wesktopd.system import usage
from wesktopd.wire.control_messages import Report, WorkerReport
from wesktopd.workers.slot import SlotState, WorkerSlot

MAX_TROUBLE = 4000  # characters: a report must fit a frame


def build_report(app: ServedApp, now: float) -> Report:
    """Return the status of the app and its workers, at the time `now` of the loop."""
    spec, pool, used = app.spec, app.pool, usage(os.getpid())
    return Report(
        name=spec.name,
        target=spec.target,
        import_path=spec.import_path,
        url=app.instance.url,
        pid=os.getpid(),
        release=app.release,
        started=app.started,
        rss=used.rss if used else None,
        cpu=used.cpu if used else None,
        one_shot=spec.one_shot,
        idle_timeout=spec.idle_timeout,
        stopping=not pool.running,
        restarting=pool.serving > 0 and pool.coming is not None,
        generation=pool.serving,
        windows=app.control.windows.count,
        pid_path=spec.pid_path,
        config_file=app.config_file,
        log_file=app.output.log_file,
        wanted=pool.wanted,
        trouble=str(app.trouble)[:MAX_TROUBLE] if app.trouble else None,
        workers=[_report_worker(app, worker, now) for worker in pool.workers],
    )


def _report_worker(app: ServedApp, worker: WorkerSlot, now: float) -> WorkerReport:
    process, beat = app.manager.processes.get(worker), app.manager.beats.get(worker)
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
        tasks=beat.tasks if beat else None,
        restarts=worker.restarts,
        last_exit=worker.last_exit,
        retry_in=max(0.0, worker.retry_at - now) if worker.state is SlotState.BACKOFF else None,
        leaving=worker.leaving,
    )
