"""Names the process that has a port, for an error message: never raises."""

from wesktopd.errors import WesktopError
from wesktopd.instance.pidfile import describe
from wesktopd.instance.state import StateFile
from wesktopd.paths import AppPaths, running_names
from wesktopd.system import Identity, identify


def in_use_by(port: int) -> str:
    """Name the owner of the port and how to free it: the text after "is in use by"."""
    pid = _listening(port)
    app = _app_of(pid) if pid else None
    if app is not None:  # a worker that is killed would be replaced
        return f"the app {app!r}: `wesktop ctl stop {app}` ends it, or give another port (0 takes a free one)."
    holder = describe(pid) if pid else "another process"
    return f"{holder}: stop it, or give another port (0 takes a free one)."


def _listening(port: int) -> int | None:
    """Return the PID that listens on the port; None if it cannot be seen."""
    import psutil

    try:
        connections = psutil.net_connections("tcp")
    except (psutil.Error, OSError):  # macOS shows other processes' sockets only to root
        return None
    for connection in connections:
        at = connection.laddr
        if connection.status == psutil.CONN_LISTEN and at and at.port == port and connection.pid:
            return int(connection.pid)
    return None


def _app_of(pid: int) -> str | None:
    """Return the app whose supervisor or worker this process is, according to the state files."""
    holder = identify(pid)
    try:
        return next((name for name in running_names() if holder in _processes(name)), None)
    except (WesktopError, OSError):
        return None


def _processes(name: str) -> set[Identity]:
    state = StateFile(AppPaths(name).state).read()
    if state is None:
        return set()
    return {*state.workers, *([state.supervisor] if state.supervisor else [])}
