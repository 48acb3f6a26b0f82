"""The control socket's server: speaks wesktopd.protocol with whoever connects, and keeps the leases."""

import asyncio
import contextlib
import logging
import os
import socket
import struct
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from wesktopd.errors import ControlError
from wesktopd.protocol import (
    MAX_FRAME,
    Answer,
    Attach,
    Done,
    Failed,
    Focus,
    Raise,
    Report,
    Request,
    Status,
    Stop,
    decode_request,
    encode,
)

IDLE_TIMEOUT = 30.0  # seconds that a connection without a lease may stay silent
MAX_CONNECTIONS = 256
MAX_UNREAD = 256 * 1024  # bytes that may wait for a lease that does not read

logger = logging.getLogger("wesktopd")


class Controlled(Protocol):
    """What the control server needs of the supervisor."""

    def report(self) -> Report:
        """How the app is."""

    def request_stop(self, reason: str) -> None:
        """Begin to end the app."""

    def current_event(self) -> Answer:
        """The event that a new lease begins with."""

    def lease_ended(self) -> None:
        """A lease ended; those that are left are in `ControlServer.leases`."""


class Lease:
    """An attached window or caller: the app is in use for as long as its connection lasts."""

    def __init__(self, request_id: int, kind: str, writer: asyncio.StreamWriter) -> None:
        self.kind = kind
        self._request_id = request_id
        self._writer = writer

    def send(self, event: Answer) -> None:
        """Send without waiting; a lease that does not read is ended."""
        if self._writer.transport.get_write_buffer_size() > MAX_UNREAD:
            self._writer.transport.abort()
        else:
            self._writer.write(encode(replace(event, id=self._request_id)))


class ControlServer:
    """Answers control connections, each in a task of its own; a broken one ends alone."""

    def __init__(self, controlled: Controlled) -> None:
        self.leases: list[Lease] = []
        self._controlled = controlled
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def open(self, path: Path) -> None:
        """Listen on a Unix socket that only this user can reach. Raises OSError when it cannot be made."""
        path.unlink(missing_ok=True)  # the lock is ours, so a socket that is there is a dead supervisor's
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)  # chmod after bind would leave a moment in which others can connect
        try:
            listener.bind(str(path))
        except OSError:
            listener.close()
            raise
        finally:
            os.umask(before)
        self._server = await asyncio.start_unix_server(
            self._accept, sock=listener, limit=MAX_FRAME, backlog=MAX_CONNECTIONS
        )
        self._path = path

    async def adopt(self, connection: socket.socket) -> None:
        """Serve a connection that was inherited: its other end is the caller, who holds a lease by it."""
        reader, writer = await asyncio.open_connection(sock=connection, limit=MAX_FRAME)
        lease = self._lease(0, "caller", writer)
        lease.send(self._controlled.current_event())
        self._start(reader, writer, [lease])

    def broadcast(self, event: Answer) -> None:
        """Send an event to every lease."""
        for lease in self.leases:
            lease.send(event)

    async def close(self, last: Answer) -> None:
        """Send the leases their last event, close every connection and remove the socket."""
        self.broadcast(last)
        if self._server is not None:
            self._server.close()
            self._path.unlink(missing_ok=True)
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= MAX_CONNECTIONS or not _trusted(writer):
            writer.transport.abort()
            return
        self._start(reader, writer, [])

    def _start(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, held: list[Lease]) -> None:
        task = asyncio.create_task(self._serve(reader, writer, held))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    def _lease(self, request_id: int, kind: str, writer: asyncio.StreamWriter) -> Lease:
        lease = Lease(request_id, kind, writer)
        self.leases.append(lease)
        return lease

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, held: list[Lease]) -> None:
        try:
            while frame := await asyncio.wait_for(reader.readline(), None if held else IDLE_TIMEOUT):
                answer = self._answer(frame, writer, held)
                writer.write(encode(answer))
                await writer.drain()
        except (OSError, TimeoutError, ValueError):  # gone, silent, or a frame beyond MAX_FRAME
            pass
        finally:
            writer.close()
            for lease in held:
                self.leases.remove(lease)
            if held:
                self._controlled.lease_ended()

    def _answer(self, frame: bytes, writer: asyncio.StreamWriter, held: list[Lease]) -> Answer:
        try:
            request = decode_request(frame)
        except ControlError as error:
            return Failed(error="ControlError", message=error.message)
        answer = self._carry_out(request, writer, held)
        return replace(answer, id=request.id)

    def _carry_out(self, request: Request, writer: asyncio.StreamWriter, held: list[Lease]) -> Answer:
        match request:
            case Status():
                return self._controlled.report()
            case Stop():
                self._controlled.request_stop("stopped by request")
                return Done()
            case Focus():
                return self._focus()
            case Attach():
                held.append(self._lease(request.id, request.kind, writer))
                return self._controlled.current_event()

    def _focus(self) -> Answer:
        windows = [lease for lease in self.leases if lease.kind == "window"]
        for lease in windows:
            lease.send(Raise())
        if windows:
            return Done()
        return Failed(error="NotRunningError", message="no window is attached.")


def _trusted(writer: asyncio.StreamWriter) -> bool:
    """Whether the peer is this user or root, where the kernel tells; the directory's mode holds elsewhere."""
    peer = writer.get_extra_info("socket")
    if not hasattr(socket, "SO_PEERCRED") or peer.family != socket.AF_UNIX:
        return True
    size = struct.calcsize("3i")
    with contextlib.suppress(OSError):
        _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        return uid in (os.getuid(), 0)
    return False
