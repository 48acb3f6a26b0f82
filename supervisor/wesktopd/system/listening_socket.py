"""A listening socket that clients find at a path, such as the control socket; another process can go on with it."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

from wesktopd.system import control_socket
from wesktopd.system.atomic_files import OwnFile


class ListeningSocket:
    """Accepts connections. connect: makes the protocol of one. Connections outlive the socket."""

    def __init__(self, connect: Callable[[], asyncio.BaseProtocol], backlog: int) -> None:
        self._socket: socket.socket | None = None
        self._connect, self._backlog = connect, backlog
        self._server: asyncio.Server | None = None
        self._file: OwnFile | None = None

    @property
    def sockets(self) -> list[socket.socket]:
        """The socket, if there is one."""
        return [self._socket] if self._socket is not None else []

    async def open(self, listener: socket.socket, path: Path, *, paused: bool = False) -> None:
        """Accept connections of clients that find this socket at `path`. paused: only after `resume`."""
        self._socket, self._file = listener, OwnFile(path)
        self._file.claim()
        await self._serve(start_serving=not paused)

    async def _serve(self, *, start_serving: bool = True) -> None:
        assert self._socket is not None
        self._server = await control_socket.serve(
            self._connect, self._socket, self._backlog, start_serving=start_serving
        )

    def is_in_place(self) -> bool:
        """Return whether clients still find this socket at its path."""
        return self._file is not None and self._file.is_in_place()

    def close(self) -> None:
        """Accept no more connections, and remove the path."""
        if self._server is not None and self._file is not None:
            self._server.close()
            self._file.remove()
        self._socket = self._server = self._file = None

    def pause(self) -> None:
        """Accept no connections before `resume`; clients wait. Raises OSError, and then goes on accepting."""
        if self._server is not None and self._socket is not None:
            self._socket = self._socket.dup()  # closing the server closes its own
            self._server.close()
            self._server = None

    async def resume(self) -> None:
        """Accept connections, after `pause` or a paused `open`."""
        if self._server is not None:
            await self._server.start_serving()
        elif self._socket is not None:
            await self._serve()

    def hand_over(self, number: Callable[[int], int]) -> int | None:
        """After `pause`: leave the socket and its path to another process; return the number of its descriptor there.

        number: maps a descriptor to its number there. None if there is no socket.
        """
        if self._socket is None:
            return None
        handed = number(self._socket.fileno())
        self._socket.close()
        self._socket = self._file = None
        return handed
