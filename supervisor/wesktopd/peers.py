"""Who is at the other end of a Unix socket."""

import contextlib
import os
import socket
import struct


def is_trusted(peer: socket.socket) -> bool:
    """Whether the peer is this user or root, where the kernel tells; elsewhere a directory's mode or a secret do."""
    if not hasattr(socket, "SO_PEERCRED") or peer.family != socket.AF_UNIX:
        return True
    size = struct.calcsize("3i")
    with contextlib.suppress(OSError):
        _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        return uid in (os.getuid(), 0)
    return False
