"""One window per app: what a second start of the same app does."""

import contextlib
import time
from dataclasses import dataclass

from wesktop.services.this_system import start_service
from wesktopd import client
from wesktopd.control.connection import Connection
from wesktopd.errors import (
    AlreadyRunningError,
    ControlError,
    ControlPermissionError,
    ControlTimeoutError,
    NotRunningError,
)
from wesktopd.spec import AppSpec
from wesktopd.wire import window_messages as window_protocol
from wesktopd.wire.channel import Launch
from wesktopd.wire.control_messages import Report

ANSWERS_WITHIN = 10.0  # seconds that another start of the same app may take until its server answers
END_WITHIN = 30.0  # seconds that a server which is ending may take
LOOK_EVERY = 0.05


def find_running(spec: AppSpec) -> Report | None:
    """The same app, running already; one that is just ending is waited for.

    Raises AlreadyRunningError when another program has its name, ControlTimeoutError when it takes too long to end,
    ControlPermissionError when it is another user's.
    """
    try:
        report = client.status(spec.name)
        if report.stopping:
            client.stop(spec.name, END_WITHIN)
            return None
    except (ControlTimeoutError, ControlPermissionError):
        raise
    except (NotRunningError, ControlError):
        return None
    if (report.target, report.import_path) != (spec.target, spec.import_path):
        raise AlreadyRunningError(
            f"another program, {report.target!r} from {', '.join(report.import_path)}, "
            f"runs under the name {spec.name!r}: give this one a name of its own with name=."
        )
    return report


def find_service(spec: AppSpec) -> Report | None:
    """The same app as a service that does not run, such as one on demand: the system starts it, since that may hold
    the port. Not for an app that is to end with its window.

    Raises AlreadyRunningError as `find_running` does, ServiceError when it does not start.
    """
    return find_running(spec) if not spec.one_shot and start_service(spec.name) else None


@dataclass(frozen=True)
class Place:
    """Where a start has its window: on the app that is `running`, or on a server of its own.

    turn: the connection by which others know that it is opening one, see `client.show`; closed at the end.
    """

    running: Report | None = None
    turn: Connection | None = None

    def __enter__(self) -> "Place":
        return self

    def __exit__(self, *_: object) -> None:
        if self.turn is not None:
            self.turn.close()


def find_place(spec: AppSpec, launch: Launch, lost: AlreadyRunningError | None = None) -> Place | None:
    """Where this start is to have its window; None where the app runs, has one and was told of this launch.

    lost: what its own server has ended with, where another start was quicker: the two are to have one window then in
    any case, as by a double click. It is raised when that start does not answer.
    """
    request = window_protocol.Launch(arguments=launch.arguments, directory=launch.directory)
    deadline = time.monotonic() + ANSWERS_WITHIN
    while True:
        running = find_running(spec) or (None if lost else find_service(spec))
        if running is not None:
            with contextlib.suppress(NotRunningError):  # it has ended meanwhile
                turn = client.show(spec.name, request, shares=lost is not None)
                return Place(running, turn) if turn is not None else None
        elif lost is None or client.is_free(spec.name):
            return Place()
        elif time.monotonic() > deadline:
            raise lost
        time.sleep(LOOK_EVERY)
