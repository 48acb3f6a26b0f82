"""Files that are dropped, on GTK."""

from typing import Any

from wesktop.window.frame.file_drop import Dropped, local_paths


class FileDrop:
    """WebKit asks for what is dragged while it is above the page, long before it is dropped, if ever."""

    def __init__(self, webview: Any, dropped: Dropped) -> None:
        self._dropped = dropped
        self._paths: list[str] = []
        webview.connect("drag-data-received", self._on_data)
        webview.connect("drag-drop", self._on_drop)

    def _on_data(self, _webview: Any, _context: Any, _x: int, _y: int, data: Any, _info: int, _time: int) -> None:
        if data.get_target().name() == "text/uri-list":
            self._paths = local_paths(data.get_uris() or ())

    def _on_drop(self, _webview: Any, _context: Any, x: int, y: int, _time: int) -> bool:
        paths, self._paths = self._paths, []
        if paths:
            self._dropped(paths, x, y)
        return False  # it is WebKit's to go on with
