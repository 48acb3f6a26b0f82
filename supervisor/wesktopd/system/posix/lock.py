"""The lock of an app: held for as long as its supervisor lives, however it dies."""

import fcntl
import os
import time
from pathlib import Path

from wesktopd.system.posix.forked import withhold
from wesktopd.system.posix.private_files import open_private

TRY_EVERY = 0.005  # seconds
LOOKS_TAKE = 1.0  # maximum seconds that processes which only test the lock may delay one that takes it


class Lock:
    """An exclusive flock(2) on a file that is removed with it.

    The kernel releases it when its last descriptor is closed, so it cannot become stale as a PID file can. A shared
    lock, held for a moment, is how others look whether it is held.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.fd: int | None = None

    @property
    def held(self) -> bool:
        """Return whether this process has it."""
        return self.fd is not None

    def is_in_place(self) -> bool:
        """Return whether the file that this process has locked is still the one that others find."""
        return self.fd is not None and self._is_current(self.fd)

    def acquire(self, patience: float = LOOKS_TAKE) -> bool:
        """Take the lock; return False if another process has it. Wait `patience` seconds for those that only test it.

        Raises OSError when the file cannot be made or opened.
        """
        deadline = time.monotonic() + patience
        while True:
            fd = open_private(self._path, os.O_RDWR | os.O_CREAT)
            if _flock(fd, fcntl.LOCK_EX):
                if self._is_current(fd):
                    self.fd = fd
                    withhold(fd)
                    return True
                os.close(fd)  # its holder removed it between our open and our lock: the file is stale now
                continue
            held = not _flock(fd, fcntl.LOCK_SH)
            os.close(fd)
            if held or time.monotonic() > deadline:
                return False
            time.sleep(TRY_EVERY)

    def is_held(self) -> bool:
        """Return whether a process has the lock, without taking it or creating its file.

        Raises OSError when the file cannot be opened.
        """
        try:
            fd = open_private(self._path, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            return not _flock(fd, fcntl.LOCK_SH)
        finally:
            os.close(fd)

    def _is_current(self, fd: int) -> bool:
        try:
            return os.path.samestat(self._path.lstat(), os.fstat(fd))
        except OSError:
            return False

    def release(self) -> None:
        """Remove the file, unless another process has made a new one, and release the lock; no effect if not held."""
        if self.fd is not None:
            if self.is_in_place():
                self._path.unlink(missing_ok=True)
            self.leave()

    def leave(self) -> None:
        """Close this process's descriptor: another process that was given one goes on holding the lock."""
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


def _flock(fd: int, kind: int) -> bool:
    try:
        fcntl.flock(fd, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
