"""Keeps the zoom factor of an app's pages from one run to the next."""

import contextlib
from pathlib import Path

from wesktop.window.frame.behaviour import ZOOM_LEVELS
from wesktop.window.page.state_file import remember
from wesktopd.system import read_private

MAX_FILE = 64  # bytes


class ZoomStore:
    """The zoom factor in a file; without a path, in memory alone."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.factor = self._read()

    def _read(self) -> float:
        if self._path is not None:
            with contextlib.suppress(OSError, ValueError):
                factor = float(read_private(self._path, MAX_FILE))
                if ZOOM_LEVELS[0] <= factor <= ZOOM_LEVELS[-1]:
                    return factor
        return 1.0

    def set(self, factor: float) -> None:
        """Change the factor, and write it down."""
        if factor == self.factor:
            return
        self.factor = factor
        if self._path is not None:
            remember(self._path, f"{factor:g}\n".encode())
