"""The sockets that launchd holds for a job: launch_activate_socket(3), which is C alone.

A job says that it has any by the variable SOCKETS of its environment, which names them as its `Sockets` key does.
Built from Apple's documentation; the call's handling is tested on Linux, launchd itself has not been met.
"""

import os
import socket
import sys

from wesktopd.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SOCKETS = "WESKTOP_LAUNCHD_SOCKETS"


def activated_sockets() -> list[tuple[str, socket.socket]]:
    """Return the sockets of this job, without names; once, and not inherited by child processes.

    Raises ConfigurationError where the job says that it has some, and launchd does not give them.
    """
    name = os.environ.pop(SOCKETS, "")
    platform: str = sys.platform  # a str: mypy takes the rest for unreachable elsewhere
    if not name or platform != "darwin":
        return []
    import ctypes  # late: only used here

    found = []
    for fd in activate(ctypes.CDLL("/usr/lib/libSystem.dylib"), name):
        os.set_inheritable(fd, False)
        found.append(("", socket.socket(fileno=fd)))
    return found


def activate(library: "Any", name: str) -> list[int]:
    """`int launch_activate_socket(const char *name, int **fds, size_t *cnt)`; the array is the caller's to free.

    Raises ConfigurationError for what it returns but 0: ENOENT, ESRCH (this is no job) or EALREADY.
    """
    import ctypes

    descriptors, count = ctypes.POINTER(ctypes.c_int)(), ctypes.c_size_t()
    call = library.launch_activate_socket
    call.restype = ctypes.c_int
    code = call(name.encode(), ctypes.byref(descriptors), ctypes.byref(count))
    if code:
        raise ConfigurationError(
            f"launchd does not give the sockets {name!r} ({os.strerror(code)}): its key Sockets has to name them."
        )
    found = [descriptors[i] for i in range(count.value)]
    library.free.argtypes = [ctypes.c_void_p]
    library.free(descriptors)
    return found
