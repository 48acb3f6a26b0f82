"""Formats a Report as text and as JSON. No I/O."""

from typing import TYPE_CHECKING, Any

import click

from wesktop.cli.render import duration, fields, indented, one_line, or_dash, size, table
from wesktopd.text import printable_output

if TYPE_CHECKING:
    from wesktopd.wire.control_messages import Report, WorkerReport

COLOURS = {"ready": "green", "starting": "yellow", "restarting": "yellow", "draining": "yellow", "stopping": "yellow",
           "degraded": "red", "backoff": "red", "failed": "red", "down": "red", "silent": "red"}  # fmt: skip
INTERNAL = ("type", "id", "import_path")

WORKER_COLUMNS = ("WORKER", "STATE", "PID", "GEN", "UPTIME", "MEMORY", "CPU", "REQUESTS", "RESTARTS", "LAST EXIT")
APP_COLUMNS = ("NAME", "STATE", "WORKERS", "WINDOWS", "UPTIME", "URL")
NUMBERS = ("WORKER", "PID", "GEN", "UPTIME", "MEMORY", "CPU", "REQUESTS", "RESTARTS", "WORKERS", "WINDOWS")


def state_of(report: "Report") -> str:
    """Return the app's state: stopping, restarting, ready, degraded, starting or down."""
    ready = ready_workers(report)
    if report.stopping:
        return "stopping"
    if report.restarting and ready:
        return "restarting"
    if ready:
        return "ready" if ready >= report.wanted else "degraded"
    return "starting" if any(worker.state == "starting" for worker in report.workers) else "down"


def ready_workers(report: "Report") -> int:
    """Return the number of ready workers of the serving generation."""
    ready = sum(worker.state == "ready" and worker.generation == report.generation for worker in report.workers)
    return min(ready, report.wanted)  # a worker that is being replaced serves until its successor does


def as_fields(report: "Report") -> dict[str, Any]:
    """Return the report as the documented JSON."""
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(report)
    return {"state": state_of(report), **{key: value for key, value in found.items() if key not in INTERNAL}}


def as_entry(name: str, report: "Report | None", *, running: bool) -> dict[str, Any]:
    """Return an app as in `list --json`. A running app without a report is one that does not answer."""
    if report is None:
        state = "silent" if running else "stopped"
        facts = dict.fromkeys(("url", "pid", "ready", "wanted", "windows", "started"))
        return {"name": name, "running": running, "state": state, **facts}
    return {
        "name": name,
        "running": True,
        "state": state_of(report),
        "url": report.url,
        "pid": report.pid,
        "ready": ready_workers(report),
        "wanted": report.wanted,
        "windows": report.windows,
        "started": report.started,
    }


def apps_table(entries: list[dict[str, Any]], now: float) -> list[str]:
    """Return the apps of `as_entry` as a table."""
    rows = []
    for entry in entries:
        known = entry["started"] is not None
        rows.append(
            (
                click.style(one_line(entry["name"]), bold=True),
                coloured(entry["state"]),
                f"{entry['ready']}/{entry['wanted']}" if known else "-",
                or_dash(entry["windows"]),
                duration(now - entry["started"]) if known else "-",
                one_line(or_dash(entry["url"])),
            )
        )
    return table(APP_COLUMNS, rows, NUMBERS)


def as_lines(report: "Report", now: float, installed: str) -> list[str]:
    """Return the output of `status`. now: seconds since the epoch; installed: the installed version, or ""."""
    title = (
        f"{click.style(one_line(report.name), bold=True)}  {one_line(report.target)}  {coloured(state_of(report))}"
    )
    facts = [(name, value) for name, value in _facts(report, now, installed) if value]
    rows = [_worker_row(worker) for worker in report.workers]
    return [title, *indented(fields(facts)), *_trouble(report), "", *indented(table(WORKER_COLUMNS, rows, NUMBERS))]


def _trouble(report: "Report") -> list[str]:
    """The trouble and, indented, the end of the log that belongs to it."""
    if not report.trouble:
        return []
    what, *log = [printable_output(line) for line in report.trouble.splitlines()]
    return ["", *indented([click.style(f"trouble: {what}", fg="red"), *indented(log)])]


def _facts(report: "Report", now: float, installed: str) -> list[tuple[str, str]]:
    return [
        ("url", one_line(report.url)),
        ("supervisor", f"pid {report.pid}, up {duration(now - report.started)}, {_used(report.rss, report.cpu)}"),
        ("workers", f"{ready_workers(report)} of {report.wanted} ready, generation {report.generation}"),
        ("windows", str(report.windows)),
        ("keep-alive", "no: ends with its last window" if report.one_shot else "yes: goes on without a window"),
        ("idle timeout", "none" if report.idle_timeout is None else duration(report.idle_timeout)),
        ("release", _release(report, installed)),
        ("config file", one_line(report.config_file or "")),
        ("log file", one_line(report.log_file or "none")),
        ("PID file", one_line(report.pid_path or "")),
    ]


def _used(rss: int | None, cpu: float | None) -> str:
    return f"{size(rss)}, CPU {_cpu(cpu)}"


def _cpu(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.1f} s"


def _release(report: "Report", installed: str) -> str:
    if not installed or installed == report.release:
        return one_line(report.release)
    hint = click.style(f"{installed} is installed: `wesktop ctl upgrade {one_line(report.name)}`", fg="yellow")
    return f"{one_line(report.release)}, {hint}"


def _worker_row(worker: "WorkerReport") -> tuple[str, ...]:
    return (
        str(worker.id),
        coloured(worker.state) + (" (leaving)" if worker.leaving and worker.state != "draining" else ""),
        or_dash(worker.pid),
        str(worker.generation),
        "-" if worker.age is None else duration(worker.age),
        size(worker.rss),
        _cpu(worker.cpu),
        or_dash(worker.requests) + (f" (+{worker.tasks} in the background)" if worker.tasks else ""),
        str(worker.restarts),
        _last_exit(worker),
    )


def _last_exit(worker: "WorkerReport") -> str:
    why = one_line(worker.last_exit or "-")
    return why if worker.retry_in is None else f"{why}, next try in {worker.retry_in:.1f} s"


def coloured(state: str) -> str:
    """Return a state in its colour."""
    return click.style(one_line(state), fg=COLOURS.get(state))
