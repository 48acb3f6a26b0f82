"""A directory that another user can change, opened step by step so that no link leads out of it."""

import contextlib
import dataclasses
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from wesktopd.system import DIRECTORY, SAFELY, resolve


@dataclasses.dataclass(frozen=True)
class UntrustedDirectory:
    """A directory below `trusted`, which belongs to this user or root. names: the path to it, without links.

    Its owner can move or replace anything below `trusted` at any time, so each step opens relative to the last
    descriptor. All methods raise OSError: NotADirectoryError if a directory is a link.
    """

    trusted: Path
    names: tuple[str, ...]

    @property
    def path(self) -> Path:
        """The path, for messages only."""
        return self.trusted.joinpath(*self.names)

    @contextlib.contextmanager
    def opened(self, names: tuple[str, ...] | None = None) -> Iterator[int]:
        """Open it, or the directory of other names below `trusted`; yield the descriptor."""
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
        """Return whether it has a regular file of that name; False if the directory does not exist."""
        with contextlib.suppress(OSError), self.opened() as fd:
            return stat.S_ISREG(os.stat(name, dir_fd=fd, follow_symlinks=False).st_mode)
        return False

    def unlink(self, name: str) -> None:
        """Remove a name; if it is a link, the link only."""
        with self.opened() as fd:
            os.unlink(name, dir_fd=fd)

    def rmdir(self) -> None:
        """Remove the directory if it is empty."""
        with self.opened(self.names[:-1]) as fd:
            os.rmdir(self.names[-1], dir_fd=fd)

    def read_end(self, name: str, limit: int) -> bytes:
        """Return the last `limit` bytes of a file. Raises PermissionError if it is not the owner's."""
        with self.opened() as fd, os.fdopen(os.open(name, os.O_RDONLY | SAFELY, dir_fd=fd), "rb") as file:
            info = os.fstat(file.fileno())
            if not stat.S_ISREG(info.st_mode) or info.st_uid != os.fstat(fd).st_uid:
                raise PermissionError(f"{self.path / name} is not a file of the directory's owner")
            file.seek(max(0, info.st_size - limit))
            return file.read(limit)
