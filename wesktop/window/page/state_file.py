"""Files in which a window remembers something for its next run."""

import contextlib
from pathlib import Path

from wesktopd.system import private_dir
from wesktopd.system.atomic_files import atomic_write


def remember(path: Path, data: bytes) -> None:
    """Write a private file; if that fails, as on a full or read-only disk, the window goes on without."""
    with contextlib.suppress(OSError):
        private_dir(path.parent)
        atomic_write(path, data)
