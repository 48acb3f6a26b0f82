"""Descriptors: how many a process may have, and sending, receiving and replacing them."""

import contextlib
import os
import resource
import socket
from collections.abc import Sequence


def raise_descriptor_limit(wanted: int) -> None:
    """Raise the limit of open descriptors to `wanted`, as far as the system allows.

    No higher: the programs that the app starts inherit it. Some close all descriptors up to the limit, or allocate
    tables of that size, and hang where it is a thousand million. It cannot be lowered for them alone, as `subprocess`
    runs no code of ours between fork and exec.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def send_descriptors(channel: socket.socket, data: bytes | memoryview, descriptors: Sequence[int]) -> None:
    """Send data with descriptors (SCM_RIGHTS, unix(7)). Raises OSError."""
    socket.send_fds(channel, [data], [*descriptors])


def receive_descriptors(channel: socket.socket, size: int, most: int) -> tuple[bytes, list[int]]:
    """Receive up to `size` bytes and the descriptors that come with them; no child inherits these. Raises OSError."""
    data, descriptors, _, _ = socket.recv_fds(channel, size, most)
    for fd in descriptors:
        os.set_inheritable(fd, False)
    return data, descriptors


def replace_descriptor(number: int, replacement: int) -> None:
    """Make `number` lead to where `replacement` leads, and close `replacement`. Raises OSError."""
    os.dup2(replacement, number)
    os.close(replacement)


def replace_with_null(*descriptors: int) -> None:
    """Close descriptors; /dev/null takes their place, so that nothing else gets their numbers."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for fd in descriptors:
        os.dup2(nowhere, fd)
    os.close(nowhere)
