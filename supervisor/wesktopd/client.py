"""What can be asked of an app by its name. Synchronous, light to import."""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

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
from wesktopd.system.lock import Lock
from wesktopd.wire.control_messages import (
    Bearer,
    BearerToken,
    Config,
    Done,
    Emit,
    Events,
    Failed,
    Happened,
    Link,
    Linked,
    Log,
    Logs,
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

SHOW_TIMEOUT = 30.0  # seconds: another window may be opening, and a worker starting
LINK_TIMEOUT = 60.0  # seconds: longer than a link lives
LOOK_EVERY = 0.005
CONNECT_EVERY = 0.05

Reply = TypeVar("Reply", bound=Message)


def connect(name: str, patience: float = TIMEOUT) -> Connection:
    """Connect to the supervisor of the app `name`, which has so many seconds to accept.

    Raises NotRunningError when there is none, or ControlError.
    """
    return connect_path(AppPaths(name).control, name, patience)


def ask(name: str, request: Request, reply: type[Reply], timeout: float | None = TIMEOUT) -> Reply:
    """Send a request and return its answer.

    Raises NotRunningError, ControlTimeoutError after `timeout` seconds (None waits for ever), ControlError, or what
    the supervisor answers with.
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
    """How the app is. Raises NotRunningError or ControlError."""
    return ask(name, Status(), Report)


def reports(timeout: float = TIMEOUT) -> Iterator[tuple[str, Report | None]]:
    """How each of this user's apps is that run, by name; None for one that does not answer within so many seconds,
    so that one app in trouble does not hide the others.
    """
    for name in running_names():
        with contextlib.suppress(NotRunningError):
            yield name, report(name, timeout)


def report(name: str, timeout: float = TIMEOUT) -> Report | None:
    """How an app is; None where it does not answer within so many seconds. Raises NotRunningError."""
    try:
        return ask(name, Status(), Report, timeout)
    except NotRunningError:
        raise
    except WesktopError:  # also of another version, which answers with an error of its own
        return None


def config(name: str) -> dict[str, Any]:
    """The app's spec: the fields of AppSpec that are not left at their defaults."""
    return ask(name, Config(), Spec).spec


def restart(name: str, timeout: float | None = None) -> str:
    """Serve new code without losing a request; what came of it, in words.

    Raises StartupError or one of its kinds, with the end of its log, when the new code does not start; the old one
    then goes on.
    """
    return ask(name, Restart(), Done, timeout).note


def scale(name: str, workers: int, timeout: float | None = None) -> str:
    """Run so many workers; returns when they serve."""
    return ask(name, Scale(workers=workers), Done, timeout).note


def upgrade(name: str, timeout: float | None = None) -> str:
    """Have the installed release take the supervisor's place; what came of it, in words.

    Raises ControlError when it cannot, and what kept its workers from starting; the old one then goes on.
    """
    return ask(name, Upgrade(), Done, timeout).note


def emit(name: str, event: str, data: str, channel: str = "events") -> None:
    """Send an event to the app's pages; data: as it is sent."""
    ask(name, Emit(event=event, data=data, channel=channel), Done)


def show(name: str, launch: Launch | None = None, *, shares: bool = False) -> Connection | None:
    """Have the app's window come to the front, and tell it of a launch. See `Show`.

    None when that is done. Else this process is to open a window, and to close what it gets when that is attached:
    until then others wait for it. Raises ConfigurationError when its window cannot be told since there are more
    arguments than fit a message, and NotRunningError also where the app ends meanwhile.
    """
    too_long: ConfigurationError | None = None
    try:
        if launch is not None:
            check_passed_on(launch)
    except ConfigurationError as error:
        launch, too_long = None, error
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(connect(name))
        with contextlib.suppress(ControlError):  # there is no answer then
            connection.send(Show(launch=launch, shares=shares))
        answer = connection.receive(SHOW_TIMEOUT)
        if answer is None:
            raise NotRunningError(f"{name!r} was stopped meanwhile.")
        if isinstance(answer, Failed):
            raise from_wire(answer.error, answer.message, answer.log_tail)
        if isinstance(answer, Vacant):
            stack.pop_all()
            return connection
    if too_long is not None:
        raise too_long
    return None


def link(name: str, path: str = "/") -> str:
    """An address at which a browser may open the app, once and soon; a secret until then.

    Raises ConfigurationError for a path that leads elsewhere.
    """
    return ask(name, Link(path=path), Linked).url


def open_link(name: str, path: str, show: Callable[[str], None]) -> None:
    """Have `show` open such an address, and return when somebody has.

    Raises ConfigurationError as `link` does, ControlTimeoutError when nobody came in time, ControlError when the
    server has ended or was upgraded before.
    """
    with connect(name) as connection:
        show(_ask_over(connection, name, Link(path=path, follow=True), Linked).url)
        answer = connection.receive(LINK_TIMEOUT)
    if answer is None:
        raise ControlError(f"{name!r} was stopped or upgraded before anybody had opened it.")
    if isinstance(answer, Failed):
        raise from_wire(answer.error, answer.message, answer.log_tail)


def bearer(name: str) -> str:
    """What scripts have to send to get in: a secret. Raises ConfigurationError where the app has no session."""
    return ask(name, Bearer(), BearerToken).token


def stop(name: str, timeout: float) -> None:
    """End the app, and wait until its supervisor is gone. Raises ControlTimeoutError after `timeout` seconds."""
    with connect(name) as connection:
        connection.ask(Stop())
    wait_stopped(name, timeout)


def wait_stopped(name: str, timeout: float) -> None:
    """Wait until no supervisor of the app is left. Raises ControlTimeoutError after `timeout` seconds."""
    # By its lock, the last thing that it gives back.
    deadline = time.monotonic() + timeout
    while not is_free(name):
        if time.monotonic() > deadline:
            raise ControlTimeoutError(f"{name!r} did not end within {timeout:g} seconds.")
        time.sleep(LOOK_EVERY)


def wait_ready(name: str, timeout: float) -> None:
    """Wait until the app answers requests, also where it is not running yet.

    Raises ControlTimeoutError after `timeout` seconds, NotRunningError where that is 0, ControlPermissionError where
    it is another user's.
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
    """What the app's processes have printed, as far as the supervisor keeps it; with `follow`, without end."""
    return _stream(name, Logs(lines=lines, since=since, follow=follow), Log)


def events(name: str, *, follow: bool = False) -> Iterator[Happened]:
    """What has happened to the app; with `follow`, without end."""
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
    """Whether no supervisor of the app lives."""
    paths = AppPaths(name)
    try:
        held = Lock(paths.lock).is_held()
    except OSError as error:
        raise ControlPermissionError(f"the lock of {name!r} cannot be opened: {error.strerror}.") from None
    return not held and not is_alive(StateFile(paths.state).read())  # the lock's file may have been removed


def running() -> list[str]:
    """The names of this user's apps that run, also where one is in trouble and does not answer."""
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
    """Remove what a supervisor left that was killed; without effect while another holds the app."""
    paths = AppPaths(name)
    lock = Lock(paths.lock)
    if lock.acquire():
        if not is_alive(StateFile(paths.state).read()):
            paths.remove_control()
            if pid_path:
                PidFile(pid_path).release(pid)
        lock.release()
