"""The user at the other end of a Unix socket."""

import contextlib
import os
import socket
import struct
import sys

from wesktopd.system.posix.private_files import relied_on

UCRED = struct.Struct("3i")  # pid, uid, gid: unix(7) on Linux
XUCRED = struct.Struct("IIh2x16I")  # version, uid, number of groups, groups: sys/ucred.h on macOS
SOL_LOCAL, LOCAL_PEERCRED = 0, 1  # sys/un.h on macOS; Python has no names for them


def is_trusted_peer(peer: socket.socket) -> bool:
    """Return whether the peer of a Unix socket is this user or root, on the side of the listener or the client.

    True for a socket of another kind, and where the kernel does not say: a secret or a directory's mode protects it.
    Within `relying_on` it has to be that user, certainly: the path may lead to a socket of root's own.
    """
    other = relied_on()
    if peer.family != getattr(socket, "AF_UNIX", None):
        return other is None
    with contextlib.suppress(OSError):
        if hasattr(socket, "SO_PEERCRED"):
            data = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, UCRED.size)
        elif sys.platform == "darwin":
            data = peer.getsockopt(SOL_LOCAL, LOCAL_PEERCRED, XUCRED.size)
        else:
            return True
        return uid_in(data) in ((os.geteuid(), 0) if other is None else (other,))
    return False


def uid_in(credentials: bytes) -> int | None:
    """Return the user in a peer's credentials, in Linux's or macOS's form; None for anything else."""
    if len(credentials) == UCRED.size:
        uid: int = UCRED.unpack(credentials)[1]
        return uid
    if len(credentials) == XUCRED.size:
        version, uid, *_ = XUCRED.unpack(credentials)
        return uid if version == 0 else None
    return None
