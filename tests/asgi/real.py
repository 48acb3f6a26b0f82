"""A real granian for the few things that only a real server shows."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.server.embed import Server

from support.scripts import free_port
from support.waiting import wait_for
from wesktop.asgi.types import ASGIApp


@contextlib.contextmanager
def granian(app: ASGIApp) -> Iterator[int]:
    """Serve *app* on a free port, which is the value, in a thread of this process."""
    port = free_port()
    stopping = threading.Event()

    async def serve() -> None:
        server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, http=HTTPModes.http1)
        serving = asyncio.ensure_future(server.serve())
        await asyncio.to_thread(stopping.wait)
        server.stop()
        await serving

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    try:
        wait_for(lambda: _answers(port), f"granian on port {port}")
        yield port
    finally:
        stopping.set()
        thread.join()


def exchange(port: int, data: bytes) -> bytes:
    """Send *data* on a new connection and return all that comes until the server closes it."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(data)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def open_files(root: Path) -> list[str]:
    """Those below *root* that this process has open."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found.append(str(descriptor.readlink()))
    return [path for path in found if path.startswith(str(root))]


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
