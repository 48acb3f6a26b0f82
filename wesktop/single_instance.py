"""One window per app: what a second start of the same app does is decided by the app's supervisor, see `Show`."""

import time
from dataclasses import dataclass

from wesktop.services.this_system import start_service
from wesktopd import client
from wesktopd.client import Turn
from wesktopd.errors import AlreadyRunningError, NotRunningError
from wesktopd.spec import AppSpec
from wesktopd.wire import window_messages
from wesktopd.wire.worker_messages import StartRequest

ANSWER_TIMEOUT = 10.0  # seconds that another start of the same app may take until its server answers
END_TIMEOUT = 30.0  # seconds that a server which is ending may take
CHECK_INTERVAL = 0.05  # seconds


@dataclass(frozen=True)
class OwnServer:
    """The app does not run: this start has a server of its own."""


def claim_window(spec: AppSpec, launch: StartRequest, *, shares: bool = False) -> Turn | OwnServer | None:
    """Return where this start has its window; None if the app runs, has a window, and that was passed the launch.

    If the app is a service that does not run, such as one on demand, the system starts it, since it may hold the
    port; not for an app that ends with its window. shares: the app has one window, even if it gives each start one.

    Raises AlreadyRunningError if another program has the name, or one that does not answer, ControlTimeoutError if
    the app takes too long to answer or to end, ControlPermissionError if it is another user's, ServiceError if the
    service does not start.
    """
    request = window_messages.Show(
        launch=window_messages.Launch(arguments=launch.arguments, directory=launch.directory),
        shares=shares,
        target=spec.target,
        import_path=spec.import_path,
    )
    deadline = time.monotonic() + ANSWER_TIMEOUT
    may_start_service = not spec.one_shot and not shares
    while True:
        try:
            connection = client.connect(spec.name)
        except NotRunningError:  # or another start is not there yet
            if not client.is_free(spec.name):
                _wait(spec.name, deadline)
            elif may_start_service and start_service(spec.name):
                may_start_service = False
            else:
                return OwnServer()
        else:
            try:
                return client.request_window(connection, spec.name, request)
            except NotRunningError:
                client.wait_stopped(spec.name, END_TIMEOUT)


def _wait(name: str, deadline: float) -> None:
    if time.monotonic() > deadline:
        raise AlreadyRunningError(
            f"{name!r} runs already and does not answer: end it by `wesktop ctl stop {name}`, or give another name."
        )
    time.sleep(CHECK_INTERVAL)
