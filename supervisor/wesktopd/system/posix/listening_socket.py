"""The socket that workers listen on, and the names that lead to it, as far as systems differ."""

import socket
import sys

# WebKit asks the system's resolver on macOS, which knows no names below `localhost`.
RESOLVES_LOCALHOST_NAMES = sys.platform != "darwin"


def socket_holder_arguments(listener: socket.socket, backlog: int) -> tuple[int | bool, ...]:
    """Return the arguments of granian's SocketHolder for a socket that is bound already (2.8)."""
    fd, is_unix = listener.fileno(), listener.family == socket.AF_UNIX
    return (fd, is_unix) if sys.platform == "darwin" else (fd, is_unix, backlog)
