"""Opening files to serve: each once, so that the checked file is the one sent.

A path that was checked may lead elsewhere by the time it is opened. So a file is looked at through its descriptor,
and one below a directory is opened one name at a time, no link being followed: `locate` has followed them, and
refused those that lead out.
"""

import errno
import os
import sys
from collections.abc import Sequence
from io import FileIO
from pathlib import Path, PureWindowsPath
from stat import S_ISREG

# Opening a FIFO does not wait for a writer then, nor a file for the holder of its lease (fcntl(2)).
_AT_ONCE = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)
# By O_PATH a directory need not be readable, but can be passed through.
_DIRECTORY = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_PATH", 0)

_SEPARATORS = {"\\", ":", "\0"} if os.sep == "\\" else {"\0"}

# What opening a file fails with because of its path: any other failure (no descriptors left) is the server's own.
_NO_SUCH_FILE = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EACCES,
    errno.EPERM,
    errno.ENAMETOOLONG,
    errno.ELOOP,
    errno.EINVAL,
    errno.EAGAIN,
    errno.ENXIO,
}


def locate(root: Path, relative: str, *, dotfiles: bool = False) -> tuple[str, ...] | None:
    """Return the names that lead from *root*, a resolved directory, to the file at the URL path *relative* below it.

    There is no link among them. None if it is not served: names that begin with a dot, unless *dotfiles*, be it in
    the URL or where a link leads; a path that is not in its plain form ("..", ".", empty segments); characters that
    separate paths (on Windows the backslash and the colon) or end them (NUL); and whatever symbolic links lead out of
    the root.
    """
    segments = relative.split("/")
    if any(segment in ("", ".", "..") for segment in segments) or not _SEPARATORS.isdisjoint(relative):
        return None
    try:
        file = root.joinpath(*segments).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):  # missing, a loop of links, too long, not a possible name
        return None
    if not (file.is_relative_to(root) and file.is_file()):
        return None
    names = file.relative_to(root).parts
    return names if dotfiles or not any(name.startswith(".") for name in (*segments, *names)) else None


def open_file(path: str | os.PathLike[str]) -> FileIO | None:
    """Open the regular file *path*; None where there is none. On the loop, as it takes 5 us and a thread 50."""
    try:
        # Asked first, as merely opening a device may do something.
        if not S_ISREG(os.stat(path).st_mode):  # noqa: PTH116  half the time of Path.stat
            return None
        return _regular(FileIO(os.fspath(path), opener=_open_at_once))
    except ValueError:  # a NUL, or a character that no file name can have
        return None
    except OSError as error:
        if error.errno in _NO_SUCH_FILE:
            return None
        raise


def open_beneath(root: str, names: Sequence[str]) -> FileIO | None:
    """Open the regular file at *names* below *root*; None where there is none, or one of the names is a link."""
    path = os.path.join(root, *names)  # noqa: PTH118  a tenth of the time of Path
    if os.open not in os.supports_dir_fd:
        opened = open_file(path)
        if opened is None or is_path_of(path, _final_path(opened)):
            return opened
        opened.close()
        return None
    try:
        return _regular(FileIO(path, opener=lambda _, flags: _open_without_links(root, names, flags)))
    except OSError as error:
        if error.errno in _NO_SUCH_FILE:
            return None
        raise


def _regular(file: FileIO) -> FileIO | None:
    if S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    return None


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | _AT_ONCE)


def _open_without_links(root: str, names: Sequence[str], flags: int) -> int:
    *directories, name = names
    directory = os.open(root, _DIRECTORY)
    try:
        for inner in directories:
            outer, directory = directory, os.open(inner, _DIRECTORY | _NO_LINK, dir_fd=directory)
            os.close(outer)
        return os.open(name, flags | _AT_ONCE | _NO_LINK, dir_fd=directory)
    finally:
        os.close(directory)


def is_path_of(path: str, final: str) -> bool:
    r"""Return whether *final*, the path of an open file as Windows tells it (`\\?\C:\...`), is *path*."""
    plain = final.removeprefix("\\\\?\\")
    if plain[:4].upper() == "UNC\\":
        plain = "\\\\" + plain[4:]
    return PureWindowsPath(plain) == PureWindowsPath(path)


def _final_path(file: FileIO) -> str:
    """Return the path of what is open, with no link in it: Windows has no open() below a directory."""
    if sys.platform == "win32":
        import ctypes
        import msvcrt

        buffer = ctypes.create_unicode_buffer(32768)  # characters that a path has at most
        handle = ctypes.c_void_p(msvcrt.get_osfhandle(file.fileno()))
        if not ctypes.windll.kernel32.GetFinalPathNameByHandleW(handle, buffer, len(buffer), 0):
            raise ctypes.WinError()
        return buffer.value
    raise NotImplementedError("every other system opens files below a directory")
