"""GTK 3 with WebKitGTK."""

import contextlib
import os
import threading
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from wesktop.window.creation import required
from wesktop.window.frame.behaviour import Behaviour
from wesktop.window.frame.file_drop import Dropped
from wesktop.window.frame.geometry import Area, Geometry
from wesktop.window.frame.menu import Item
from wesktop.window.gtk.sandbox import Trial, switch_on
from wesktop.window.policy.rules import Rules
from wesktop.window.toolkit import WITHIN, Observer, Toolkit
from wesktopd.errors import ConfigurationError, NoDisplayError

if TYPE_CHECKING:
    from wesktop.window.dialogs.dialog import Dialog, Done
    from wesktopd.wire import dialog_messages

NOT_BY_PROXY = "localhost,.localhost,127.0.0.1,::1"  # what GNOME spares by default, and a variable's proxy does not


class Gtk(Toolkit):
    """pywebview's "gtk"."""

    name = "gtk"

    def prepare(self, app_id: str, icon: str | None) -> None:
        # Blank windows on NVIDIA and Wayland without it, and 70 MB more.
        os.environ.setdefault("WEBKIT_DISABLE_DMABUF_RENDERER", "1")
        if "DBUS_SESSION_BUS_ADDRESS" not in os.environ:
            # No bus, no accessibility: spares a warning and its wait, and another of the process in the sandbox.
            os.environ.setdefault("NO_AT_BRIDGE", "1")
            os.environ.setdefault("WEBKIT_A11Y_BUS_ADDRESS", "")
        spared = os.environ.get("no_proxy") or os.environ.get("NO_PROXY")
        os.environ["no_proxy"] = ",".join(filter(None, (spared, NOT_BY_PROXY)))
        self._sandbox = Trial()
        import gi

        gi.require_version("Gdk", "3.0")
        gi.require_version("Gtk", "3.0")
        from gi.repository import Gdk, GLib, Gtk

        Gtk.init_check()  # it makes up a class of its own, once
        GLib.set_prgname(app_id)
        Gdk.set_program_class(app_id)
        if Gdk.Display.get_default() is None:  # GTK would end the process by a C-level exit(1)
            raise NoDisplayError("GTK cannot open the display. Is this user allowed to use it?")
        if icon is not None:
            _check_icon(icon)

    def before_first_page(self, window: Any) -> Any:
        window.events.initialized += required(self._set_up_sandbox)
        return window.events.before_show

    def _set_up_sandbox(self) -> None:
        """pywebview has loaded WebKit, and made nothing with it yet."""
        from webview.platforms import gtk

        if self._sandbox.failure() is None:
            switch_on(gtk.webkit)

    def dress(self, window: Any, rules: Rules, behaviour: Behaviour, observer: Observer) -> None:
        from webview.platforms.gtk import BrowserView

        from wesktop.window.gtk import behaviour as engine
        from wesktop.window.gtk.beforeunload import BeforeUnload
        from wesktop.window.gtk.bridge import isolate
        from wesktop.window.gtk.policy import apply

        view = BrowserView.instances[window.uid]
        webview = view.webview
        isolate(view)
        webview.disconnect_by_func(view.on_navigation)  # it opens any link, whatever its scheme, in the browser
        apply(webview, rules)
        engine.apply(window.native, webview, behaviour, observer)
        self._before_unload = BeforeUnload(webview, observer.closed_by_page)
        _fill(window.native, window.background_color)
        # A page that is busy indefinitely would never notice that its window is gone.
        window.native.connect("destroy", lambda _: webview.terminate_web_process())
        webview.connect("load-failed", _on_load_failed, rules, observer.load_failed)

    def replace_page(self, window: Any, html: str) -> str:
        at: list[str] = []

        def replace(webview: Any, done: Callable[[], None]) -> None:
            at.append(webview.get_uri() or "")
            webview.terminate_web_process()  # it would go on until it has been asked whether it may be left
            webview.load_html(html, "about:blank")
            done()

        _in_its_thread(window, replace)
        return "".join(at)

    def forget_cached(self, window: Any) -> None:
        from gi.repository import WebKit2

        kinds = WebKit2.WebsiteDataTypes
        cached = kinds.MEMORY_CACHE | kinds.DISK_CACHE | kinds.SERVICE_WORKER_REGISTRATIONS

        def clear(webview: Any, done: Callable[[], None]) -> None:
            data = webview.get_context().get_website_data_manager()
            data.clear(cached, 0, None, lambda *_: done())

        _in_its_thread(window, clear)

    def screens(self) -> list[Area]:
        return [_area(monitor.get_workarea()) for monitor in _monitors()]

    def corner(self) -> tuple[int, int]:
        first = _monitors()[0].get_geometry()
        return first.x, first.y

    def geometry(self, window: Any) -> Geometry | None:
        from gi.repository import Gdk

        native = window.native
        elsewhere = Gdk.WindowState.ICONIFIED | Gdk.WindowState.WITHDRAWN | Gdk.WindowState.FULLSCREEN
        if native.get_window() is None or native.get_window().get_state() & elsewhere:
            return None
        width, height = native.get_size()
        x, y = (None, None) if _is_wayland() else native.get_position()
        return Geometry(width, height, x, y, native.is_maximized())

    def on_moved(self, window: Any, changed: Callable[[], None]) -> None:
        for event in ("configure-event", "window-state-event"):
            window.native.connect(event, lambda *_: changed())

    def later(self, seconds: float, function: Callable[[], None]) -> None:
        from gi.repository import GLib

        GLib.timeout_add(int(seconds * 1000), function)  # once: it returns nothing

    def set_menu(self, window: Any, menu: list[Item], choose: Callable[[Item], None]) -> None:
        from wesktop.window.gtk.menu import set_menu

        window.events.before_show += required(lambda: set_menu(window.native, menu, choose))

    def focus(self, window: Any) -> None:
        from gi.repository import GLib

        GLib.idle_add(_present, window.native)

    def reload(self, window: Any) -> None:
        from gi.repository import GLib

        if (webview := _webview(window)) is not None:
            GLib.idle_add(webview.reload)

    def set_zoom(self, window: Any, factor: float) -> None:
        if (webview := _webview(window)) is not None:
            webview.set_zoom_level(factor)

    def go(self, window: Any, steps: int) -> None:
        if (webview := _webview(window)) is not None:
            (webview.go_back if steps < 0 else webview.go_forward)()

    def set_title(self, window: Any, title: str) -> None:
        window.native.set_title(title)

    def on_dropped(self, window: Any, dropped: Dropped) -> None:
        from webview.platforms.gtk import BrowserView

        from wesktop.window.gtk.file_drop import FileDrop

        FileDrop(BrowserView.instances[window.uid].webview, dropped)

    def confirm(self, window: Any, question: str) -> bool:
        from wesktop.window.gtk.question import ask

        return ask(window.native, question, "gtk-close")

    def ask_page(self, window: Any, close: Callable[[], None]) -> None:  # noqa: ARG002
        self._before_unload.ask(close)

    def on_focus(self, window: Any, focused: Callable[[], None]) -> None:
        window.native.connect("focus-in-event", lambda *_: focused())  # returns None, for other handlers

    def make_dialog(self, window: Any, question: "dialog_messages.Dialog", done: "Done") -> "Dialog":
        from wesktop.window.gtk.dialogs import GtkDialog

        return GtkDialog(window, question, done)

    def notify(self, title: str, body: str, app_id: str, icon: str | None) -> None:
        from wesktop.window.dialogs.notifications import notify_by_bus
        from wesktop.window.gtk.notifications import call

        notify_by_bus(call, title, body, app_id, icon)


def _webview(window: Any) -> Any:
    """Return the web view; None once the window is closed."""
    from webview.platforms.gtk import BrowserView

    view = BrowserView.instances.get(window.uid)
    return None if view is None else view.webview


def _in_its_thread(window: Any, function: Callable[[Any, Callable[[], None]], None]) -> None:
    """Call the function with the web view, if it is there still, and wait until it has called what it is given."""
    from gi.repository import GLib

    done = threading.Event()

    def call() -> None:  # once: it returns nothing
        if (webview := _webview(window)) is not None:
            function(webview, done.set)
        else:
            done.set()

    GLib.idle_add(call)
    done.wait(WITHIN)


def _check_icon(icon: str) -> None:
    """An icon that cannot be loaded would leave a process without a window."""
    from gi.repository import GdkPixbuf, GLib

    try:
        GdkPixbuf.Pixbuf.new_from_file(icon)
    except GLib.Error as error:
        raise ConfigurationError(f"icon {icon!r} cannot be loaded: {error.message}.") from None


def _monitors() -> list[Any]:
    from gi.repository import Gdk

    display = Gdk.Display.get_default()
    return [display.get_monitor(number) for number in range(display.get_n_monitors())]


def _area(rectangle: Any) -> Area:
    return Area(rectangle.x, rectangle.y, rectangle.width, rectangle.height)


def _is_wayland() -> bool:
    from gi.repository import Gdk

    return bool(Gdk.Display.get_default().__gtype__.name == "GdkWaylandDisplay")


def _fill(native: Any, colour: str) -> None:
    """Let the display fill the window with its colour when it appears, before the toolkit has painted anything."""
    from gi.repository import Gdk

    rgba = Gdk.RGBA()
    rgba.parse(colour)
    native.realize()
    with warnings.catch_warnings():  # deprecated, for the sake of compositors that have no such thing; X11 does
        warnings.simplefilter("ignore", DeprecationWarning)
        native.get_window().set_background_rgba(rgba)


def _on_load_failed(
    webview: Any, _event: Any, url: str, error: Any, rules: Rules, on_failed: Callable[[str], None]
) -> bool:
    """Keep what is shown instead of WebKit's page about the failure."""
    from wesktop.window.gtk.policy import interrupted

    if interrupted(error):
        return False
    shown = webview.get_back_forward_list().get_current_item()
    if shown is None or rules.may_repeat(url, shown.get_uri()):
        on_failed(url)
    return True


def _present(native: Any) -> None:
    """Raise with a timestamp of now: without one the window manager takes it for theft of the focus."""
    native.show()
    native.deiconify()
    with contextlib.suppress(ImportError, ValueError, AttributeError, TypeError):
        from gi.repository import GdkX11

        native.present_with_time(GdkX11.x11_get_server_time(native.get_window()))
        return
    native.present()
