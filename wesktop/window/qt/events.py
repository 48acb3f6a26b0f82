"""Events of a Qt window."""

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QEvent, QObject

from wesktop.window.frame.file_drop import Dropped, local_paths

_MOVES = (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.WindowStateChange)


class Watch(QObject):  # type: ignore[misc]  # qtpy has no types
    """An event filter that calls `moved` when the window is moved, resized, maximised or restored."""

    def __init__(self, window: Any, moved: Callable[[], None]) -> None:
        super().__init__(window)
        self._moved = moved

    def eventFilter(self, _: Any, event: Any) -> bool:  # noqa: N802  Qt's
        """Let everything through."""
        if event.type() in _MOVES:
            self._moved()
        return False


class FileDrop(QObject):  # type: ignore[misc]
    """An event filter that reports files dropped on a web view."""

    def __init__(self, view: Any, dropped: Dropped) -> None:
        super().__init__(view)
        self._dropped = dropped

    def eventFilter(self, _: Any, event: Any) -> bool:  # noqa: N802
        """Let everything through."""
        if event.type() == QEvent.Type.Drop:
            paths = local_paths(bytes(url.toEncoded()).decode() for url in event.mimeData().urls())
            if paths:
                at = event.position().toPoint()
                self._dropped(paths, at.x(), at.y())
        return False


def in_its_thread(window: Any, function: Callable[[], None]) -> None:
    """Call the function in the thread of this window of pywebview's, whose signal carries it there."""
    window.create_window_trigger.emit(function)
