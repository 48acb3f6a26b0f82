"""Takes from a forked child what belongs to its parent alone; by `os.fork`, as multiprocessing may use it.

A child has a copy of every descriptor, and a socket ends when its last copy is closed. So a child of the app's would
keep the port, a lock, a lease or the streams of a crashed worker open, without answering. What is
executed does not get them: they are close-on-exec.

In the child /dev/null takes their place. Were they closed, an object that still has the number would later close, or
write to, whatever has got it since. Nothing is shut down: the parent goes on.
"""

import os

TYPE_CHECKING = False  # as type checkers know it: a window waits for this module, and typing takes 4 ms
if TYPE_CHECKING:
    from wesktopd.system.posix.accepted_connections import Address

_withheld: "dict[int, tuple[tuple[int, int], Address | None]]" = {}  # by descriptor: its file, and `accepted_at`


def withhold(fd: int, accepted_at: "Address | None" = None) -> None:
    """Take this descriptor from every child that is forked while it is open.

    accepted_at: it is a listening socket, and this its address: those of its connections are taken, too.
    """
    if accepted_at is not None:
        import wesktopd.system.posix.accepted_connections  # noqa: F401  late, and not in the child, where no descriptor may be left for it

    _withheld[fd] = (_file(fd), accepted_at)


def _file(fd: int) -> tuple[int, int]:
    info = os.fstat(fd)
    return info.st_dev, info.st_ino


def _is_open(fd: int, file: tuple[int, int]) -> bool:
    try:
        return _file(fd) == file
    except OSError:
        return False


def _give_back() -> None:
    found = {fd: address for fd, (file, address) in _withheld.items() if _is_open(fd, file)}
    _withheld.clear()
    fds = [*found]
    for address in {*found.values()} - {None}:
        from wesktopd.system.posix.accepted_connections import accepted

        fds += [sock.fileno() for sock in accepted(address)]
    if fds:
        _replace(fds)


def _replace(fds: list[int]) -> None:
    try:
        null = os.open(os.devnull, os.O_RDWR)
    except OSError:  # no descriptor is left: one of these makes room
        os.close(fds[0])
        null = os.open(os.devnull, os.O_RDWR)
    for fd in fds:
        if fd != null:
            os.dup2(null, fd, inheritable=False)
    if null not in fds:
        os.close(null)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_give_back)
