"""The channel between a process and the one that started it: a socket pair, and the listening socket sent over it.

Light: windows and workers wait for this module. The messages are in `wesktopd.wire.worker_messages`.
"""

import contextlib
import os
import socket
from collections.abc import Iterator

from wesktopd.system.posix.forked import withhold
from wesktopd.wire.lines import LineReader
from wesktopd.wire.worker_messages import MAX_LINE, encode

READ_SIZE = 64 * 1024


def inherit_channel(fd: int) -> socket.socket:
    """Return this process's end of its channel, from the number that its `main` was given.

    The processes that it starts do not inherit it: an open copy would hide its exit from the other side.
    """
    channel = socket.socket(fileno=fd)
    channel.set_inheritable(False)
    withhold(fd)
    return channel


def send_message(channel: socket.socket, message: object) -> None:
    """Send a message; no effect if the other side is gone, as the channel's end shows."""
    with contextlib.suppress(OSError):
        channel.sendall(encode(message))


def hand_over_listener(channel: socket.socket, message: object, listener: socket.socket) -> None:
    """Send a worker its first message and, with it, the listening socket (SCM_RIGHTS, unix(7))."""
    line = encode(message)
    with contextlib.suppress(OSError):
        channel.sendall(line[socket.send_fds(channel, [line], [listener.fileno()]) :])


def take_over_listener(channel: socket.socket) -> tuple[bytes, socket.socket] | None:
    """Return the line and the socket that `hand_over_listener` sent; None if the channel ends before."""
    begun, descriptors, _, _ = socket.recv_fds(channel, 1, 1)  # descriptors come with the first byte
    if not descriptors:
        return None
    os.set_inheritable(descriptors[0], False)  # the programs that the app starts must not hold the port
    line = begun + read_line(channel)
    return (line, socket.socket(fileno=descriptors[0])) if line.endswith(b"\n") else None


def read_line(channel: socket.socket) -> bytes:
    """Read up to the first newline and not a byte further; what has come if the channel ends before.

    By looking first, since what follows is another reader's, or comes with descriptors.
    """
    line = bytearray()
    while not line.endswith(b"\n") and (coming := channel.recv(READ_SIZE, socket.MSG_PEEK)):
        line += channel.recv(coming.find(b"\n") + 1 or len(coming))
    return bytes(line)


def read_lines(channel: socket.socket) -> Iterator[bytes]:
    """Yield all further lines, until the channel ends."""
    lines = LineReader(MAX_LINE, cut=True)
    with contextlib.suppress(OSError):
        while data := channel.recv(READ_SIZE):
            yield from lines.feed(data)
