"""The window process: `python -m wesktop.window FD`.

It opens at once with a splash, takes a lease on the app's server, and shows the page when the server is ready. FD is
its channel to the process that called `run()`: a WindowSpec comes first, then where the server is; its end closes
the window.
"""

import contextlib
import os
import selectors
import socket
import sys
import threading
import time
import warnings
from pathlib import Path
from typing import Any

import msgspec

from wesktop.backends import choose
from wesktop.splash import HIDE, show_note, splash
from wesktop.window_spec import Attachable, NotOpened, Opened, WindowSpec
from wesktopd.channel import encode, inherited, read_line
from wesktopd.connection import Connection, attach
from wesktopd.errors import ConfigurationError, NoDisplayError, WesktopError
from wesktopd.protocol import Answer, Down, End, Listening, Raise, Ready

NOTE_AFTER = 0.4  # seconds: a worker that is back sooner was not missed
RETRY_EVERY = 0.5  # seconds between looks for a server that is gone
CLOSE_WITHIN = 0.7  # seconds that the toolkit has to close the window, once the caller is gone


class Page:
    """The pywebview window, and which page it is to show. Its methods may be called from any thread."""

    def __init__(self, window: Any, gui: str | None) -> None:
        self._window = window
        self._gui = gui
        self._lock = threading.Lock()
        self._url: str | None = None
        self._created = False
        # The last moment at which the first page can still be chosen: a server that is ready by then needs no splash.
        event = window.events.before_show if gui == "gtk" else window.events.initialized
        event += self._on_create

    def _on_create(self) -> None:
        if self._gui == "gtk":
            _fill_gtk(self._window.native, self._window.background_color)
            _end_page_gtk(self._window)
        with self._lock:
            self._created = True
            if self._url is not None:
                self._window.real_url = self._url

    def show(self, url: str) -> None:
        """Load the app's page; without effect when it is there already."""
        with self._lock:
            if url == self._url:
                return
            self._url = url
            created = self._created
        if created:
            self._window.load_url(url)

    def reload(self, url: str) -> None:
        """Load the app's page anew: its server has lost what it knew of it."""
        with self._lock:
            self._url = None
        self.show(url)

    def note(self, text: str) -> None:
        """Lay a note over the page."""
        self._window.run_js(show_note(text))

    def clear_note(self) -> None:
        """Take the note away."""
        self._window.run_js(HIDE)

    def focus(self) -> None:
        """Bring the window to the front."""
        if self._gui == "gtk":
            from gi.repository import GLib

            GLib.idle_add(_present_gtk, self._window.native)
        else:
            self._window.restore()

    def close(self) -> None:
        """Close the window; end the process if the toolkit does not."""
        deadline = threading.Timer(CLOSE_WITHIN, os._exit, (0,))
        deadline.daemon = True
        deadline.start()
        self._window.destroy()


def _fill_gtk(native: Any, colour: str) -> None:
    """Let the display fill the window with its colour when it appears, before the toolkit has painted anything."""
    from gi.repository import Gdk

    rgba = Gdk.RGBA()
    rgba.parse(colour)
    native.realize()
    with warnings.catch_warnings():  # deprecated, for the sake of compositors that have no such thing; X11 does
        warnings.simplefilter("ignore", DeprecationWarning)
        native.get_window().set_background_rgba(rgba)


def _end_page_gtk(window: Any) -> None:
    """Let the page's process end with the window: one that is busy for ever would never notice that it is gone."""
    from webview.platforms.gtk import BrowserView

    webview = BrowserView.instances[window.uid].webview
    window.native.connect("destroy", lambda _: webview.terminate_web_process())


def _present_gtk(native: Any) -> None:
    """Raise with a timestamp of now: without one the window manager takes it for theft of the focus."""
    native.deiconify()
    with contextlib.suppress(ImportError, ValueError, AttributeError, TypeError):
        from gi.repository import GdkX11

        native.present_with_time(GdkX11.x11_get_server_time(native.get_window()))
        return
    native.present()


class Link:
    """Follows the caller and the server in a thread of its own, and tells the page."""

    def __init__(self, caller: socket.socket, page: Page) -> None:
        self._caller = caller
        self._page = page
        self._server: Connection | None = None
        self._at: Attachable | None = None
        self._lost_server = False
        self._note: str | None = None
        self._note_due: float | None = None
        self._noted = False

    def run(self) -> None:
        """Follow both until the caller is gone; then close the window."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._caller, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select(self._timeout())}
                if self._caller in ready and not self._hear_caller():
                    break
                if self._server is not None and self._server in ready:
                    self._hear_server(selector)
                if self._server is None and self._at is not None:
                    self._connect(selector)
                self._show_due_note()
        self._page.close()

    def _timeout(self) -> float | None:
        if self._server is None and self._at is not None:
            return RETRY_EVERY
        return None if self._note_due is None else max(0.0, self._note_due - time.monotonic())

    def _hear_caller(self) -> bool:
        try:
            data = self._caller.recv(4096)
        except OSError:
            data = b""
        if data:
            self._at = msgspec.json.decode(data, type=Attachable)
        return bool(data)

    def _connect(self, selector: selectors.BaseSelector) -> None:
        assert self._at is not None
        with contextlib.suppress(WesktopError):
            self._server = attach(Path(self._at.socket), self._at.name, "window")
            selector.register(self._server, selectors.EVENT_READ)

    def _hear_server(self, selector: selectors.BaseSelector) -> None:
        assert self._server is not None
        with contextlib.suppress(WesktopError):
            for event in self._server.pending():
                if event is None:
                    break
                self._on_event(event)
            else:
                return
        selector.unregister(self._server)
        self._server.close()
        self._server = None
        self._on_event(End())

    def _on_event(self, event: Answer) -> None:
        match event:
            case Ready(url=url):
                self._on_ready(url)
            case Down():
                self._plan_note("Reconnecting\N{HORIZONTAL ELLIPSIS}")
            case Raise():
                self._page.focus()
            case End():
                self._lost_server = True
                self._plan_note("The server has stopped. Waiting for it to come back\N{HORIZONTAL ELLIPSIS}")
            case Listening() | _:
                pass

    def _on_ready(self, url: str) -> None:
        self._note_due = None
        if self._noted:
            self._noted = False
            self._page.clear_note()
        if self._lost_server:
            self._lost_server = False
            self._page.reload(url)
        else:
            self._page.show(url)

    def _plan_note(self, text: str) -> None:
        self._note = text
        if self._note_due is None:
            self._note_due = time.monotonic() + NOTE_AFTER

    def _show_due_note(self) -> None:
        if self._note and self._note_due is not None and time.monotonic() >= self._note_due:
            self._page.note(self._note)
            self._note, self._noted = None, True
            self._note_due = None


def set_environment(gui: str | None) -> None:
    """Defaults that the toolkits read when they are loaded; what the user has set stays."""
    defaults = {}
    if gui == "gtk":
        # Blank windows on NVIDIA and Wayland without it, and 70 MB more.
        defaults["WEBKIT_DISABLE_DMABUF_RENDERER"] = "1"
        if "DBUS_SESSION_BUS_ADDRESS" not in os.environ:
            defaults["NO_AT_BRIDGE"] = "1"  # no bus, no accessibility: spares a warning and its wait
    if gui == "qt" and hasattr(os, "geteuid") and os.geteuid() == 0:
        defaults["QTWEBENGINE_CHROMIUM_FLAGS"] = "--no-sandbox"  # Chromium refuses to run as root with it
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def set_identity(gui: str | None, app_id: str) -> None:
    """Make `app_id` the window's class, before the toolkit makes its connection to the display."""
    if gui == "gtk":
        import gi

        gi.require_version("Gdk", "3.0")
        gi.require_version("Gtk", "3.0")
        from gi.repository import Gdk, GLib, Gtk

        Gtk.init_check()  # it makes up a class of its own, once
        GLib.set_prgname(app_id)
        Gdk.set_program_class(app_id)
    elif gui == "qt":
        sys.argv[0] = app_id
        from qtpy.QtCore import QCoreApplication
        from qtpy.QtGui import QGuiApplication

        QCoreApplication.setApplicationName(app_id)
        QGuiApplication.setDesktopFileName(app_id)


def check_toolkit(gui: str | None, icon: str | None) -> None:
    """Find out what would end the process, or leave a window without a loop, before the toolkit's loop runs."""
    if gui != "gtk":
        return
    import gi

    gi.require_version("Gtk", "3.0")
    gi.require_version("Gdk", "3.0")
    from gi.repository import Gdk, GdkPixbuf, GLib

    if Gdk.Display.get_default() is None:
        raise NoDisplayError("GTK cannot open the display. Is this user allowed to use it?")
    if icon is not None:
        try:
            GdkPixbuf.Pixbuf.new_from_file(icon)
        except GLib.Error as error:
            raise ConfigurationError(f"icon {icon!r} cannot be loaded: {error.message}.") from None


def open_window(spec: WindowSpec, gui: str | None, caller: socket.socket) -> None:
    """Show the window and return when it is closed."""
    import webview

    os.makedirs(spec.storage, mode=0o700, exist_ok=True)  # noqa: PTH103
    window = webview.create_window(
        spec.title,
        html=splash(spec.background),
        width=spec.width,
        height=spec.height,
        background_color=spec.background,
        **spec.options,
    )
    window.events.shown += lambda: say(caller, Opened())
    page = Page(window, gui)
    threading.Thread(target=Link(caller, page).run, name="link", daemon=True).start()
    webview.start(
        gui=gui,
        debug=spec.debug,
        icon=spec.icon,
        private_mode=False,  # pywebview's default loses localStorage
        storage_path=spec.storage,
    )


def say(caller: socket.socket, message: Opened | NotOpened) -> None:
    """Tell the caller; one that is gone is noticed by the link."""
    with contextlib.suppress(OSError):
        caller.sendall(encode(message))


def main(fd: int) -> int:
    """Show the window that the channel describes; the exit code."""
    caller = inherited(fd)
    import webview  # noqa: F401  while the caller settles what is to be shown

    line = read_line(caller)
    if not line:  # nothing is to be shown after all
        return 0
    spec = msgspec.json.decode(line, type=WindowSpec)
    try:
        gui = choose(spec.gui)
        set_environment(gui)
        set_identity(gui, spec.app_id)
        check_toolkit(gui, spec.icon)
        open_window(spec, gui, caller)
    except WesktopError as error:
        say(caller, NotOpened(error=type(error).__name__, message=error.message))
        return error.exit_code
    return 0


if __name__ == "__main__":
    # Not sys.exit(): a thread of pywebview's may wait for ever for the answer of a page that was just closed.
    os._exit(main(int(sys.argv[1])))
