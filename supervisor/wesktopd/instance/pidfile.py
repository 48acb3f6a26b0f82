"""The PID file: `pid\n`, for other programs. Whether an app runs is decided by its lock, never by this file."""

import os
from pathlib import Path

from wesktopd.errors import PidFileError
from wesktopd.system import Identity, NotPrivateError, identify, is_root, is_this_user, open_file, owner, resolve
from wesktopd.system.atomic_files import atomic_write

MAX_PID_FILE = 64  # bytes that are looked at
REUSE_SLACK = 2.0  # seconds by which a file's time and a process's may disagree


class PidFile:
    """Claims a path for this process, and releases it."""

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)

    def claim(self, before: Identity | None = None) -> None:
        """Write this process's PID, atomically.

        The file of a process that has ended is replaced, even if another process has its PID by now. Raises
        PidFileError if the file names a live process, holds anything but a PID, or cannot be written.
        before: the app's last supervisor, which tells for certain whether a PID is still its own.
        """
        self._refuse_foreign_directory()
        self._refuse_foreign(before)
        self.write()

    def write(self) -> None:
        """Write this process's PID, whatever is there. Raises PidFileError."""
        try:
            atomic_write(self._path, b"%d\n" % os.getpid(), 0o644)
        except OSError as error:
            raise PidFileError(
                f"PID file {str(self._path)!r} cannot be written: {self._whose() or error.strerror}. "
                "Give a path in a directory that exists and that you may write to."
            ) from None

    def release(self, pid: int | None = None) -> None:
        """Remove the file if it still names `pid`, by default this process."""
        try:
            if self._read()[0] == str(pid or os.getpid()):
                self._path.unlink()
        except OSError:
            pass  # it is gone, or another user's by now

    def _read(self) -> tuple[str, float]:
        """Return the contents, and the time at which they were written.

        In a directory such as /tmp, others may have put something at the path: a link to a file of ours, a FIFO that
        blocks its readers, an endless device.
        """
        fd, info = open_file(self._path, os.O_RDONLY)
        with os.fdopen(fd, "rb") as file:
            return file.read(MAX_PID_FILE).decode("ascii", "replace").strip(), info.st_mtime

    def _whose(self) -> str | None:
        """Name the owner of what is at the path, if that is another user: in /tmp, say, it stays theirs."""
        try:
            uid = self._path.lstat().st_uid
        except OSError:
            return None
        return None if is_this_user(uid) else f"it belongs to {owner(uid)}"

    def _refuse_foreign_directory(self) -> None:
        """Refuse, as root, a directory of another user, who could redirect the file by a link."""
        if not is_root():
            return  # a redirected write of theirs reaches nothing that they cannot write themselves
        try:
            resolve(str(self._path.parent))
        except NotPrivateError as error:
            raise PidFileError(f"PID file {str(self._path)!r} cannot be written by root: {error}.") from None
        except OSError:
            pass  # reported when it is written

    def _refuse_foreign(self, before: Identity | None) -> None:
        try:
            text, written = self._read()
        except FileNotFoundError:
            return
        except NotPrivateError as error:
            raise PidFileError(f"PID file {error}, or give another pid_path.") from None
        except OSError as error:
            raise PidFileError(f"PID file {str(self._path)!r} cannot be read: {error.strerror}.") from None
        if not text:
            return  # truncated when its writer died
        if not text.isdecimal() or not 0 < int(text) < 2**31:
            raise PidFileError(
                f"PID file {str(self._path)!r} holds {text[:20]!r}, which is not a PID: "
                "remove the file, or give another pid_path."
            )
        if before and int(text) == before.pid and identify(before.pid) != before:
            return  # regardless of the clock and the file's time
        if int(text) != os.getpid() and (owner := living(int(text), written)):
            raise PidFileError(
                f"PID file {str(self._path)!r} names {owner}, which is running: stop it, or give another pid_path."
            )


def living(pid: int, written: float) -> str | None:
    """Describe the process `pid` as "name (pid 12)"; None if there is none, or if it started after `written`."""
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE or process.create_time() > written + REUSE_SLACK:
            return None
        return describe(pid)
    except psutil.NoSuchProcess:
        return None
    except psutil.AccessDenied:
        return f"pid {pid}"


def describe(pid: int) -> str:
    """Describe a process for people: "name (pid 12)"."""
    import psutil

    try:
        return f"{psutil.Process(pid).name()} (pid {pid})"
    except psutil.Error:
        return f"pid {pid}"
