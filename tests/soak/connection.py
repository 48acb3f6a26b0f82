"""A small HTTP/1.1 client on asyncio's streams: it tells a connection's end from an answer, and costs little."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass

TIMEOUT = 60.0  # seconds in which each answer is to be complete; far above every pause that a fault makes
MAX_HEAD = 64 * 1024
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: a close discards what was not read, and sends RST


class Cut(Exception):  # noqa: N818  it is an end, which may be in order
    """The connection ended. answered: whether a byte of the answer had come."""

    def __init__(self, why: str, *, answered: bool) -> None:
        super().__init__(why)
        self.answered = answered


@dataclass(frozen=True)
class Head:
    """The beginning of an answer."""

    status: int
    headers: dict[str, str]


class Connection:
    """One connection. pid: the worker that has answered on it; None before the first answer."""

    def __init__(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.pid: int | None = None
        self._host = f"localhost:{port}"
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> "Connection":
        """Connect. Raises Cut."""
        try:
            return cls(port, *await asyncio.open_connection("127.0.0.1", port, limit=MAX_HEAD))
        except OSError as error:
            raise Cut(f"no connection: {error.strerror or error}", answered=False) from None

    @property
    def has_ended(self) -> bool:
        """Whether the server has ended it, as far as is known."""
        return self._reader.at_eof() or self._reader.exception() is not None

    async def ask(self, method: str, path: str, headers: str = "", body: bytes | None = None) -> Head:
        """Send a request and read the answer's head. Raises Cut."""
        length = "" if body is None else f"content-length: {len(body)}\r\n"
        try:
            head = f"{method} {path} HTTP/1.1\r\nhost: {self._host}\r\n{length}{headers}\r\n"
            self._writer.write(head.encode())
            if body is not None:
                self._writer.write(body)
                await self._writer.drain()
            data = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            raise Cut("the connection ended before the answer", answered=bool(error.partial)) from None
        except OSError as error:
            raise Cut(f"no answer: {error.strerror or error}", answered=False) from None
        first, *lines = data.decode("latin-1").rstrip().split("\r\n")
        fields = (line.partition(":") for line in lines)
        return Head(int(first.split()[1]), {name.lower(): value.strip() for name, _, value in fields})

    async def body(self, head: Head) -> bytes:
        """Read a body that has a length. Raises Cut."""
        try:
            return await self._reader.readexactly(int(head.headers["content-length"]))
        except asyncio.IncompleteReadError as error:
            raise Cut(f"the answer ended after {len(error.partial)} bytes", answered=True) from None
        except OSError as error:
            raise Cut(f"the answer broke off: {error.strerror or error}", answered=True) from None

    async def chunks(self) -> AsyncIterator[bytes]:
        """Read a chunked body; ends with its last chunk. Raises Cut."""
        try:
            while size := int(await self._reader.readuntil(b"\r\n"), 16):
                yield (await self._reader.readexactly(size + 2))[:-2]
        except asyncio.IncompleteReadError:
            raise Cut("the stream ended without its last chunk", answered=True) from None
        except OSError as error:
            raise Cut(f"the stream broke off: {error.strerror or error}", answered=True) from None

    def close(self, *, reset: bool = False) -> None:
        """End it; reset: without regard to what is under way."""
        with contextlib.suppress(OSError):
            if reset:
                self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                self._writer.transport.abort()
            self._writer.close()


@contextlib.asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    """A new connection, closed in the end. Raises Cut."""
    connection = await Connection.open(port)
    try:
        yield connection
    finally:
        connection.close()
