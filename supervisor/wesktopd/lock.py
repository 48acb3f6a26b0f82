"""The lock that says whether an app runs: held for as long as its supervisor lives, however it dies."""

import fcntl
import os
import time
from pathlib import Path

from wesktopd.private import open_private

TRY_EVERY = 0.005  # seconds


class Lock:
    """An flock on a file that is removed with it.

    The kernel releases it when the holder dies, so that it cannot be stale as a PID file can.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.fd: int | None = None

    @property
    def held(self) -> bool:
        """Whether this process has it."""
        return self.fd is not None

    def acquire(self, patience: float = 0.0) -> bool:
        """Take the lock; False when others have it for so many seconds.

        Raises OSError when the file cannot be made or opened.
        """
        deadline = time.monotonic() + patience
        while not (locked := self._try()) and time.monotonic() < deadline:
            time.sleep(TRY_EVERY)
        return locked

    def _try(self) -> bool:
        while True:
            fd = open_private(self._path, os.O_RDWR | os.O_CREAT)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(fd)
                return False
            if self._is_current(fd):
                self.fd = fd
                return True
            os.close(fd)  # its holder removed it between our open and our lock: that file is nobody's now

    def _is_current(self, fd: int) -> bool:
        try:
            return os.path.samestat(self._path.lstat(), os.fstat(fd))
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Remove the file, then give the lock back; without effect when it is not held."""
        if self.fd is not None:
            self._path.unlink(missing_ok=True)
            os.close(self.fd)
            self.fd = None
