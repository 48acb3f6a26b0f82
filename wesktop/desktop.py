"""run(): a window and its server, each in a process of its own, for as long as the window is open."""

import contextlib
import time
from pathlib import Path
from typing import Any

from wesktop.display import check_display
from wesktop.target import app_spec, imported_by_worker, pid_path_option
from wesktop.window_spec import WindowSpec, check_background, check_gui, check_icon, check_options, check_size
from wesktopd import client
from wesktopd.errors import AlreadyRunningError, ControlError, NotRunningError
from wesktopd.paths import storage_dir
from wesktopd.protocol import Report
from wesktopd.spec import DRAIN_TIMEOUT, AppSpec

FOCUS_WITHIN = 10.0  # seconds that another start of the same app may take to have a window


def run(
    target: str,
    *,
    title: str = "wesktop",
    width: int = 1280,
    height: int = 800,
    icon: str | None = None,
    host: str = "127.0.0.1",
    port: int = 8000,
    pid_path: Path | None = None,
    name: str | None = None,
    window: dict[str, Any] | None = None,
    gui: str | None = None,
    background: str = "#ffffff",
    debug: bool = False,
    factory: bool = False,
    drain_timeout: float = DRAIN_TIMEOUT,
) -> None:
    """Serve an ASGI app, show it in a native window, and block until the window is closed.

    The server and the window are processes of their own, which end with the window, with the caller, or with
    Ctrl-C. Where the same app is open already, its window comes to the front and this returns; where it is being
    served without a window (`serve()`), a window is opened on that server, which goes on when the window is closed.
    While a worker imports the script that calls it, it returns at once.

    target: "module:attribute" of the app, imported as here: same working directory, same `sys.path[0]`.
    title, width, height: of the window; the size in pixels, 100 to 16384.
    icon: path to a PNG, SVG or ICO file.
    host, port: where to listen; port 0 takes a free port and keeps it for this app, and with it the page's storage.
    pid_path: a file for the server's PID while it runs.
    name: identifies the app to this user, by default the target's module; also the window's class
    window: further options of pywebview's `create_window`, such as {"resizable": False}.
    gui: "gtk" or "qt"; None takes what is installed.
    background: the window's colour until the page has drawn, as "#rrggbb".
    debug: the page's developer tools, from the context menu.
    factory: the target is a function that returns the app.
    drain_timeout: seconds that open requests have to finish in when the window has been closed.

    Raises TargetError or ConfigurationError for a parameter that is wrong; NoDisplayError, NoBackendError or
    WindowError when no window can be opened; PortInUseError, BindError, PidFileError or AlreadyRunningError (another
    program of this name) when the server cannot start; TargetImportError, LifespanError or StartupError, with the
    end of its log, when the app does not; see wesktop.errors. Nothing is left running then.
    """
    if imported_by_worker("run"):
        return
    spec = app_spec(
        target,
        name=name,
        label=title,
        host=host,
        port=port,
        pid_path=pid_path_option(pid_path),
        factory=factory,
        one_shot=True,
        drain_timeout=drain_timeout,
    )
    check_size(width, height)
    check_gui(gui)
    look = WindowSpec(
        app_id=spec.name,
        title=title,
        width=width,
        height=height,
        background=check_background(background),
        storage=str(storage_dir(spec.name)),
        icon=check_icon(icon),
        gui=gui,
        debug=debug,
        options=check_options(window),
    )
    check_display(gui)
    running = _running(spec)
    if running is not None and _focus(running):
        return
    from wesktop.session import Session

    with Session(spec, look, serve=running is None) as session, contextlib.suppress(AlreadyRunningError):
        session.wait()
        return
    # Another start of the same app was quicker: it is the one that the user gets to see.
    _focus_when_open(spec)


def _running(spec: AppSpec) -> Report | None:
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


def _focus(running: Report) -> bool:
    """Bring the running app's window to the front; False when a window is to be opened on it."""
    if running.windows or running.one_shot:
        client.focus(running.name)
        return True
    return False


def _focus_when_open(spec: AppSpec) -> None:
    deadline = time.monotonic() + FOCUS_WITHIN
    while time.monotonic() < deadline:
        with contextlib.suppress(NotRunningError, ControlError):
            if _running(spec) is not None and client.focus(spec.name):
                return
        time.sleep(0.05)
