"""The server's end of a control connection: frames in, frames out, deadlines and limits."""

import asyncio
import logging
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from wesktopd.control.handed_connections import HandedConnection
from wesktopd.errors import ControlError
from wesktopd.system import is_trusted_peer
from wesktopd.wire.control_messages import (
    MAX_FRAME,
    Answer,
    Emit,
    End,
    Events,
    Failed,
    Logs,
    Request,
    Restart,
    Scale,
    Upgrade,
    Wait,
    decode_request,
    encode,
    failure,
    request_id,
)
from wesktopd.wire.greeting import MAX_LINE, ServerGreeting
from wesktopd.wire.lines import LineReader, LineTooLongError
from wesktopd.wire.window_messages import Launch, Show

IDLE_TIMEOUT = 30.0  # seconds for another whole frame on a connection without a lease
GREETING_TIMEOUT = 5.0  # seconds for a client to prove that it knows the secret
MAX_REQUESTS = 64  # of one connection that may be carried out at a time
MAX_UNREAD = 256 * 1024  # bytes that may wait for a client that does not read
MAX_QUEUED = 8 * 1024 * 1024  # bytes of a stream that may wait: more than all that is kept in memory

AGAIN = (Emit, Launch, Restart, Scale, Show, Wait)  # a successor begins these anew, if they are not done yet

Follow = Callable[[Callable[[Answer], None]], Callable[[], None]]

logger = logging.getLogger("wesktopd")


class Server(Protocol):
    """The methods of a server that its connections call."""

    def admit(self, connection: "ClientConnection") -> None:
        """Add a new connection."""

    def received(self, connection: "ClientConnection") -> None:
        """Note that the client has sent something."""

    def half_closed(self, connection: "ClientConnection") -> None:
        """Note that the client sends no more, and may be gone."""

    def forget(self, connection: "ClientConnection") -> None:
        """Remove a connection that has ended."""

    def answer(self, connection: "ClientConnection", request: Request) -> None:
        """Answer a request, or begin to carry it out."""


class ClientConnection(asyncio.Protocol):
    """A connection. lease: the kind of the lease that its client holds by it, if any; path: of its page.

    greeting: the client's proof, which comes first; None if the connection itself identifies the client.
    paused: nothing is read or sent before `resume`.
    """

    def __init__(self, server: Server, greeting: ServerGreeting | None, *, paused: bool = False) -> None:
        self.lease: str | None = None
        self.lease_id = 0
        self.since = 0.0  # on the clock of `time.monotonic`, when the lease began
        self.path = "/"
        self.pending: list[Request] = []  # being carried out
        self._server = server
        self._greeting = greeting
        self._starts_paused = paused
        self._lines = LineReader(MAX_FRAME)
        # Frames that wait for the client to read; the transport has at most one, so that it is known what it has.
        self._answers: deque[bytes] = deque()
        self._answers_bytes = 0
        self._queued: deque[bytes] = deque()
        self._queued_bytes = 0
        self._last = b""
        self._following: list[tuple[Logs | Events, Callable[[], None]]] = []  # and what ends it
        self._paused = paused
        self._half_closed = False
        self._deadline: asyncio.TimerHandle | None = None

    @property
    def busy(self) -> bool:
        """Return whether it may be silent: it holds a lease, or waits for an answer."""
        return self.lease is not None or bool(self.pending or self._following)

    @property
    def greeted(self) -> bool:
        """Return whether its client has proved that it may send requests."""
        return self._greeting is None

    @property
    def closing(self) -> bool:
        """Return whether it is being closed: nothing more is sent."""
        return self._transport.is_closing()

    @property
    def socket(self) -> socket.socket:
        """Its socket."""
        found: socket.socket = self._transport.get_extra_info("socket")
        return found

    # From asyncio.

    def connection_made(self, made: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol, as for the next methods."""
        assert isinstance(made, asyncio.Transport)
        self._transport = made
        made.set_write_buffer_limits(high=0)
        if self._starts_paused:
            made.pause_reading()
        if not is_trusted_peer(self.socket):
            made.abort()
            return
        self._await_frame(IDLE_TIMEOUT if self.greeted else GREETING_TIMEOUT)
        self._server.admit(self)

    def connection_lost(self, _: Exception | None) -> None:
        """End its streams."""
        self._forget_deadline()
        while self._following:
            self._following.pop()[1]()
        self._server.forget(self)

    def data_received(self, data: bytes) -> None:
        """Handle bytes of any number of frames."""
        try:
            for number, frame in enumerate(self._lines.feed(data)):
                if number == 0 and self.greeted:  # a frame that arrives byte by byte gets no more time
                    self._await_frame(IDLE_TIMEOUT)
                    self._server.received(self)
                if self.closing:  # by an earlier frame: the rest is ignored
                    return
                if self._greeting is not None:
                    self._greet(self._greeting, frame)
                elif frame.strip():
                    self._take(frame)
            if not self.greeted and len(self._lines.rest) > MAX_LINE:
                self.abort()
        except LineTooLongError:
            if not self.greeted:
                self.abort()
            self.send(0, Failed(error="ControlError", message=f"a message is longer than {MAX_FRAME} bytes"))
            self.close()

    def eof_received(self) -> bool:
        """Answer what the client has asked for; it sends no more. A lease ends."""
        self._half_closed = True
        self._server.half_closed(self)
        waits = bool(self.pending or self._answers or self._queued)
        return waits and self.lease is None and not self._following

    def pause_writing(self) -> None:
        """Stop sending: the client does not read fast enough."""
        self._paused = True

    def resume_writing(self) -> None:
        """Go on sending."""
        self._paused = False
        self._pump()

    # What comes in.

    def _greet(self, greeting: ServerGreeting, line: bytes) -> None:
        answer = greeting.receive(line)
        if answer is None:
            self.abort()
        elif answer:
            self._last = answer
            self._transport.write(answer)
        else:
            self._greeting = None
            self._await_frame(IDLE_TIMEOUT)

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
        """Begin a lease of this kind: the client holds it by this connection."""
        self.lease, self.lease_id, self.path, self.since = kind, request_id, path, time.monotonic()

    def begun(self, request: Request) -> None:
        """Note that a request is being carried out."""
        self.pending.append(request)

    def done(self, request: Request) -> None:
        """Note that it no longer is; its answer may be sent afterwards."""
        self.pending.remove(request)

    def send(self, request_id: int, answer: Answer) -> None:
        """Send an answer; close the connection of a client that does not read."""
        if self._transport.is_closing():
            return
        if self._answers_bytes > MAX_UNREAD:
            self.abort()
            return
        frame = encode(replace(answer, id=request_id))
        self._answers_bytes += len(frame)
        self._answers.append(frame)
        self._pump()

    def send_event(self, event: Answer) -> None:
        """Send an event to a lease."""
        self.send(self.lease_id, event)

    def queue(self, request_id: int, answer: Answer) -> None:
        """Send an answer of a stream when the client reads; close the connection if too much waits."""
        frame = encode(replace(answer, id=request_id))
        self._queued_bytes += len(frame)
        if self._queued_bytes > MAX_QUEUED:
            self.abort()
            return
        self._queued.append(frame)
        self._pump()

    def follow(self, request: Logs | Events, follow: Follow) -> None:
        """Send what `follow` passes on, while the connection lasts."""
        self._following.append((request, follow(lambda answer: self.queue(request.id, answer))))

    def _pump(self) -> None:
        while not self._paused and (self._answers or self._queued):
            if self._answers:
                self._last = self._answers.popleft()
                self._answers_bytes -= len(self._last)
            else:
                self._last = self._queued.popleft()
                self._queued_bytes -= len(self._last)
            self._transport.write(self._last)
        if self._half_closed and not (self._answers or self._queued or self.pending):
            self.close()

    def close(self) -> None:
        """End streams, and close it when everything is sent."""
        if not self.closing:
            ends = [encode(End(id=request.id)) for request, _ in self._following]
            self._transport.write(b"".join([*self._answers, *ends]))
            self._answers.clear()
        self._transport.close()

    def abort(self) -> None:
        """Close it immediately."""
        self._transport.abort()

    # At an upgrade.

    @property
    def can_be_handed_over(self) -> bool:
        """Return whether another supervisor can go on with it: it waits for nothing that only this one can answer."""
        kinds = (Upgrade, *AGAIN)
        goes_on = self.lease is not None or all(isinstance(request, kinds) for request in self.pending)
        return goes_on and not self.closing

    def hand_over(self, fd: int, dialog: int | None) -> HandedConnection:
        """End it here, and return its state for another supervisor. fd: the number of a copy of its socket."""
        partly = self._last[len(self._last) - self._transport.get_write_buffer_size() :]
        again = [encode(request) for request in self.pending if isinstance(request, AGAIN)]
        handed = HandedConnection(
            fd=fd,
            greeted=self.greeted,
            awaited=self._greeting.awaited if self._greeting else None,
            lease=self.lease,
            lease_id=self.lease_id,
            path=self.path,
            dialog=dialog,
            following=[request for request, _ in self._following],
            upgrades=[request.id for request in self.pending if isinstance(request, Upgrade)],
            received=b"".join([*again, self._lines.rest]),
            unsent=b"".join([partly, *self._answers, *self._queued]),
        )
        self.lease = None  # which has not ended
        self.abort()
        return handed

    def take_over(self, handed: HandedConnection) -> list[Upgrade]:
        """Take the state from another supervisor; return the requests for an upgrade that wait for an answer."""
        self.hold(handed.lease_id, handed.lease, handed.path)
        upgrades = [Upgrade(id=request_id) for request_id in handed.upgrades]
        self.pending += upgrades
        return upgrades

    def resume(self, handed: HandedConnection) -> None:
        """Go on: send what the client has not read, and read what it has sent."""
        self._paused = False
        self._last = handed.unsent  # first: it may begin in the middle of a frame
        self._transport.write(self._last)
        self._pump()
        self.data_received(handed.received)
        self._transport.resume_reading()


def unforeseen(error: Exception) -> Answer:
    """Log the exception that is being handled, and return the answer to its request."""
    logger.exception("a request failed")
    return failure(ControlError(f"the request failed: {error!r}"))
