"""The control socket's client: synchronous, light to import."""

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from wesktopd.errors import ControlError, ControlTimeoutError, NotRunningError, from_wire
from wesktopd.paths import AppPaths, running_names
from wesktopd.protocol import (
    Answer,
    Attach,
    Done,
    Failed,
    Focus,
    Lines,
    Report,
    Request,
    Status,
    Stop,
    decode_answer,
    encode,
)

TIMEOUT = 5.0
READ_SIZE = 64 * 1024


class Connection:
    """A control connection. Usable as a context manager; closing it ends a lease taken on it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._lines = Lines()
        self._waiting: list[bytes] = []

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        """For selectors: readable when an answer has come, or the end."""
        return self._sock.fileno()

    def close(self) -> None:
        """End the connection."""
        self._sock.close()

    def send(self, request: Request) -> None:
        """Send a request. Raises ControlError when the other side is gone."""
        try:
            self._sock.sendall(encode(request))
        except OSError as error:
            raise ControlError(f"the supervisor is gone: {error}.") from None

    def receive(self, timeout: float | None = TIMEOUT) -> Answer | None:
        """The next answer; None at the end of the connection. Raises ControlTimeoutError after `timeout` seconds."""
        while not self._waiting:
            self._sock.settimeout(timeout)
            try:
                data = self._sock.recv(READ_SIZE)
            except TimeoutError:
                raise ControlTimeoutError(f"the supervisor did not answer within {timeout} seconds.") from None
            except OSError:
                return None
            if not data:
                return None
            self._waiting = self._lines.feed(data)
        return decode_answer(self._waiting.pop(0))

    def pending(self) -> Iterator[Answer | None]:
        """What has come, without waiting for more; None for the end. To be called when readable."""
        yield self.receive()
        while self._waiting:
            yield self.receive()

    def ask(self, request: Request) -> Answer:
        """Send a request and return its answer. Raises what a `Failed` answer names, or ControlError."""
        self.send(request)
        answer = self.receive()
        if answer is None:
            raise ControlError("the supervisor closed the connection without an answer.")
        if isinstance(answer, Failed):
            raise from_wire(answer.error, answer.message, answer.log_tail)
        return answer


def connect(name: str) -> Connection:
    """Connect to the supervisor of the app `name`. Raises NotRunningError when there is none."""
    return connect_path(AppPaths(name).socket, name)


def connect_path(path: Path, name: str) -> Connection:
    """Connect to a control socket."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(TIMEOUT)
    try:
        sock.connect(str(path))
    except OSError:
        sock.close()
        raise NotRunningError(f"{name!r} is not running.") from None
    return Connection(sock)


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


def attach(path: Path, name: str, kind: str) -> Connection:
    """Take a lease on a running app; its first event comes as the answer."""
    connection = connect_path(path, name)
    connection.send(Attach(kind=kind))
    return connection


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
    from wesktopd.lock import Lock
    from wesktopd.pidfile import PidFile

    paths = AppPaths(name)
    lock = Lock(paths.lock)
    if lock.acquire():
        paths.socket.unlink(missing_ok=True)
        if pid_path:
            PidFile(pid_path).release(pid)
        lock.release()
