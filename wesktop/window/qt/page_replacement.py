"""Replacing a page immediately, and removing what it has cached, on Qt WebEngine."""

import os
import signal
from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QUrl
from qtpy.QtWidgets import QApplication


def replace(page: Any, html: str) -> None:
    """End the page's process, which would be asked whether it may be left, and then show this."""
    if (dialog := QApplication.activeModalWidget()) is not None:  # the page's, which hides its end
        dialog.close()
    pid = page.renderProcessPid()
    if not pid:
        page.setHtml(html, QUrl("about:blank"))
        return

    def on_ended(*_: object) -> None:
        page.renderProcessTerminated.disconnect(on_ended)
        page.setHtml(html, QUrl("about:blank"))

    page.renderProcessTerminated.connect(on_ended)
    try:
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    except OSError:  # it has ended just now
        on_ended()


def forget_cached(profile: Any, done: Callable[[], None]) -> None:
    """Clear the HTTP cache. WebEngine offers no way to clear service workers: see wesktop.window.policy.storage."""
    if hasattr(profile, "clearHttpCacheCompleted"):  # since Qt 6.7

        def on_cleared() -> None:
            profile.clearHttpCacheCompleted.disconnect(on_cleared)
            done()

        profile.clearHttpCacheCompleted.connect(on_cleared)
    else:
        done()
    profile.clearHttpCache()
