"""run(): a window and its server, each in a process of its own, for as long as the window is open."""

from wesktopd.context import imported_by_worker
from wesktopd.limits import DRAIN_TIMEOUT, HANG_TIMEOUT, START_TIMEOUT
from wesktopd.system import start_child

TYPE_CHECKING = False  # as type checkers know it: the window waits for this module, and typing takes 4 ms
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import Any


def run(
    target: str,
    *,
    title: str | None = "wesktop",
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
    text_select: bool = True,
    context_menu: bool = True,
    zoom: bool = True,
    spellcheck: "Sequence[str] | None" = None,
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
    csp: "str | Mapping[str, Sequence[str]] | None" = None,
    second_launch: str = "focus",
    arguments: "Sequence[str] | None" = None,
) -> None:
    """Serve an ASGI app, show it in a native window, and block until the window is closed.

    The server and the window are processes of their own. Both end with the window, with the caller, or with Ctrl-C;
    with `keep_alive` the server keeps running, and the next `run()` opens a window on it immediately. If the same app
    is open already, it is notified (see `second_launch`), and this returns; if it runs without a window, it gets one.
    While a worker imports the script that calls it, this returns immediately.

    target: "module:attribute" of the app, imported as here: same working directory, same `sys.path[0]`.
    name: Identifies the app to this user and to `wesktop ctl`; also the window's class. None: the target's
        module.
    title: Title of the window; by default the page's, once it has one. None: the page's title.
    width: Width of the window in pixels. 100 to 16384 pixels.
    height: Height of the window in pixels. 100 to 16384 pixels.
    icon: Path of a PNG, SVG or ICO file. None: the desktop's default.
    window: Further options of pywebview's `create_window`, such as {"resizable": False}. None: no further ones.
    gui: GUI toolkit, "gtk" or "qt". None: the one that is installed.
    background: Colour of the window until its page has drawn, and behind a page without one, as "#rrggbb".
    debug: Offer the page's developer tools in the context menu.
    permissions: What the page may use: "camera", "microphone", "screen", "geolocation", "notifications",
        "clipboard" (to read it) and "pointer-lock".
    downloads: Let the page offer downloads; the user chooses where each is saved.
    remember_geometry: Open the window with the size, place and maximised state of the app's last one.
    confirm_close: Ask the user before the window is closed; a string is the question.
    on_close: What closing the window does: "quit", or "hide", which keeps its page running until the next start
        shows it again.
    menu: Menu bar, as lists and dicts; see docs/windows.md.
    text_select: Let the user select text of the page.
    context_menu: Show a menu at a right click, to edit text and copy.
    zoom: Let the user enlarge the page, by Ctrl with +, -, 0 or the wheel; kept for the app.
    spellcheck: Languages of spell checking in text fields, such as "en_US"; () for none. None: the user's.
    host: Address to listen on.
    port: Port to listen on; 0 takes a free one and keeps it for this app. 0 to 65535.
    pid_path: File that holds the server's PID while it runs. None: no file.
    factory: The target is a function that returns the app.
    workers: Number of processes that serve. 1 to 64.
    drain_timeout: Seconds that open requests may take to finish at a stop or restart; they are cancelled after
        80 % of it. 0.001 to 86400 seconds.
    start_timeout: Seconds within which the app must become ready. 0.001 to 86400 seconds.
    hang_timeout: Seconds that the event loop of a worker may be blocked before the worker is replaced. 0.5 to
        86400 seconds. None: never.
    idle_timeout: Seconds without a window or a request after which the server ends. 0.1 to 31536000 seconds.
        None: never.
    max_lifetime: Seconds after which a worker is replaced, without losing a request. 1 to 31536000 seconds.
        None: never.
    max_rss: MiB of memory above which a worker is replaced, without losing a request. 1 to 16777216 MiB. None:
        no limit.
    access_log: Log every request, at about half the speed.
    log_format: Format of the app's log file: "text", "json", or "off" for none.
    session: Require a session: only the app's windows and clients authorised by `wesktop ctl open` or `ctl
        token` may connect.
    allow_remote: Allow a host that other machines can reach, such as "0.0.0.0"; requires a session.
    allowed_hosts: Further names of the server, such as "app.example" or "app.example:8443".
    allowed_origins: Other sites whose pages may send requests, such as "http://localhost:5173".
    csp: Content-Security-Policy of HTML, SVG and XML responses without a policy of their own; "" sends none. A dict
        such as {"img-src": ["https://tile.example"]}, or a string with a leading +, adds to `wesktop.DEFAULT_CSP`.
        None: the app's own origin only.
    keep_alive: Keep serving when the window is closed; `wesktop ctl` then controls the server.
    second_launch: What another start does while the app is open: "focus" brings its window to the front,
        "window" opens another one, and "module:function" is called by the running app.
    arguments: What the app was started with, such as files or a link to open. None: `sys.argv[1:]` without the
        first `--`.

    With `second_launch="focus"` and `"window"`, the page gets the arguments of the other start as the event
    `wesktop:launch`; a function is called with the arguments and the directory, and may return a path for the window
    to show. A page can object to being closed by `beforeunload`, as in a browser. All permissions are refused unless
    given.

    Raises TargetError or ConfigurationError for a parameter that is wrong; NoDisplayError, NoBackendError or
    WindowError when no window can be opened, and WindowError when its process crashes or is killed; PortInUseError,
    BindError, PidFileError or AlreadyRunningError (another program of this name) when the server cannot start;
    TargetImportError, LifespanError or StartupError, with the end of its log, when the app does not; see
    wesktop.errors. Ctrl-C raises KeyboardInterrupt. Nothing is left running then, except a server that is kept alive
    behind a window that was lost.
    """
    given = locals()
    if imported_by_worker("run"):
        return
    # Before all else, as its toolkit takes longest to load: what it shows is decided meanwhile.
    with start_child("wesktop.window") as window_process:
        from wesktop.launching import current_launch
        from wesktop.options import BY_NAME, pick
        from wesktop.session import show
        from wesktop.target import app_name, app_spec
        from wesktop.window.opening.declarations import WINDOW_OPTIONS
        from wesktop.window.opening.display import check_display
        from wesktop.window.opening.options import as_fields, window_spec
        from wesktopd.options import SERVER_OPTIONS

        BY_NAME["keep_alive"].check(keep_alive)
        look = window_spec(app_name(target, name), **pick(given, WINDOW_OPTIONS))
        spec = app_spec(
            target,
            name=name,
            label=look.title,
            one_shot=not keep_alive,
            second_launch=second_launch,
            window=as_fields(look),
            **pick(given, SERVER_OPTIONS),
        )
        this = current_launch(arguments)
        check_display(gui)
        show(window_process, spec, look, this)
