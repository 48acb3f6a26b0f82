"""Keeps the window's geometry from one run to the next."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from wesktop.window.creation import required
from wesktop.window.frame.geometry import Geometry, centred, fit, fit_first, parse, serialize
from wesktop.window.page.state_file import remember
from wesktop.window.toolkit import Toolkit
from wesktopd.system import read_private

MAX_FILE = 4096  # bytes
SETTLED_AFTER = 0.5  # seconds; maximising comes as several events, whose order differs between window managers


class GeometryFile:
    """The file of one app; its last window's geometry counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.last = self._read()

    def _read(self) -> Geometry | None:
        try:
            return parse(read_private(self._path, MAX_FILE))
        except OSError:
            return None

    def keep(self, now: Geometry) -> None:
        """Write it down. One that is maximised keeps the size and place that it had before."""
        if now.maximized and self.last is not None:
            now = Geometry(self.last.width, self.last.height, self.last.x, self.last.y, maximized=True)
        if now == self.last:
            return
        self.last = now
        remember(self._path, serialize(now))


def store_geometry(window: Any, toolkit: Toolkit, path: Path) -> None:
    """Let the window open where its last one was, and write down where it goes."""
    stored = GeometryFile(path)
    due = False

    def save() -> None:
        nonlocal due
        due = False
        now = toolkit.geometry(window)
        if now is not None:
            stored.keep(now)

    def on_changed() -> None:
        nonlocal due
        if not due:
            due = True
            toolkit.later(SETTLED_AFTER, save)

    def restore() -> None:
        if stored.last is not None:
            _place(window, fit(stored.last, toolkit.screens()), toolkit)

    window.events.initialized += required(restore)
    window.events.before_show += required(lambda: toolkit.on_moved(window, on_changed))
    window.events.closing += save


def fit_on_screen(window: Any, toolkit: Toolkit) -> None:
    """Let a window that has no stored geometry open wholly on a screen, its frame included."""

    def shrink() -> None:
        screens, (left, top) = toolkit.screens(), toolkit.corner()
        asked = Geometry(window.initial_width, window.initial_height)
        if window.initial_x is not None and window.initial_y is not None:
            asked = replace(asked, x=window.initial_x + left, y=window.initial_y + top)
        fitting = fit_first(asked, screens)
        if fitting.x is None and toolkit.centres_content and screens:
            fitting = centred(fitting, screens[0])
        _place(window, replace(fitting, maximized=window.maximized), toolkit)

    window.events.initialized += required(shrink)


def _place(window: Any, geometry: Geometry, toolkit: Toolkit) -> None:
    """Before the toolkit has made the window. pywebview counts its place from the first screen's corner."""
    if window.resizable:
        window.initial_width, window.initial_height = geometry.width, geometry.height
        window.maximized = geometry.maximized
    if geometry.x is not None and geometry.y is not None:
        left, top = toolkit.corner()
        window.initial_x, window.initial_y = geometry.x - left, geometry.y - top
