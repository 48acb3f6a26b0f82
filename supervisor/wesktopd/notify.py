"""What a service manager is told, and gives: sd_notify(3), sd_listen_fds(3). Without effect where there is none."""

import contextlib
import os
import socket

FIRST_DESCRIPTOR = 3  # SD_LISTEN_FDS_START
STORED = "wesktop"  # the name under which our own listening socket is kept in the descriptor store


def notify(*lines: str, descriptors: tuple[int, ...] = ()) -> bool:
    """Tell the service manager; whether there is one that has heard it."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.connect(address.replace("@", "\0", 1))
        message = "\n".join(lines).encode()
        if descriptors:
            socket.send_fds(manager, [message], list(descriptors))
        else:
            manager.sendall(message)
        return True
    return False


def passed_listeners() -> dict[str, socket.socket]:
    """The sockets that the service manager holds for this process, by their names; each is given out once."""
    environment = os.environ
    if environment.pop("LISTEN_PID", "") != str(os.getpid()):
        return {}
    count = environment.pop("LISTEN_FDS", "0")
    names = environment.pop("LISTEN_FDNAMES", "").split(":")
    found = {}
    for index in range(int(count) if count.isdecimal() else 0):
        fd = FIRST_DESCRIPTOR + index
        os.set_inheritable(fd, False)
        with contextlib.suppress(OSError):  # not a socket
            sock = socket.socket(fileno=fd)
            found[names[index] if index < len(names) and names[index] else f"fd{fd}"] = sock
    return found


def store(listener: socket.socket) -> None:
    """Have the service manager keep the listening socket, so that nobody is refused between two of our lives."""
    notify("FDSTORE=1", f"FDNAME={STORED}", descriptors=(listener.fileno(),))


def forget_stored() -> None:
    """Have it keep our listening socket no longer."""
    notify("FDSTOREREMOVE=1", f"FDNAME={STORED}")
