"""Messages to a service manager, and sockets from it: sd_notify(3), sd_listen_fds(3), sd_watchdog_enabled(3).

Without effect where there is none.
"""

import contextlib
import os
import socket
import time

from wesktopd.system.posix.launchd_sockets import SOCKETS

FIRST_DESCRIPTOR = 3  # SD_LISTEN_FDS_START
STORED = "wesktop"  # the name under which the sockets of our port are kept in the descriptor store
OURS = (
    "NOTIFY_SOCKET",
    "WATCHDOG_USEC",
    "WATCHDOG_PID",
    "LISTEN_PID",
    "LISTEN_FDS",
    "LISTEN_FDNAMES",
    "FDSTORE",
    SOCKETS,
)


def notify(*lines: str, descriptors: tuple[int, ...] = ()) -> bool:
    """Notify the service manager; return whether there is one that received it."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.connect(address.replace("@", "\0", 1))
        # Some of it quotes others, who must not be able to add a line.
        message = "\n".join(" ".join(line.splitlines()) for line in lines).encode(errors="backslashreplace")
        if descriptors:
            socket.send_fds(manager, [message], list(descriptors))
        else:
            manager.sendall(message)
        return True
    return False


class ServiceManager:
    """The address of the service manager, without use until the first notification."""

    def __init__(self) -> None:
        self._address = os.environ.pop("NOTIFY_SOCKET", None)
        if "WATCHDOG_PID" in os.environ:  # now: the workers get their heartbeat interval from it
            os.environ["WATCHDOG_PID"] = str(os.getpid())

    def resume(self) -> None:
        """Tell it what happens from now on; this process is the one that it watches."""
        if self._address is not None:
            os.environ["NOTIFY_SOCKET"] = self._address


def reloading(status: str) -> bool:
    """Tell it that another generation is coming; `ready` ends that. The time is what Type=notify-reload goes by."""
    return notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}", f"STATUS={status}")


def ready(status: str) -> bool:
    """Tell it that the app serves, for the first time or after `reloading`."""
    return notify("READY=1", f"STATUS={status}")


def environment() -> dict[str, str]:
    """The environment for a process that the service manager is not to take for this one."""
    return {name: value for name, value in os.environ.items() if name not in OURS}


def is_watched() -> bool:
    """Return whether a service manager is notified by this process."""
    return bool(os.environ.get("NOTIFY_SOCKET"))


def watchdog_interval() -> float | None:
    """Seconds between watchdog notifications: half of the service manager's timeout; None for none."""
    usec = os.environ.get("WATCHDOG_USEC", "")
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()) or not usec.isdecimal():
        return None
    return int(usec) / 2e6 or None


def passed_sockets() -> list[tuple[str, socket.socket]]:
    """The sockets that the service manager holds for this process, with their names; each is given out once."""
    pid, count, names = (os.environ.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"))
    if pid != str(os.getpid()) or not count.isdecimal():
        return []
    named = dict(enumerate(names.split(":"), FIRST_DESCRIPTOR))
    found = []
    for fd in range(FIRST_DESCRIPTOR, FIRST_DESCRIPTOR + int(count)):
        try:
            os.set_inheritable(fd, False)
        except OSError:
            break  # there are fewer than announced
        with contextlib.suppress(OSError):  # not a socket
            found.append((named.get(fd, ""), socket.socket(fileno=fd)))
    return found


def store(sock: socket.socket) -> bool:
    """Have the service manager keep a socket of our port, so that no client is refused between two runs, and
    no other program takes it. Return whether there is a service manager.
    """
    # FDPOLL: else it would close one that neither listens nor is connected, which it takes for hung up.
    return notify("FDSTORE=1", f"FDNAME={STORED}", "FDPOLL=0", descriptors=(sock.fileno(),))


def forget_stored() -> None:
    """Have it keep our sockets no longer."""
    notify("FDSTOREREMOVE=1", f"FDNAME={STORED}")
