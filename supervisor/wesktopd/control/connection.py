"""The client's end of a control connection: synchronous, and light to import, since a window waits for it."""

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from wesktopd.errors import ControlError, ControlPermissionError, ControlTimeoutError, NotRunningError, from_wire
from wesktopd.system import control_socket
from wesktopd.wire.control_messages import MAX_FRAME, Answer, Attach, Failed, Request, decode_answer, encode
from wesktopd.wire.greeting import NotProvenError
from wesktopd.wire.lines import LineReader, LineTooLongError

TIMEOUT = 5.0  # seconds for a supervisor to answer
GREETS_WITHIN = 1.0  # seconds, at least, for a supervisor to prove its identity, where it has to
RETRY_EVERY = 0.01
READ_SIZE = 64 * 1024


class Connection:
    """A control connection; a context manager. Closing it ends a lease that is held by it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._lines = LineReader(MAX_FRAME)
        self._complete = self._lines.feed()  # lines that were received and not returned yet

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        """Return the descriptor: readable when an answer or the end has arrived."""
        return self._sock.fileno()

    def close(self) -> None:
        """End the connection."""
        self._sock.close()

    def shut_down(self) -> None:
        """Shut it down, from any thread: a thread that waits in `receive` gets None."""
        with contextlib.suppress(OSError):  # it has ended already
            self._sock.shutdown(socket.SHUT_RDWR)

    def send(self, request: Request) -> None:
        """Send a request. Raises ControlError if the supervisor is gone."""
        try:
            self._sock.settimeout(TIMEOUT)  # not what was left of the time for an answer
            self._sock.sendall(encode(request))
        except OSError as error:
            raise ControlError(f"the supervisor is gone: {error}.") from None

    def receive(self, timeout: float | None = TIMEOUT) -> Answer | None:
        """Return the next answer; None at the end of the connection. Raises ControlTimeoutError after `timeout`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (answer := self._next()) is None:
            try:
                if not self._read(None if deadline is None else max(0.0, deadline - time.monotonic())):
                    return None
            except (TimeoutError, BlockingIOError):  # the latter with a timeout of 0
                raise ControlTimeoutError(f"the supervisor did not answer within {timeout} seconds.") from None
        return answer

    def pending(self) -> Iterator[Answer | None]:
        """Yield what has arrived, without waiting for more; None for the end. Call it when readable."""
        goes_on = self._read(TIMEOUT)
        while (answer := self._next()) is not None:
            yield answer
        if not goes_on:
            yield None

    def _next(self) -> Answer | None:
        """Return the next complete answer; None if there is none yet."""
        try:
            for line in self._complete:
                if line.strip() and (answer := decode_answer(line)) is not None:
                    return answer
        except LineTooLongError as error:
            raise ControlError(f"the server answered with something else: {error}") from None
        return None

    def _read(self, timeout: float | None) -> bool:
        """Wait for bytes; return False at the end of the connection. Raises TimeoutError, BlockingIOError for 0."""
        self._sock.settimeout(timeout)
        try:
            data = self._sock.recv(READ_SIZE)
        except (TimeoutError, BlockingIOError):
            raise
        except OSError:
            data = b""
        self._complete = self._lines.feed(data)
        return bool(data)

    def ask(self, request: Request, timeout: float | None = TIMEOUT) -> Answer:
        """Send a request and return its answer. Raises the error of a `Failed` answer, or ControlError."""
        self.send(request)
        answer = self.receive(timeout)
        if answer is None:
            raise ControlError("the supervisor closed the connection without an answer.")
        if isinstance(answer, Failed):
            raise from_wire(answer.error, answer.message, answer.log_tail)
        return answer


def connect_path(path: Path, name: str, patience: float = TIMEOUT) -> Connection:
    """Connect to a control socket; patience: seconds for a busy supervisor to accept.

    Raises NotRunningError if nothing listens there, or another program does, ControlTimeoutError if the supervisor
    does not answer, ControlPermissionError if it is another user's.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return Connection(control_socket.connect(path, min(TIMEOUT, max(GREETS_WITHIN, patience))))
        except BlockingIOError:  # too many wait to be accepted
            if time.monotonic() > deadline:
                raise ControlTimeoutError(f"{name!r} accepts no connection within {patience:g} seconds.") from None
            time.sleep(RETRY_EVERY)
        except TimeoutError:
            raise ControlTimeoutError(f"{name!r} does not answer: is it suspended?") from None
        except NotProvenError:
            what = "a stranger's program, or one of another release, listens where it should"
            raise NotRunningError(f"{name!r} is not running: {what} ({path}).") from None
        except PermissionError:
            raise ControlPermissionError(f"the control socket of {name!r} is not for this user: {path}.") from None
        except OSError:
            raise NotRunningError(f"{name!r} is not running.") from None


def attach(
    path: Path, name: str, kind: Literal["window", "caller"], page: str = "/", patience: float = TIMEOUT
) -> Connection:
    """Take a lease on a running app; the answer is its first event. page: the path of the page to show.

    patience, and what is raised: see `connect_path`; also ControlError if the app ends meanwhile.
    """
    connection = connect_path(path, name, patience)
    try:
        connection.send(Attach(kind=kind, path=page))
    except ControlError:
        connection.close()
        raise
    return connection
