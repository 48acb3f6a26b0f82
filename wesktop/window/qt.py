"""Qt with WebEngine."""

import os
import sys
from collections.abc import Callable
from typing import Any

from wesktop.window.toolkit import Toolkit


class Qt(Toolkit):
    """pywebview's "qt"."""

    name = "qt"

    def prepare(self, app_id: str, icon: str | None) -> None:  # noqa: ARG002  Qt shows no icon that it cannot load
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            # Chromium refuses to run as root with its sandbox on.
            os.environ.setdefault("QTWEBENGINE_CHROMIUM_FLAGS", "--no-sandbox")
        sys.argv[0] = app_id  # X11: the first part of the window's class
        from qtpy.QtCore import QCoreApplication
        from qtpy.QtGui import QGuiApplication

        QCoreApplication.setApplicationName(app_id)
        QGuiApplication.setDesktopFileName(app_id)

    def dress(self, window: Any, on_failed: Callable[[str], None]) -> None:
        from qtpy.QtGui import QColor
        from qtpy.QtWebEngineCore import QWebEngineSettings

        page = window.native.webview.page()
        page.setBackgroundColor(QColor(window.background_color))
        page.settings().setAttribute(QWebEngineSettings.WebAttribute.ErrorPageEnabled, False)

        def on_finished(succeeded: bool) -> None:
            if not succeeded:
                on_failed(page.requestedUrl().toString())

        page.loadFinished.connect(on_finished)
