"""run(): a window and its server, each in a process of its own, for as long as the window is open."""

from wesktopd.context import imported_by_worker
from wesktopd.limits import DRAIN_TIMEOUT, HANG_TIMEOUT, START_TIMEOUT
from wesktopd.system import start_child

TYPE_CHECKING = False  # as type checkers know it: the window waits for this module, and typing takes 4 ms
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import Any


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
    window: "dict[str, Any] | None" = None,
    gui: str | None = None,
    background: str = "#ffffff",
    debug: bool = False,
    permissions: "Iterable[str]" = (),
    downloads: bool = True,
    remember_geometry: bool = True,
    confirm_close: bool | str = False,
    on_close: str = "quit",
    menu: "Sequence[dict[str, Any]]" = (),
    factory: bool = False,
    drain_timeout: float = DRAIN_TIMEOUT,
    keep_alive: bool = False,
    idle_timeout: float | None = None,
    workers: int = 1,
    start_timeout: float = START_TIMEOUT,
    hang_timeout: float | None = HANG_TIMEOUT,
    max_lifetime: float | None = None,
    max_rss: float | None = None,
    access_log: bool = False,
    log_format: str = "text",
    session: bool = True,
    allow_remote: bool = False,
    allowed_hosts: "Sequence[str]" = (),
    allowed_origins: "Sequence[str]" = (),
    csp: str | None = None,
    second_launch: str = "focus",
    arguments: "Sequence[str] | None" = None,
) -> None:
    """Serve an ASGI app, show it in a native window, and block until the window is closed.

    The server and the window are processes of their own, which end with the window, with the caller, or with
    Ctrl-C; with `keep_alive` the server goes on, and the next `run()` opens a window on it at once. Where the same
    app is open already, that is told of it (see `second_launch`) and this returns; where it runs without a window,
    one is opened on it. While a worker imports the script that calls it, it returns at once.

    target: "module:attribute" of the app, imported as here: same working directory, same `sys.path[0]`.
    title, width, height: of the window; the size in pixels, 100 to 16384.
    icon: path to a PNG, SVG or ICO file.
    host, port: where to listen; port 0 takes a free port and keeps it for this app, and with it the page's storage.
    pid_path: a file for the server's PID while it runs.
    name: identifies the app to this user, by default the target's module; also the window's class
    window: further options of pywebview's `create_window`, such as {"resizable": False}.
    gui: "gtk" or "qt"; None takes what is installed.
    background: the window's colour until the page has drawn, as "#rrggbb", and behind a page that has none.
    debug: the page's developer tools, from the context menu.
    permissions: what the page may use: "camera", "microphone", "screen", "geolocation", "notifications",
    "clipboard" (to read it) and "pointer-lock"; all are refused else.
    remember_geometry: open the window with the size, at the place and maximised as its last one was.
    confirm_close: ask the user before the window is closed; a text is the question. A page can object by itself, by
    `beforeunload`, as in a browser.
    on_close: "quit", or "hide": the page goes on without a window, and the next `run()` shows it again.
    menu: a menu bar, as plain lists and dicts; see docs/windows.md.
    downloads: whether the page may offer files, each of which the user is asked for a place to put.
    factory: the target is a function that returns the app.
    drain_timeout: seconds that open requests have to finish in at a stop or restart; for the last fifth cancelled.
    keep_alive: go on serving when the window is closed; `wesktop ctl` controls the server then.
    idle_timeout: seconds without a window or a request after which a server that was kept alive ends; None: never.
    workers: how many processes serve, 1 to 64.
    start_timeout: seconds that the app has to become ready in.
    hang_timeout: seconds that a worker's event loop may stand still for, before it is replaced; None: for ever.
    max_lifetime: seconds after which a worker is replaced, without losing a request; None: never.
    max_rss: MiB of memory beyond which a worker is replaced likewise; None: no limit.
    access_log: log every request, at about half the speed.
    log_format: of the app's log file: "text", "json", or "off" for none.
    session: let nobody in but the app's windows, and who is let in by `wesktop ctl open --browser` or `ctl token`.
    allow_remote: `host` may be one that other machines reach, such as "0.0.0.0"; with a session only.
    allowed_hosts: further names that the server goes by, as in "app.example" or "app.example:8443".
    allowed_origins: other sites whose pages may send requests, as in "http://localhost:5173".
    csp: the Content-Security-Policy of HTML, SVG and XML where the app gives none, "" for none; None: its own origin
        only.
    second_launch: what a start does where the app is open already. "focus" brings its window to the front and hands
    its page the arguments, as the event `wesktop:launch`; "window" does so in another window; "module:function" is
    called by the running app with the arguments and the directory, and may return a path for the window to show.
    arguments: what the app was started with, such as files or a link to open; None: `sys.argv[1:]` without the first
    `--`.

    Raises TargetError or ConfigurationError for a parameter that is wrong; NoDisplayError, NoBackendError or
    WindowError when no window can be opened, and WindowError when its process crashes or is killed; PortInUseError,
    BindError, PidFileError or AlreadyRunningError (another program of this name) when the server cannot start;
    TargetImportError, LifespanError or StartupError, with the end of its log, when the app does not; see
    wesktop.errors. Ctrl-C is let through as KeyboardInterrupt. Nothing is left running then, but for a server that is
    kept alive behind a window that was lost.
    """
    if imported_by_worker("run"):
        return
    # Before all else, as its toolkit takes longest to load: what it is to show is settled meanwhile.
    with start_child("wesktop.window") as window_process:
        from wesktop.launching import current_launch
        from wesktop.session import show
        from wesktop.target import app_name, app_spec, pid_path_option
        from wesktop.window.opening.display import check_display
        from wesktop.window.opening.options import as_fields, check_flag, window_spec

        look = window_spec(
            app_name(target, name),
            title=title,
            width=width,
            height=height,
            background=background,
            icon=icon,
            gui=gui,
            debug=debug,
            options=window or {},
            permissions=permissions,
            downloads=downloads,
            remember_geometry=remember_geometry,
            confirm_close=confirm_close,
            on_close=on_close,
            menu=menu,
        )
        spec = app_spec(
            target,
            name=name,
            label=title,
            host=host,
            port=port,
            pid_path=pid_path_option(pid_path),
            factory=factory,
            one_shot=not check_flag("keep_alive", keep_alive),
            drain_timeout=drain_timeout,
            idle_timeout=idle_timeout,
            workers=workers,
            start_timeout=start_timeout,
            hang_timeout=hang_timeout,
            max_lifetime=max_lifetime,
            max_rss=max_rss,
            access_log=access_log,
            log_format=log_format,
            session=session,
            allow_remote=allow_remote,
            allowed_hosts=allowed_hosts,
            allowed_origins=allowed_origins,
            csp=csp,
            second_launch=second_launch,
            window=as_fields(look),
        )
        this = current_launch(arguments)
        check_display(gui)
        show(window_process, spec, look, this)
