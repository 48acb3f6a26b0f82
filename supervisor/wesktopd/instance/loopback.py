"""Both loopback addresses of a port, so that requests to `localhost` reach this app and no other program.

Browsers look for `localhost`, and for names below it, at ::1 first and then at 127.0.0.1 (Fetch, "resolve an
origin"). A server listens at one of the two. The other is reserved by a *twin*: a socket that is bound and does not
listen, so that clients are refused there immediately, and go on to the first.
"""

import errno
import socket

_TWINS = {"127.0.0.1": "::1", "0.0.0.0": "::1", "::1": "127.0.0.1"}  # noqa: S104  nothing is bound there
_NOBODYS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)  # without IPv6, no program can have its address


def is_on_loopback(listener: socket.socket) -> bool:
    """Return whether clients reach it by a loopback address that has a name, 127.0.0.1 or ::1."""
    host = listener.getsockname()[0]
    return host in _TWINS or host == "::"


def reserve_twin(listener: socket.socket) -> socket.socket | None:
    """Reserve the other loopback address at the port of a listening socket, while the returned socket is open.

    None if there is nothing to reserve. Raises OSError, whose `filename` is the address, if another process has it.
    """
    twin = _twin_of(listener)
    if twin is None:
        return None
    try:
        return _bound(twin, listener.getsockname()[1])
    except OSError as error:
        if error.errno in _NOBODYS:
            return None
        raise OSError(error.errno, error.strerror, twin) from None


def is_twin(sock: socket.socket, listener: socket.socket) -> bool:
    """Return whether it is what `reserve_twin` has returned for the listener."""
    port = listener.getsockname()[1]
    return sock.family != listener.family and sock.getsockname()[:2] == (_twin_of(listener), port)


def _twin_of(listener: socket.socket) -> str | None:
    host = listener.getsockname()[0]
    if host == "::" and listener.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
        host = "::1"  # else it listens at both
    return _TWINS.get(host)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # Without it, old connections of a server there keep the address for a minute.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        # Off again: other sockets with this option could be bound there, too, as long as none listens.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    except OSError:
        sock.close()
        raise
    return sock
