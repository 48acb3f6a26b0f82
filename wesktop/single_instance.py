"""One window per app: what a second start of the same app does."""

import contextlib
import time

from wesktopd import client
from wesktopd.errors import AlreadyRunningError, ControlError, NotRunningError
from wesktopd.protocol import Report
from wesktopd.spec import AppSpec

FOCUS_WITHIN = 10.0  # seconds that another start of the same app may take to have a window
LOOK_EVERY = 0.05


def find_running(spec: AppSpec) -> Report | None:
    """The same app, running already. Raises AlreadyRunningError when another program has its name."""
    try:
        report = client.status(spec.name)
    except (NotRunningError, ControlError):
        return None
    if (report.target, report.import_path) != (spec.target, spec.import_path):
        raise AlreadyRunningError(
            f"another program, {report.target!r} from {', '.join(report.import_path)}, "
            f"runs under the name {spec.name!r}: give this one a name of its own with name=."
        )
    return report


def bring_to_front(running: Report) -> bool:
    """Bring the running app's window to the front; False when it has none, and one is to be opened on it."""
    if running.windows or running.one_shot:
        client.focus(running.name)
        return True
    return False


def bring_to_front_when_open(spec: AppSpec) -> None:
    """The same where the other start has just begun, and may not have its window yet."""
    deadline = time.monotonic() + FOCUS_WITHIN
    while time.monotonic() < deadline:
        with contextlib.suppress(NotRunningError, ControlError):
            if find_running(spec) is not None and client.focus(spec.name):
                return
        time.sleep(LOOK_EVERY)
