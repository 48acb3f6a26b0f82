"""Has a worker accept nothing new, while other processes accept on the same listening socket, and answer what it has.

A server that is stopped closes the connections of which it has read nothing yet: 45 of 29,400 in 30 restarts on a
quiet machine, and 4,031 of 15,000 on a busy one that was given a quarter of a second to read them (measured). So the
worker leaves when nothing is left to answer: 0 of 15,000.
"""

import asyncio
import os
import socket
import threading
import time
from collections.abc import Iterable

from wesktopd.system.posix.accepted_connections import Address, Connection, accepted, look
from wesktopd.system.posix.forked import withhold

LOOK_EVERY = 0.01  # seconds between two looks at the connections, at least
SHARE = 0.1  # of the time, at most, is spent with looking
LOOKS = 2  # in a row that find nothing: the first may come while a connection is being accepted
GUESS = 0.25  # seconds in which all is read, where the system does not show it (measured on a quiet machine)


class Gate:
    """A listening socket, which can be made to accept nothing any more."""

    def __init__(self, listener: socket.socket) -> None:
        self.address = listener.getsockname()
        self._listener = listener.fileno()
        withhold(self._listener, self.address)
        # Created now, as later no descriptor may be left.
        self._unreachable = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._lock = threading.Lock()

    def shut(self) -> None:
        """Replace the descriptor by a listening socket that no client can reach; from any thread.

        The server's accepts then find no client, and connections are left to the processes that hold the real
        socket. Closing it instead would end the server's own loop.
        """
        with self._lock, self._unreachable as unreachable:
            if unreachable.fileno() < 0:
                return  # shut already
            # Listening, since an accept on a socket that does not listen is an error, which ends the server's loop.
            unreachable.bind(("127.0.0.1", 0))
            unreachable.listen(1)
            unreachable.setblocking(False)
            os.dup2(unreachable.fileno(), self._listener, inheritable=False)
        withhold(self._listener, self.address)  # what was accepted before is still this process's alone


async def answered(address: Address) -> None:
    """Wait until no connection that was accepted at this address waits for the first byte of an answer.

    A connection that is kept for a further request, and of which nothing has come since, waits for none.
    """
    began, looks = time.monotonic(), 0
    while looks < LOOKS:
        look_began = time.monotonic()
        looks = looks + 1 if is_quiet(_look(address), look_began - began) else 0
        await asyncio.sleep(max(LOOK_EVERY, (time.monotonic() - look_began) / SHARE))


def _look(address: Address) -> list[Connection] | None:
    try:
        return [found for sock in accepted(address) if (found := look(sock)) is not None]
    except OSError:
        return None


def is_quiet(connections: Iterable[Connection] | None, waited: float) -> bool:
    """Return whether all connections are answered; None if the system does not show them."""
    if connections is None:
        return waited >= GUESS
    return not any(unread or sent == 0 or (sent is None and waited < GUESS) for unread, sent in connections)
