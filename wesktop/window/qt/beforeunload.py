"""A page that may object to being left, on Qt WebEngine."""

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication

from wesktop.window.toolkit import PATIENCE


class BeforeUnload:
    """Asks the page whether its window may be closed. Where it objects, WebEngine asks the user by itself."""

    def __init__(self, page: Any, closed_by_page: Callable[[], None]) -> None:
        self._page = page
        self._closed_by_page = closed_by_page
        self._close: Callable[[], None] | None = None
        self._silence = QTimer(page, singleShot=True, interval=int(PATIENCE * 1000))
        self._silence.timeout.connect(self._on_silence)
        page.windowCloseRequested.connect(self._on_close_requested)

    def ask(self, close: Callable[[], None]) -> None:
        """Call `close` when the page agrees, or does not answer; it answers before long, or asks the user."""
        self._close = close
        self._silence.start()  # anew, where that of an earlier attempt runs still
        self._page.triggerAction(self._page.WebAction.RequestClose)

    def _on_silence(self) -> None:
        if QApplication.activeModalWidget() is None:
            self._on_agreed()

    def _on_close_requested(self) -> None:
        """The page agrees, or has called `window.close()` by itself."""
        if self._close is None:
            self._closed_by_page()
        self._on_agreed()

    def _on_agreed(self) -> None:
        self._silence.stop()
        if self._close is not None:
            close, self._close = self._close, None
            close()
