"""run(): a window and its server, each in a process of its own, for as long as the window is open."""

from typing import TYPE_CHECKING, Any

from wesktopd.context import imported_by_worker
from wesktopd.launch import launch
from wesktopd.limits import DRAIN_TIMEOUT

if TYPE_CHECKING:
    from pathlib import Path


def run(
    target: str,
    *,
    title: str = "wesktop",
    width: int = 1280,
    height: int = 800,
    icon: str | None = None,
    host: str = "127.0.0.1",
    port: int = 8000,
    pid_path: "Path | None" = None,
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
    end of its log, when the app does not; see wesktop.errors. Ctrl-C is let through as KeyboardInterrupt. Nothing is
    left running then.
    """
    if imported_by_worker("run"):
        return
    # Before all else, as its toolkit takes longest to load: what it is to show is settled meanwhile.
    with launch("wesktop.window") as window_process:
        from wesktop.session import Session
        from wesktop.single_instance import bring_to_front, bring_to_front_when_open, find_running
        from wesktop.target import app_spec, pid_path_option
        from wesktop.window.display import check_display
        from wesktop.window.options import window_spec
        from wesktopd.errors import AlreadyRunningError

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
        look = window_spec(
            spec.name,
            title=title,
            width=width,
            height=height,
            background=background,
            icon=icon,
            gui=gui,
            debug=debug,
            options=window or {},
        )
        check_display(gui)
        running = find_running(spec)
        if running is not None and bring_to_front(running):
            return
        try:
            with Session(window_process, spec, look, serve=running is None) as session:
                session.wait()
        except AlreadyRunningError:  # another start was quicker: its window is the one to see
            bring_to_front_when_open(spec)
