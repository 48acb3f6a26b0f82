"""Qt with WebEngine."""

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wesktop.window.backends import qt_binding
from wesktop.window.creation import required
from wesktop.window.frame.behaviour import Behaviour
from wesktop.window.frame.file_drop import Dropped
from wesktop.window.frame.geometry import Area, Geometry
from wesktop.window.frame.menu import Item
from wesktop.window.policy.login_links import without_links
from wesktop.window.policy.rules import Rules
from wesktop.window.toolkit import WITHIN, Observer, Toolkit
from wesktopd.system import is_root
from wesktopd.text import printable_lines

if TYPE_CHECKING:
    from wesktop.window.dialogs.dialog import Dialog, Done
    from wesktopd.wire import dialog_messages

PROFILE = "pywebview"  # its name for it


class Qt(Toolkit):
    """pywebview's "qt"."""

    name = "qt"
    centres_content = True

    def prepare(self, app_id: str, icon: str | None) -> None:  # noqa: ARG002  Qt shows no icon that it cannot load
        if is_root():
            # Chromium refuses to run as root with its sandbox on.
            os.environ.setdefault("QTWEBENGINE_CHROMIUM_FLAGS", "--no-sandbox")
        os.environ.setdefault("QT_API", (qt_binding() or "").lower())  # QtPy would take a Qt 5 first
        os.environ.pop("QTWEBENGINE_REMOTE_DEBUGGING", None)  # a port, for any program to connect to
        sys.argv[0] = app_id  # X11: the first part of the window's class
        from qtpy.QtCore import QCoreApplication, qInstallMessageHandler
        from qtpy.QtGui import QGuiApplication

        qInstallMessageHandler(_print_message)
        QCoreApplication.setApplicationName(app_id)
        QGuiApplication.setDesktopFileName(app_id)

    def caches(self) -> list[Path]:
        from qtpy.QtCore import QStandardPaths

        own = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.CacheLocation)
        return [Path(own) / "QtWebEngine" / PROFILE]

    def before_first_page(self, window: Any) -> Any:
        window.events.initialized += required(_no_fake_dialogs)
        return window.events.initialized

    def dress(self, window: Any, rules: Rules, behaviour: Behaviour, observer: Observer) -> None:
        from qtpy.QtGui import QColor
        from qtpy.QtWebEngineCore import QWebEngineSettings

        from wesktop.window.qt import behaviour as engine
        from wesktop.window.qt.beforeunload import BeforeUnload
        from wesktop.window.qt.bridge import isolate
        from wesktop.window.qt.policy import apply

        isolate(window.native)
        engine.lay_out(window.native)
        apply(window.native.webview, rules)
        engine.apply(window.native, behaviour, observer)
        page = window.native.webview.page()
        self._before_unload = BeforeUnload(page, observer.closed_by_page)
        page.setBackgroundColor(QColor(window.background_color))
        page.settings().setAttribute(QWebEngineSettings.WebAttribute.ErrorPageEnabled, False)

        def on_loading(info: Any) -> None:
            answered = info.errorDomain() == info.ErrorDomain.HttpStatusCodeDomain  # be it with an error of the app's
            if info.status() == info.LoadStatus.LoadFailedStatus and not answered:
                url, shown = info.url().toString(), page.history().currentItem().url().toString()
                if rules.may_repeat(url, shown):
                    observer.load_failed(url)

        page.loadingChanged.connect(on_loading)

    def replace_page(self, window: Any, html: str) -> str:
        from wesktop.window.qt.events import in_its_thread
        from wesktop.window.qt.page_replacement import replace

        at, done = [], threading.Event()

        def take() -> None:
            page = window.native.webview.page()
            at.append(page.url().toString())
            done.set()
            replace(page, html)

        in_its_thread(window.native, take)
        done.wait(WITHIN)
        return "".join(at)

    def forget_cached(self, window: Any) -> None:
        from wesktop.window.qt.events import in_its_thread
        from wesktop.window.qt.page_replacement import forget_cached

        done = threading.Event()
        in_its_thread(window.native, lambda: forget_cached(window.native.webview.page().profile(), done.set))
        done.wait(WITHIN)

    def inspect(self, window: Any) -> bool:
        def offer() -> None:
            from wesktop.window.qt.inspector import Inspector

            self._inspector = Inspector(window.native.webview)

        window.events.before_show += required(offer)
        return False

    def screens(self) -> list[Area]:
        from qtpy.QtGui import QGuiApplication

        return [Area(*screen.availableGeometry().getRect()) for screen in QGuiApplication.screens()]

    def corner(self) -> tuple[int, int]:
        from qtpy.QtGui import QGuiApplication

        first = QGuiApplication.primaryScreen().geometry()
        return first.x(), first.y()

    def geometry(self, window: Any) -> Geometry | None:
        from qtpy.QtGui import QGuiApplication

        native = window.native
        if native.isMinimized() or native.isFullScreen() or not native.isVisible():
            return None
        wayland = QGuiApplication.platformName().startswith("wayland")
        x, y = (None, None) if wayland else (native.x(), native.y())
        return Geometry(native.width(), native.height(), x, y, native.isMaximized())

    def on_moved(self, window: Any, changed: Callable[[], None]) -> None:
        from wesktop.window.qt.events import Watch

        window.native.installEventFilter(Watch(window.native, changed))

    def later(self, seconds: float, function: Callable[[], None]) -> None:
        from qtpy.QtCore import QTimer

        QTimer.singleShot(int(seconds * 1000), function)

    def set_menu(self, window: Any, menu: list[Item], choose: Callable[[Item], None]) -> None:
        from wesktop.window.qt.menu import set_menu

        window.events.before_show += required(lambda: set_menu(window.native, menu, choose))

    def focus(self, window: Any) -> None:
        from wesktop.window.qt.events import in_its_thread

        in_its_thread(window.native, lambda: _present(window.native))

    def reload(self, window: Any) -> None:
        from wesktop.window.qt.events import in_its_thread

        page = window.native.webview.page()
        in_its_thread(window.native, lambda: page.triggerAction(page.WebAction.Reload))

    def set_zoom(self, window: Any, factor: float) -> None:
        window.native.webview.setZoomFactor(factor)

    def go(self, window: Any, steps: int) -> None:
        history = window.native.webview.page().history()
        if steps < 0 and history.canGoBack():
            history.back()
        elif steps > 0 and history.canGoForward():
            history.forward()

    def set_title(self, window: Any, title: str) -> None:
        window.native.setWindowTitle(title)

    def on_dropped(self, window: Any, dropped: Dropped) -> None:
        from wesktop.window.qt.events import FileDrop

        view = window.native.webview
        view.installEventFilter(FileDrop(view, dropped))

    def confirm(self, window: Any, question: str) -> bool:
        from qtpy.QtWidgets import QMessageBox

        button = QMessageBox.StandardButton
        box = QMessageBox(
            QMessageBox.Icon.Question, window.title, question, button.Cancel | button.Close, window.native
        )
        box.setDefaultButton(button.Cancel)
        return bool(box.exec() == button.Close)

    def ask_page(self, window: Any, close: Callable[[], None]) -> None:  # noqa: ARG002
        self._before_unload.ask(close)

    def on_focus(self, window: Any, focused: Callable[[], None]) -> None:  # noqa: ARG002
        from qtpy.QtGui import QGuiApplication

        def on_changed(now: Any) -> None:
            if now is not None:
                focused()

        QGuiApplication.instance().focusWindowChanged.connect(on_changed)

    def make_dialog(self, window: Any, question: "dialog_messages.Dialog", done: "Done") -> "Dialog":
        from wesktop.window.qt.dialogs import QtDialog

        return QtDialog(window, question, done)

    def notify(self, title: str, body: str, app_id: str, icon: str | None) -> None:
        from wesktop.window.dialogs.notifications import notify_by_bus
        from wesktop.window.qt.notifications import call

        notify_by_bus(call, title, body, app_id, icon)


def _present(native: Any) -> None:
    from qtpy.QtCore import Qt

    native.setWindowState(native.windowState() & ~Qt.WindowState.WindowMinimized)
    native.show()
    native.raise_()
    native.activateWindow()


def _print_message(_: Any, context: Any, message: str) -> None:
    """Print what Qt has to say, as it would by itself; but what a page says to its console may be anybody's words."""
    where = "" if context.category in (None, "default") else f"{context.category}: "
    with contextlib.suppress(OSError, ValueError):  # the reader is gone
        sys.stderr.write(f"{printable_lines(without_links(f'{where}{message}'))}\n")


def _no_fake_dialogs() -> None:
    """Keep pywebview from starting Chromium with --use-fake-ui-for-media-stream: cameras would be had unasked."""
    from webview.platforms import qt

    qt.environ_append = lambda *_, **__: None
