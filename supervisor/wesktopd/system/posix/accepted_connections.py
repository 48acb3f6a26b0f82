"""The connections that this process has accepted, as the kernel knows them: asked for seldom, and free until then.

Counting them in the server instead would cost each request, and miss those of which no byte was read.
"""

import os
import socket
import struct
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

if sys.platform != "win32":
    import resource  # now: to load it takes a descriptor

Address = Any  # as getsockname() has it

WILDCARDS = ("0.0.0.0", "::")  # noqa: S104  compared with, not bound

# The option of a TCP socket that has a struct, in which the number of bytes sent is found there as a u64.
# Linux: struct tcp_info, tcpi_bytes_sent, from 4.19; macOS: TCP_CONNECTION_INFO, tcpi_txbytes, netinet/tcp.h.
_BYTES_SENT = {"linux": (getattr(socket, "TCP_INFO", 11), 200), "darwin": (0x106, 64)}
_INFO_SIZE = 512


class Connection(NamedTuple):
    """unread: bytes arrived that the server has not read. sent: bytes by the server; None if unknown."""

    unread: bool
    sent: int | None


def descriptors() -> list[int]:
    """Return all descriptors that may be open in this process. Raises OSError where that is unknown: on Windows."""
    try:
        # By os.listdir, since names are what is wanted.
        return [int(name) for name in os.listdir("/proc/self/fd" if sys.platform == "linux" else "/dev/fd")]  # noqa: PTH208
    except OSError:  # no descriptor is left to find out, or there is no /proc
        if sys.platform == "win32":
            raise
        return [*range(resource.getrlimit(resource.RLIMIT_NOFILE)[0])]


def accepted(address: Address) -> Iterator[socket.socket]:
    """Lend the sockets that were accepted at a listening socket's address. Raises OSError as `descriptors` does."""
    for fd in descriptors():
        try:
            if os.get_blocking(fd):  # a server's never are; and a socket object may turn another's from it
                continue
            sock = socket.socket(fileno=fd)
        except OSError:  # not a socket, or closed by now
            continue
        try:
            if _is_at(sock, address):
                yield sock
        finally:
            sock.detach()


def _is_at(sock: socket.socket, address: Address) -> bool:
    try:
        name = sock.getsockname()
        if sock.type != socket.SOCK_STREAM or sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return False
    except OSError:
        return False
    return is_same(name, address)


def is_same(name: Address, listening: Address) -> bool:
    """Return whether a connection's own address is that of a listening socket, which may be a wildcard or a path."""
    if isinstance(name, tuple) and isinstance(listening, tuple):
        return bool(name[1] == listening[1] and (listening[0] in WILDCARDS or name[0] == listening[0]))
    return bool(name and name == listening)


def look(sock: socket.socket) -> Connection | None:
    """Return the state of an accepted socket; None if its client is gone."""
    sock.setblocking(False)  # as it is; but an app's default timeout is the socket object's too
    try:
        if not sock.recv(1, socket.MSG_PEEK):
            return None
        unread = True
    except BlockingIOError:
        unread = False
    except OSError:
        return None
    return Connection(unread, _bytes_sent(sock))


def _bytes_sent(sock: socket.socket) -> int | None:
    try:
        option, offset = _BYTES_SENT[sys.platform]
        return int(struct.unpack_from("=Q", sock.getsockopt(socket.IPPROTO_TCP, option, _INFO_SIZE), offset)[0])
    except (KeyError, OSError, struct.error):
        return None
