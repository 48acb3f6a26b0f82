"""Reports as a supervisor could give them."""

from typing import Any

from wesktopd.wire.control_messages import Report, WorkerReport

NOW = 1_800_000_000.0


def worker(**facts: Any) -> WorkerReport:
    """A worker that is well, but for what is given."""
    usual: dict[str, Any] = {
        "id": 1,
        "pid": 4711,
        "state": "ready",
        "generation": 1,
        "uptime": 60.0,
        "age": 61.0,
        "rss": 48 * 1024 * 1024,
        "cpu": 1.25,
        "requests": 0,
        "restarts": 0,
        "last_exit": None,
        "retry_in": None,
        "leaving": False,
    }
    return WorkerReport(**{**usual, **facts})


def report(*workers: WorkerReport, **facts: Any) -> Report:
    """An app that is well, but for what is given; one worker unless others are."""
    usual: dict[str, Any] = {
        "name": "pulse",
        "target": "pulse.app:app",
        "import_path": [],
        "url": "http://127.0.0.1:8000",
        "pid": 4700,
        "release": "0.1.0",
        "started": NOW - 3600,
        "rss": 20 * 1024 * 1024,
        "cpu": 0.5,
        "one_shot": False,
        "idle_timeout": None,
        "stopping": False,
        "restarting": False,
        "generation": 1,
        "windows": 0,
        "pid_path": None,
        "config_file": "/home/ada/.config/wesktop/pulse.toml",
        "log_file": "/home/ada/.local/state/wesktop/log/pulse.log",
        "wanted": len(workers) or 1,
        "trouble": None,
        "workers": [*workers] or [worker()],
    }
    return Report(**{**usual, **facts})
