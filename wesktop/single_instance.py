"""One window per app: what a second start of the same app does."""

import contextlib
import time

from wesktop.services.places import start_service
from wesktopd import client
from wesktopd.channel import Launch
from wesktopd.connection import attach
from wesktopd.errors import AlreadyRunningError, ControlError, ControlTimeoutError, NotRunningError
from wesktopd.paths import AppPaths
from wesktopd.protocol import Others, Report
from wesktopd.spec import AppSpec

FOCUS_WITHIN = 10.0  # seconds that another start of the same app may take to have a window
END_WITHIN = 30.0  # seconds that a server which is ending may take
LOOK_EVERY = 0.05


def find_running(spec: AppSpec) -> Report | None:
    """The same app, running already; one that is just ending is waited for.

    Raises AlreadyRunningError when another program has its name, ControlTimeoutError when it takes too long to end.
    """
    try:
        report = client.status(spec.name)
        if report.stopping:
            client.stop(spec.name, END_WITHIN)
            return None
    except ControlTimeoutError:
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


def leave_to(running: Report, launch: Launch) -> bool:
    """Tell the running app of this launch; False when it is to have a window opened on it: its first, or another."""
    has_window = running.windows or running.one_shot or _gets_window(running.name)
    if not has_window or client.config(running.name).get("second_launch") == "window":
        return False
    client.launch(running.name, launch.arguments, launch.directory)
    return True


def _gets_window(name: str) -> bool:
    """Whether a server without a window gets one, by who has just started it; returns when that is there."""
    deadline = time.monotonic() + FOCUS_WITHIN
    gone = contextlib.suppress(NotRunningError, ControlError)
    with gone, attach(AppPaths(name).control, name, "caller") as lease:
        while (event := lease.receive(max(0.0, deadline - time.monotonic()))) is not None:
            if isinstance(event, Others):
                if event.count == 0:  # nobody else has to do with it
                    return False
                if client.status(name).windows:
                    return True
    return False


def leave_to_other_start(spec: AppSpec, launch: Launch) -> bool:
    """The same where the other start has just begun. It is one window then in any case: two clicks, one app."""
    deadline = time.monotonic() + FOCUS_WITHIN
    while time.monotonic() < deadline:
        with contextlib.suppress(NotRunningError, ControlError):
            if find_running(spec) is not None and client.focus(spec.name):
                client.launch(spec.name, launch.arguments, launch.directory)
                return True
        time.sleep(LOOK_EVERY)
    return False
