"""When the window gets the focus."""

from collections.abc import Callable
from typing import Any


def watch(gui: str | None, window: Any, on_focus: Callable[[], None]) -> None:
    """Call `on_focus` whenever the window gets the focus. To be called in the toolkit's thread, once it has a window.

    On macOS and Windows pywebview does not tell: there the window that was opened last counts.
    """
    if gui == "gtk":
        window.native.connect("focus-in-event", lambda *_: on_focus())  # returns None: others are to see it too
    elif gui == "qt":
        from qtpy.QtGui import QGuiApplication

        def on_changed(focused: Any) -> None:
            if focused is not None:
                on_focus()

        QGuiApplication.instance().focusWindowChanged.connect(on_changed)
