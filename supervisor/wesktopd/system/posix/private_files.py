"""Directories and files for this user alone: checked before they are used, and never for a moment open to others.

What is trusted is this user's or root's. Every directory and link on the way to a file has to be, as well as the
file: the owner of a directory can replace whatever is in it. A directory that others may write to
(/tmp, or a volume in a container) is in order as long as its owner is: they cannot make what belongs to us.

Light, and about paths as strings: a window waits for this module.
"""

import contextlib
import errno
import os
import stat

TYPE_CHECKING = False  # as type checkers know it
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import NoReturn

DIR_MODE = 0o700
FILE_MODE = 0o600
OTHERS_WRITE = 0o022
OTHERS = 0o077
MAX_LINKS = 40  # on the way to a file, as the kernel has it (path_resolution(7))
ROOT = 0
HAS_OWNERS = hasattr(os, "geteuid")  # not on Windows, where a user's profile directory is the user's alone

# O_NONBLOCK, since opening a FIFO would wait for its other end.
SAFELY = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
DIRECTORY = SAFELY | getattr(os, "O_DIRECTORY", 0)


class NotPrivateError(PermissionError):
    """Something that is not this user's alone; `strerror` and `str()` are a sentence that names it and its owner."""

    def __str__(self) -> str:
        return str(self.strerror)


def is_root() -> bool:
    """Return whether this process is root's; never on Windows."""
    return HAS_OWNERS and os.geteuid() == ROOT


def is_this_user(uid: int) -> bool:
    """Return whether an owner of files is this process's user; always on Windows."""
    return not HAS_OWNERS or uid == os.geteuid()


_relied_on: int | None = None  # another user whose files are in order, see `relying_on`


@contextlib.contextmanager
def relying_on(user: int) -> "Iterator[None]":
    """Within this block, check files and sockets as if this process were `user`'s.

    For root, which looks at that user's app (wesktopd.other_users). Directories are not to be made meanwhile.
    """
    global _relied_on
    before, _relied_on = _relied_on, user
    try:
        yield
    finally:
        _relied_on = before


def relied_on() -> int | None:
    """Return the user of `relying_on`; None outside of such a block."""
    return _relied_on


def _user() -> int:
    return os.geteuid() if _relied_on is None else _relied_on


# What is in order: no I/O.


def is_trusted_owner(uid: int, user: int, stranger: int | None = None) -> bool:
    """Return whether what belongs to `uid` can be relied on by `user`.

    stranger: the number that stands for all users from outside of our user namespace, among them the real root.
    """
    return uid in (ROOT, user) or uid == stranger


def objection(info: os.stat_result, user: int, forbidden: int = 0) -> str | None:
    """Return why a file cannot be used as this user's own, as the end of a sentence; None if it can.

    forbidden: bits that its mode must not have.
    """
    if stat.S_ISLNK(info.st_mode):
        return f"is a symbolic link of {owner(info.st_uid)}: remove it, and put what it leads to in its place"
    if not stat.S_ISREG(info.st_mode):
        return f"is not a file, and belongs to {owner(info.st_uid)}: remove it"
    if info.st_uid not in (ROOT, user):
        return f"belongs to {owner(info.st_uid)}: have it removed"
    if info.st_mode & forbidden:
        mode = stat.S_IMODE(info.st_mode)
        return f"is not for its owner, {owner(info.st_uid)}, alone (mode {mode:04o}): look at it, then chmod 600 it"
    return None


def owner(uid: int) -> str:
    """A user as people know them: "bob (uid 1001)"."""
    try:
        import pwd  # not on Windows

        return f"{pwd.getpwuid(uid).pw_name} (uid {uid})"
    except (ImportError, KeyError):
        return f"uid {uid}"


# Directories.


def private_dir(path: "str | Path") -> None:
    """Make `path` with mode 0700, and likewise what is missing above it (XDG Base Directory Specification).

    One that is there is tightened. Raises NotPrivateError when it or one above it is another user's, or is reached by
    another user's link, or when it is a link itself; OSError when it cannot be made.
    """
    if not HAS_OWNERS:
        os.makedirs(path, exist_ok=True)
        return
    above, name = os.path.split(os.path.abspath(path))
    place = os.path.join(resolve(above, make=True), name)
    _lstat(place, make=True)
    try:
        fd = os.open(place, DIRECTORY | os.O_RDONLY)
    except OSError as error:
        _refuse_what_is_no_directory(place, error)
    try:
        info = os.fstat(fd)
        if not is_this_user(info.st_uid):
            _refuse(place, f"belongs to {owner(info.st_uid)}: have it removed")
        if stat.S_IMODE(info.st_mode) & 0o777 != DIR_MODE:
            os.fchmod(fd, DIR_MODE)
    finally:
        os.close(fd)


def _refuse_what_is_no_directory(place: str, error: OSError) -> "NoReturn":
    info = os.lstat(place)
    if stat.S_ISLNK(info.st_mode):
        _refuse(place, f"is a symbolic link of {owner(info.st_uid)}: remove it, or have a directory in its place")
    if not stat.S_ISDIR(info.st_mode):
        _refuse(place, f"is not a directory, and belongs to {owner(info.st_uid)}: remove it")
    raise error


def resolve(path: str, *, make: bool = False) -> str:
    """Follow the links in a path, of trusted owners through directories of trusted owners; where that leads to.

    make: directories that are missing, with mode 0700. Raises NotPrivateError at the first one of another user's,
    FileNotFoundError for one that is missing, OSError.
    """
    at, links = os.sep, 0
    ahead = _parts(os.path.abspath(path))
    while ahead:
        part = ahead.pop()
        if part == os.pardir:
            at = os.path.dirname(at)
            continue
        place = os.path.join(at, part)
        info = _lstat(place, make=make)
        if not is_trusted_owner(info.st_uid, _user()) and not is_trusted_owner(info.st_uid, ROOT, _stranger()):
            what = "is a symbolic link of" if stat.S_ISLNK(info.st_mode) else "belongs to"
            _refuse(place, f"{what} {owner(info.st_uid)}: have it removed, or use a directory of your own")
        if stat.S_ISLNK(info.st_mode):
            links += 1
            if links > MAX_LINKS:
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
            target = os.readlink(place)
            at = os.sep if target.startswith(os.sep) else at
            ahead += _parts(target)
        else:
            at = place
    return at


def _parts(path: str) -> list[str]:
    """The names in a path, the last one first."""
    return [part for part in reversed(path.split(os.sep)) if part not in ("", os.curdir)]


def _lstat(place: str, *, make: bool) -> os.stat_result:
    if make:
        try:
            return os.lstat(place)
        except FileNotFoundError:
            with contextlib.suppress(FileExistsError):  # somebody was faster: it is looked at like any other
                os.mkdir(place, DIR_MODE)
                if os.lstat(place).st_mode & DIR_MODE != DIR_MODE:  # the umask has taken away what is needed
                    os.chmod(place, DIR_MODE)
    return os.lstat(place)


def _stranger() -> int | None:
    """Return the ID that stands for owners outside our user namespace: a container's /tmp may be the real root's.

    None outside of such a namespace, where it is a user like any other (user_namespaces(7)).
    """
    try:
        with open("/proc/self/uid_map", "rb") as ids:
            if ids.read().split() == [b"0", b"0", b"%d" % (2**32 - 1)]:
                return None
        with open("/proc/sys/kernel/overflowuid", "rb") as number:
            return int(number.read())
    except (OSError, ValueError):
        return None


# Files.


def open_file(path: "str | Path", flags: int) -> tuple[int, os.stat_result]:
    """Open a regular file, made with mode 0600 where `flags` say so, and by no link; its descriptor, and what it is.

    Raises NotPrivateError for anything else; OSError.
    """
    try:
        fd = os.open(path, flags | SAFELY, FILE_MODE)
    except OSError as error:
        if error.errno not in (errno.ELOOP, errno.ENXIO):  # a link; a FIFO or a socket
            raise
        _refuse(path, objection(os.lstat(path), ROOT) or os.strerror(error.errno))
    info = os.fstat(fd)
    if not stat.S_ISREG(info.st_mode):
        os.close(fd)
        if stat.S_ISDIR(info.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        _refuse(path, objection(info, ROOT) or "")
    return fd, info


def open_private(path: "str | Path", flags: int, forbidden: int = 0) -> int:
    """Open a file of this user's own; its descriptor. It is given mode 0600 where it is looser, or where
    the umask has taken that away.

    forbidden: bits of its mode with which it is refused instead. Raises NotPrivateError when it is another user's, a
    link or no file; OSError.
    """
    fd, info = open_file(path, flags)
    if not HAS_OWNERS:
        return fd
    try:
        if (trouble := objection(info, _user(), forbidden)) is not None:
            _refuse(path, trouble)
        if _relied_on not in (None, info.st_uid):  # a path of that user's that leads to a file of root's
            _refuse(path, f"belongs to {owner(info.st_uid)}")
        unusable = flags & os.O_CREAT and info.st_mode & FILE_MODE != FILE_MODE
        if (info.st_mode & OTHERS or unusable) and is_this_user(info.st_uid):
            _set_mode(fd)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _set_mode(fd: int) -> None:
    try:
        os.fchmod(fd, FILE_MODE)
    except OSError as error:
        if error.errno != errno.EROFS:
            raise


def read_private(path: "str | Path", limit: int, forbidden: int = OTHERS_WRITE) -> bytes:
    """Return the contents of a private file. Raises as `open_private` does; OSError for more than `limit` bytes."""
    with open(open_private(path, os.O_RDONLY, forbidden), "rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise OSError(errno.EFBIG, f"it is longer than {limit} bytes", str(path))
    return data


def _refuse(path: "str | Path", why: str) -> "NoReturn":
    raise NotPrivateError(errno.EACCES, f"{path} {why}", str(path))
