"""A page that may object to being left, on WebKitGTK."""

from collections.abc import Callable
from typing import Any

from gi.repository import GLib, WebKit2

from wesktop.window.gtk.question import ask
from wesktop.window.toolkit import PATIENCE

QUESTION = "What you have entered may not be saved. Leave this page all the same?"


class BeforeUnload:
    """Asks the page whether its window may be closed."""

    def __init__(self, webview: Any, closed_by_page: Callable[[], None]) -> None:
        self._webview = webview
        self._closed_by_page = closed_by_page
        self._close: Callable[[], None] | None = None
        self._silence = 0  # the timer of the last attempt, while it runs
        self._touched = False
        webview.connect("button-press-event", self._on_touched)
        webview.connect("key-press-event", self._on_touched)
        webview.connect("touch-event", self._on_touched)
        webview.connect("load-changed", self._on_load_changed)
        webview.connect("close", self._on_agreed)
        webview.connect("script-dialog", self._on_script_dialog)

    def ask(self, close: Callable[[], None]) -> None:
        """Call `close` when the page agrees, or does not answer; it answers before long, or asks the user."""
        self._close = close
        self._wait()
        self._webview.try_close()

    def _wait(self) -> None:
        """Give the page its time to answer in, anew where it has begun."""
        self._stop_waiting()
        self._silence = GLib.timeout_add(int(PATIENCE * 1000), self._on_silence)

    def _on_silence(self) -> None:
        self._silence = 0  # once: it returns nothing
        self._on_agreed()

    def _stop_waiting(self) -> None:
        if self._silence:
            GLib.source_remove(self._silence)
            self._silence = 0

    def _on_touched(self, *_: Any) -> bool:
        """WebKit itself does not ask for this (HTML, "sticky activation"), where all browsers do."""
        self._touched = True
        return False

    def _on_load_changed(self, _: Any, event: Any) -> None:
        if event == WebKit2.LoadEvent.COMMITTED:
            self._touched = False

    def _on_agreed(self, *webviews: Any) -> None:
        """Also called for a page's own `window.close()`, without a request of ours; without a view by the timer."""
        self._stop_waiting()
        if self._close is not None:
            close, self._close = self._close, None
            close()
        elif webviews:
            self._closed_by_page()

    def _on_script_dialog(self, webview: Any, dialog: Any) -> bool:
        if dialog.get_dialog_type() != WebKit2.ScriptDialogType.BEFORE_UNLOAD_CONFIRM:
            return False
        if not self._touched:
            dialog.confirm_set_confirmed(True)
            return True
        self._stop_waiting()  # the user has longer
        close, self._close = self._close, None
        leave = ask(webview.get_toplevel(), QUESTION, "gtk-close" if close else "gtk-ok", webview)
        if leave and close is not None:
            self._close = close
            self._wait()
        dialog.confirm_set_confirmed(leave)
        return True
