"""Client of a running app's supervisor: requests, by the app's name. Synchronous, light to import."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from msgspec.structs import replace

from wesktopd.control.connection import TIMEOUT, Connection, connect_path
from wesktopd.errors import (
    ConfigurationError,
    ControlError,
    ControlPermissionError,
    ControlTimeoutError,
    NotRunningError,
    WesktopError,
    from_wire,
)
from wesktopd.instance.pidfile import PidFile
from wesktopd.instance.state import StateFile, is_alive
from wesktopd.paths import AppPaths, running_names
from wesktopd.system import Lock
from wesktopd.wire.control_messages import (
    Answer,
    Bearer,
    BearerToken,
    Config,
    Done,
    Emit,
    End,
    Events,
    Failed,
    Happened,
    Link,
    Linked,
    Log,
    Logs,
    Ready,
    Report,
    Request,
    Restart,
    Scale,
    Spec,
    Status,
    Stop,
    Upgrade,
    Wait,
    check_passed_on,
)
from wesktopd.wire.message import Message
from wesktopd.wire.window_messages import Launch, Show, Vacant

SHOW_TIMEOUT = 30.0  # seconds: another client may be opening a window, and a worker starting
LINK_TIMEOUT = 60.0  # seconds: longer than a link lives
LOOK_EVERY = 0.005
CONNECT_EVERY = 0.05

Reply = TypeVar("Reply", bound=Message)


def connect(name: str, patience: float = TIMEOUT) -> Connection:
    """Connect to the supervisor of the app `name`; patience: seconds for it to accept.

    Raises NotRunningError if there is none, or ControlError.
    """
    return connect_path(AppPaths(name).control, name, patience)


def ask(name: str, request: Request, reply: type[Reply], timeout: float | None = TIMEOUT) -> Reply:
    """Send a request and return its answer.

    Raises NotRunningError, ControlTimeoutError after `timeout` seconds (None: never), ControlError, or the error
    that the supervisor answers with.
    """
    with connect(name, TIMEOUT if timeout is None else min(timeout, TIMEOUT)) as connection:
        return _ask_over(connection, name, request, reply, timeout)


def _ask_over(
    connection: Connection, name: str, request: Request, reply: type[Reply], timeout: float | None = TIMEOUT
) -> Reply:
    answer = connection.ask(request, timeout)
    if not isinstance(answer, reply):
        raise ControlError(f"{name!r} answered {type(request).__name__} with {type(answer).__name__}.")
    return answer


def status(name: str) -> Report:
    """Return the status of the app. Raises NotRunningError or ControlError."""
    return ask(name, Status(), Report)


def reports(timeout: float = TIMEOUT) -> Iterator[tuple[str, Report | None]]:
    """Yield the status of each running app of this user, with its name.

    None for an app that does not answer within `timeout` seconds, so that one in trouble does not hide the others.
    """
    for name in running_names():
        with contextlib.suppress(NotRunningError):
            yield name, report(name, timeout)


def report(name: str, timeout: float = TIMEOUT) -> Report | None:
    """Return the status of an app; None if it does not answer within `timeout` seconds. Raises NotRunningError."""
    try:
        return ask(name, Status(), Report, timeout)
    except NotRunningError:
        raise
    except WesktopError:  # also an app of another release, which answers with an error
        return None


def config(name: str) -> dict[str, Any]:
    """Return the app's spec: the fields of AppSpec that differ from their defaults."""
    return ask(name, Config(), Spec).spec


def restart(name: str, timeout: float | None = None) -> str:
    """Serve new code without losing a request; return the outcome in words.

    Raises StartupError or a subclass, with the end of its log, if the new code does not start; the old one goes on.
    """
    return ask(name, Restart(), Done, timeout).note


def scale(name: str, workers: int, timeout: float | None = None) -> str:
    """Run so many workers; return when they serve, with the outcome in words."""
    return ask(name, Scale(workers=workers), Done, timeout).note


def upgrade(name: str, timeout: float | None = None) -> str:
    """Have the installed release take the supervisor's place; return the outcome in words.

    Raises ControlError if it cannot, or what kept its workers from starting; the old release goes on.
    """
    return ask(name, Upgrade(), Done, timeout).note


def emit(name: str, event: str, data: str, channel: str = "events") -> None:
    """Send an event to the app's pages; data: sent unchanged."""
    ask(name, Emit(event=event, data=data, channel=channel), Done)


class Turn(NamedTuple):
    """This process's turn to open a window of an app; a context manager.

    Others that start the app wait for the window until the turn ends: by `close` when the window is attached, or
    after a few seconds.

    windows: how many the app has already. one_shot: it ends with the last one. origin: the address at which windows
    open it, if known. ready: what is known of the app if it answers already.
    """

    connection: Connection
    windows: int
    one_shot: bool
    origin: str | None
    ready: Ready | None

    def __enter__(self) -> "Turn":
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()


def show(name: str, launch: Launch | None = None, *, shares: bool = False) -> Turn | None:
    """Bring the app's window to the front, and pass it a launch, see `Show`; None when that is done.

    If there is none, it is this process's turn to open it. Raises NotRunningError, also if the app is ending, and
    what `request_window` raises.
    """
    return request_window(connect(name), name, Show(launch=launch, shares=shares))


def request_window(connection: Connection, name: str, request: Show) -> Turn | None:
    """Send a `Show` over a new connection, which is closed or becomes the turn's.

    Raises NotRunningError if the app is ending, AlreadyRunningError if it is another program, ControlTimeoutError if
    it does not answer, and ConfigurationError if there are more arguments than fit a message; the window is in front
    then.
    """
    too_long: ConfigurationError | None = None
    try:
        if request.launch is not None:
            check_passed_on(request.launch)
    except ConfigurationError as error:
        request, too_long = replace(request, launch=None), error
    with contextlib.ExitStack() as stack:
        stack.enter_context(connection)
        answer = _answer_to_show(connection, request)
        if isinstance(answer, Failed):
            raise from_wire(answer.error, answer.message, answer.log_tail)
        event = connection.receive() if isinstance(answer, Vacant) else None
        if answer is None or isinstance(event, End | Failed):
            raise NotRunningError(f"{name!r} was stopped meanwhile.")
        if isinstance(answer, Vacant):
            stack.pop_all()
            ready = event if isinstance(event, Ready) else None
            return Turn(connection, answer.windows, answer.one_shot, answer.origin, ready)
    if too_long is not None:
        raise too_long
    return None


def _answer_to_show(connection: Connection, request: Show) -> Answer | None:
    """It may take until another client has opened the window, so a silent supervisor is asked for a sign of life."""
    deadline = time.monotonic() + SHOW_TIMEOUT
    with contextlib.suppress(ControlError):  # there is no response then
        connection.send(request)
    asked = False
    while True:
        try:
            answer = connection.receive(TIMEOUT)
        except ControlTimeoutError:
            if asked or time.monotonic() > deadline:
                raise
            connection.send(Status())
            asked = True
        else:
            if not isinstance(answer, Report):
                return answer
            asked = False


def link(name: str, path: str = "/") -> str:
    """Return a login link for one browser, once and within a short time; a secret until then.

    Raises ConfigurationError for a path that leads elsewhere.
    """
    return ask(name, Link(path=path), Linked).url


def open_link(name: str, path: str, show: Callable[[str], None]) -> None:
    """Pass such a link to `show`, and return when it was used.

    Raises ConfigurationError as `link` does, ControlTimeoutError if it was not used in time, ControlError if the
    server ended or was upgraded before.
    """
    with connect(name) as connection:
        show(_ask_over(connection, name, Link(path=path, follow=True), Linked).url)
        answer = connection.receive(LINK_TIMEOUT)
    if answer is None:
        raise ControlError(f"{name!r} was stopped or upgraded before anybody had opened it.")
    if isinstance(answer, Failed):
        raise from_wire(answer.error, answer.message, answer.log_tail)


def bearer(name: str) -> str:
    """Return the token that lets scripts in: a secret. Raises ConfigurationError if the app has no session."""
    return ask(name, Bearer(), BearerToken).token


def stop(name: str, timeout: float) -> None:
    """Stop the app, and wait until its supervisor has ended. Raises ControlTimeoutError after `timeout` seconds."""
    with connect(name) as connection:
        connection.ask(Stop())
    wait_stopped(name, timeout)


def wait_stopped(name: str, timeout: float) -> None:
    """Wait until the app has no supervisor. Raises ControlTimeoutError after `timeout` seconds."""
    # By its lock, which it releases last.
    deadline = time.monotonic() + timeout
    while not is_free(name):
        if time.monotonic() > deadline:
            raise ControlTimeoutError(f"{name!r} did not end within {timeout:g} seconds.")
        time.sleep(LOOK_EVERY)


def wait_ready(name: str, timeout: float) -> None:
    """Wait until the app answers requests, even if it is not running yet.

    Raises ControlTimeoutError after `timeout` seconds, NotRunningError if that is 0, ControlPermissionError if the
    app is another user's.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            ask(name, Wait(), Done, max(0.01, deadline - time.monotonic()))
            return
        except ControlPermissionError:  # another user's is none that will be ready
            raise
        except (NotRunningError, ControlError):
            pass
        if time.monotonic() >= deadline:
            kind, when = (ControlTimeoutError, f" within {timeout:g} seconds") if timeout else (NotRunningError, "")
            raise kind(f"{name!r} was not ready{when}.")
        time.sleep(CONNECT_EVERY)


def logs(name: str, lines: int | None, since: float | None = None, *, follow: bool = False) -> Iterator[Log]:
    """Yield the output of the app's processes that the supervisor keeps; with `follow`, indefinitely."""
    return _stream(name, Logs(lines=lines, since=since, follow=follow), Log)


def events(name: str, *, follow: bool = False) -> Iterator[Happened]:
    """Yield the app's history; with `follow`, indefinitely."""
    return _stream(name, Events(follow=follow), Happened)


def _stream(name: str, request: Logs | Events, kind: type[Reply]) -> Iterator[Reply]:
    with connect(name) as connection:
        connection.send(request)
        while isinstance(answer := connection.receive(None if request.follow else TIMEOUT), kind):
            yield answer
    if isinstance(answer, Failed):
        raise from_wire(answer.error, answer.message, answer.log_tail)
    if answer is None and not request.follow:
        raise ControlError(f"{name!r} closed the connection in the middle of its answer.")


def is_free(name: str) -> bool:
    """Return whether the app has no supervisor."""
    paths = AppPaths(name)
    try:
        held = Lock(paths.lock).is_held()
    except OSError as error:
        raise ControlPermissionError(f"the lock of {name!r} cannot be opened: {error.strerror}.") from None
    return not held and not is_alive(StateFile(paths.state).read())  # the lock's file may have been removed


def running() -> list[str]:
    """Return the names of this user's running apps, including those that do not answer."""
    return [name for name in running_names() if _is_there(name)]


def _is_there(name: str) -> bool:
    try:
        connect(name, patience=0.0).close()
    except NotRunningError:
        return False
    except ControlError:
        pass
    return True


def clean_up(name: str, pid_path: str | None, pid: int) -> None:
    """Remove the files of a supervisor that was killed; without effect while another one holds the app."""
    paths = AppPaths(name)
    lock = Lock(paths.lock)
    if lock.acquire():
        if not is_alive(StateFile(paths.state).read()):
            paths.remove_control()
            if pid_path:
                PidFile(pid_path).release(pid)
        lock.release()
