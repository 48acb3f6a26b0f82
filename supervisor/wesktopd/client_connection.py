"""One control connection, as its server has it: frames in, frames out, deadlines and bounds."""

import asyncio
import logging
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from wesktopd import transport
from wesktopd.errors import ControlError
from wesktopd.lines import LineReader, LineTooLongError
from wesktopd.peers import is_trusted
from wesktopd.protocol import MAX_FRAME, Answer, End, Failed, Request, decode_request, encode, failure, request_id

IDLE_TIMEOUT = 30.0  # seconds until a connection without a lease has said another whole frame
GREETING_TIMEOUT = 5.0  # seconds that a client has to say the secret in
MAX_REQUESTS = 64  # of one connection that may be carried out at once
MAX_UNREAD = 256 * 1024  # bytes that may wait for a client that does not read
MAX_QUEUED = 8 * 1024 * 1024  # bytes of a stream that may wait; all that is kept in memory is less

Follow = Callable[[Callable[[Answer], None]], Callable[[], None]]

logger = logging.getLogger("wesktopd")


class Server(Protocol):
    """What a connection needs of its server."""

    def admit(self, connection: "ClientConnection") -> None:
        """It was made."""

    def heard(self, connection: "ClientConnection") -> None:
        """Its client has said something."""

    def hung_up(self, connection: "ClientConnection") -> None:
        """Its client sends no more, and may be gone."""

    def forget(self, connection: "ClientConnection") -> None:
        """It has ended."""

    def answer(self, connection: "ClientConnection", request: Request) -> None:
        """Carry out a request."""


class ClientConnection(asyncio.Protocol):
    """A connection. lease: the kind of the lease that its client holds by it, if it does; path: of its page.

    secret: what the client has to say first; None where the connection itself says who it is.
    heard: the beginning of its next frame, where another program has read it before.
    """

    def __init__(self, server: Server, secret: str | None, heard: bytes = b"") -> None:
        self.lease: str | None = None
        self.lease_id = 0
        self.since = 0.0  # on the clock of `time.monotonic`, when it has taken it
        self.path = "/"
        self.upgrade_id: int | None = None  # of the request for an upgrade, if there is one
        self.pending: list[int] = []  # requests that are being carried out
        self._server = server
        self._secret = secret
        self._lines = LineReader(MAX_FRAME, rest=heard)
        self._queued: deque[bytes] = deque()
        self._queued_bytes = 0
        self._following: list[tuple[int, Callable[[], None]]] = []  # by the request, what ends it
        self._paused = False
        self._half_closed = False
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """Whether it may be silent: it holds a lease, or waits for an answer."""
        return self.lease is not None or bool(self.pending or self._following)

    @property
    def greeted(self) -> bool:
        """Whether its client has said the secret, where one is asked for."""
        return self._secret is None

    @property
    def closing(self) -> bool:
        """Whether it is being closed: nothing more is sent."""
        return self._transport.is_closing()

    @property
    def heard(self) -> bytes:
        """The beginning of a frame that is not whole yet."""
        return self._lines.rest

    @property
    def socket(self) -> socket.socket:
        """Its socket."""
        found: socket.socket = self._transport.get_extra_info("socket")
        return found

    # From asyncio.

    def connection_made(self, made: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol, as for what follows."""
        assert isinstance(made, asyncio.Transport)
        self._transport = made
        if not is_trusted(self.socket):
            made.abort()
            return
        self._await_frame(IDLE_TIMEOUT if self.greeted else GREETING_TIMEOUT)
        self._server.admit(self)

    def connection_lost(self, _: Exception | None) -> None:
        """Its end."""
        self._forget_deadline()
        while self._following:
            self._following.pop()[1]()
        self._server.forget(self)

    def data_received(self, data: bytes) -> None:
        """Bytes of any number of frames."""
        try:
            for number, frame in enumerate(self._lines.feed(data)):
                if number == 0:  # who sends a frame a byte at a time has no longer for it
                    self._await_frame(IDLE_TIMEOUT)
                    self._server.heard(self)
                if self.closing:  # by what came before: the rest is not heard
                    return
                if self._secret is not None:
                    self._greet(frame)
                elif frame.strip():
                    self._take(frame)
        except LineTooLongError:
            self.send(0, Failed(error="ControlError", message=f"a message is longer than {MAX_FRAME} bytes"))
            self.close()

    def eof_received(self) -> bool:
        """The client sends no more; what it has asked for is answered first. A lease ends."""
        self._half_closed = True
        self._server.hung_up(self)
        return bool(self.pending or self._queued) and self.lease is None and not self._following

    def pause_writing(self) -> None:
        """The client does not read as fast as it is written to."""
        self._paused = True

    def resume_writing(self) -> None:
        """It has read."""
        self._paused = False
        self._pump()

    # What comes in.

    def _greet(self, line: bytes) -> None:
        if self._secret is not None and transport.is_secret(line, self._secret):
            self._secret = None
        else:
            self._transport.abort()

    def _take(self, frame: bytes) -> None:
        try:
            request = decode_request(frame)
        except ControlError as error:
            self.send(request_id(frame), Failed(error="ControlError", message=error.message))
            return
        if len(self.pending) + len(self._following) >= MAX_REQUESTS:
            too_many = f"{MAX_REQUESTS} requests of this connection are being carried out: wait for an answer."
            self.send(request.id, Failed(error="ControlError", message=too_many))
        else:
            try:
                self._server.answer(self, request)
            except Exception as error:  # it would end the connection, and the lease that is held by it
                self.send(request.id, unforeseen(error))

    def _await_frame(self, seconds: float) -> None:
        self._forget_deadline()
        self._deadline = asyncio.get_running_loop().call_later(seconds, self._on_deadline)

    def _on_deadline(self) -> None:
        if self.busy:
            self._await_frame(IDLE_TIMEOUT)
        else:
            self._transport.abort()

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()

    # What goes out.

    def hold(self, request_id: int, kind: str | None, path: str = "/") -> None:
        """From now on the client holds a lease of this kind by the connection."""
        self.lease, self.lease_id, self.path, self.since = kind, request_id, path, time.monotonic()

    def begun(self, request_id: int, change: int) -> None:
        """A request is being carried out (1), or is no more (-1)."""
        if change > 0:
            self.pending.append(request_id)
        else:
            self.pending.remove(request_id)
            self.upgrade_id = None if request_id == self.upgrade_id else self.upgrade_id

    def send(self, request_id: int, answer: Answer) -> None:
        """Send an answer; who does not read is hung up on."""
        if self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() > MAX_UNREAD:
            self.abort()
            return
        self._transport.write(encode(replace(answer, id=request_id)))
        if self._half_closed and not self.pending:
            self.close()

    def send_event(self, event: Answer) -> None:
        """Send an event to a lease."""
        self.send(self.lease_id, event)

    def queue(self, request_id: int, answer: Answer) -> None:
        """Send an answer of a stream when the client has room for it; one that does not read at all is ended."""
        frame = encode(replace(answer, id=request_id))
        self._queued_bytes += len(frame)
        if self._queued_bytes > MAX_QUEUED:
            self.abort()
            return
        self._queued.append(frame)
        self._pump()

    def follow(self, request_id: int, follow: Follow) -> None:
        """Send what `follow` tells of, for as long as the connection lasts."""
        self._following.append((request_id, follow(lambda answer: self.queue(request_id, answer))))

    def _pump(self) -> None:
        while self._queued and not self._paused:
            self._queued_bytes -= len(self._queued[0])
            self._transport.write(self._queued.popleft())
        if self._half_closed and not self._queued and not self.pending:
            self.close()

    def close(self) -> None:
        """Close it when what was sent is out; streams are told of their end."""
        if not self.closing:
            for request_id, _ in self._following:
                self._transport.write(encode(End(id=request_id)))
        self._transport.close()

    def abort(self) -> None:
        """Close it now."""
        self._transport.abort()


def unforeseen(error: Exception) -> Answer:
    """Log the exception that is being handled, and return the answer to the request that has raised it."""
    logger.exception("a request failed")
    return failure(ControlError(f"the request failed: {error!r}"))
