"""A directory that another user may change, opened step by step so that no link leads out of it."""

import contextlib
import dataclasses
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from wesktopd.system import DIRECTORY, SAFELY, resolve


@dataclasses.dataclass(frozen=True)
class UntrustedDirectory:
    """A directory below `trusted`, which is this user's or root's: `names` lead there, and none may be a link.

    What is below may be moved or replaced by its owner at any time, so each step starts at the last one's descriptor.
    All methods raise OSError: NotADirectoryError for a link in the place of a directory.
    """

    trusted: Path
    names: tuple[str, ...]

    @property
    def path(self) -> Path:
        """Where it is, to be shown."""
        return self.trusted.joinpath(*self.names)

    @contextlib.contextmanager
    def opened(self, names: tuple[str, ...] | None = None) -> Iterator[int]:
        """Open it, or with other names another below `trusted`; its descriptor."""
        fd = os.open(resolve(str(self.trusted)), os.O_RDONLY | DIRECTORY)
        try:
            for name in self.names if names is None else names:
                inner = os.open(name, os.O_RDONLY | DIRECTORY, dir_fd=fd)
                os.close(fd)
                fd = inner
            yield fd
        finally:
            os.close(fd)

    def has_file(self, name: str) -> bool:
        """Whether it has a regular file of that name; False where there is no such directory."""
        with contextlib.suppress(OSError), self.opened() as fd:
            return stat.S_ISREG(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode)
        return False

    def unlink(self, name: str) -> None:
        """Remove a name; never what a link leads to."""
        with self.opened() as fd:
            os.unlink(name, dir_fd=fd)

    def rmdir(self) -> None:
        """Remove it, where it is empty."""
        with self.opened(self.names[:-1]) as fd:
            os.rmdir(self.names[-1], dir_fd=fd)

    def read_end(self, name: str, limit: int) -> bytes:
        """The last `limit` bytes of a file of the directory's owner; PermissionError for another's, or no file."""
        with self.opened() as fd, os.fdopen(os.open(name, os.O_RDONLY | SAFELY, dir_fd=fd), "rb") as file:
            info = os.fstat(file.fileno())
            if not stat.S_ISREG(info.st_mode) or info.st_uid != os.fstat(fd).st_uid:
                raise PermissionError(f"{self.path / name} is not a file of the directory's owner")
            file.seek(max(0, info.st_size - limit))
            return file.read(limit)
