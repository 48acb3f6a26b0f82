"""What can be asked of an app by its name. Synchronous, light to import."""

import contextlib
import time

from wesktopd.connection import Connection, connect_path
from wesktopd.errors import ControlError, ControlTimeoutError, NotRunningError
from wesktopd.lock import Lock
from wesktopd.paths import AppPaths, running_names
from wesktopd.pidfile import PidFile
from wesktopd.protocol import Done, Focus, Report, Status, Stop

LOOK_EVERY = 0.005


def connect(name: str) -> Connection:
    """Connect to the supervisor of the app `name`. Raises NotRunningError when there is none."""
    return connect_path(AppPaths(name).socket, name)


def status(name: str) -> Report:
    """How the app is. Raises NotRunningError or ControlError."""
    with connect(name) as connection:
        answer = connection.ask(Status())
    if not isinstance(answer, Report):
        raise ControlError(f"the supervisor answered a status request with {type(answer).__name__}.")
    return answer


def focus(name: str) -> bool:
    """Bring the app's window to the front; False when it has none."""
    with connect(name) as connection, contextlib.suppress(NotRunningError):
        return isinstance(connection.ask(Focus()), Done)
    return False


def stop(name: str, timeout: float) -> None:
    """End the app, and wait until its supervisor is gone. Raises ControlTimeoutError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    with connect(name) as connection:
        connection.ask(Stop())
        while connection.receive(max(0.01, deadline - time.monotonic())) is not None:
            pass
    # It closes its connections before it gives back its port, its PID file and, last, its lock.
    while not _is_free(name):
        if time.monotonic() > deadline:
            raise ControlTimeoutError(f"{name!r} did not end within {timeout:g} seconds.")
        time.sleep(LOOK_EVERY)


def _is_free(name: str) -> bool:
    lock = Lock(AppPaths(name).lock)
    free = lock.acquire()
    lock.release()
    return free


def running() -> list[str]:
    """The names of this user's apps that answer."""
    found = []
    for name in running_names():
        with contextlib.suppress(NotRunningError):
            connect(name).close()
            found.append(name)
    return found


def clean_up(name: str, pid_path: str | None, pid: int) -> None:
    """Remove what a supervisor left that was killed; without effect while another holds the app."""
    paths = AppPaths(name)
    lock = Lock(paths.lock)
    if lock.acquire():
        paths.socket.unlink(missing_ok=True)
        if pid_path:
            PidFile(pid_path).release(pid)
        lock.release()
