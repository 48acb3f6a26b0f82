"""Files that are written whole or not at all, and removed only by the process that made them."""

import contextlib
import os
from pathlib import Path


def atomic_write(path: Path, data: bytes, mode: int = 0o600, *, durable: bool = False) -> None:
    """Put a file in the place of what is at `path`, for its owner alone unless another mode is given.

    durable: also where the power fails. A file system may else keep the new name and not yet what is in the file
    (fsync(2), rename(2)); it costs a few milliseconds.

    Raises OSError, and then changes nothing.
    """
    # Not to be guessed: in a directory that others may write to, they could have all names taken beforehand.
    draft = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    try:
        with open(
            draft, "xb", opener=lambda name, flags: os.open(name, flags | getattr(os, "O_NOFOLLOW", 0), mode)
        ) as file:
            if hasattr(os, "fchmod"):  # whatever the umask has taken away
                os.fchmod(file.fileno(), mode)
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    if durable:
        _sync_directory(path.parent)


def _sync_directory(path: Path) -> None:
    """Have the names in a directory on disk; Windows opens none, and not every file system can do it."""
    with contextlib.suppress(OSError):
        fd = os.open(path, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


class OwnFile:
    """A path at which this process has made something: a file or a socket. Others may put their own in its place."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: tuple[int, ...] | None = None

    def claim(self) -> None:
        """Remember the file that is there now as made by this process."""
        self._found = self._look()

    def is_in_place(self) -> bool:
        """Return whether the file is still the one at its path."""
        return self._found is not None and self._found == self._look()

    def remove(self) -> None:
        """Remove it, unless something else is there by now."""
        if self.is_in_place():
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _look(self) -> tuple[int, ...] | None:
        try:
            info = self._path.lstat()
        except OSError:
            return None
        return info.st_dev, info.st_ino, info.st_mtime_ns  # the number of a file that was removed is used again
