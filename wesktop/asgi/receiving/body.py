"""Reading the body of a request, which an HTTP/1 request announces (RFC 9112, section 6.3), and what comes after."""

import contextlib
from typing import TYPE_CHECKING, Self

from wesktop.asgi.errors import HTTPError
from wesktop.asgi.limits import BODY_TIMEOUT
from wesktop.asgi.receiving.receiver import Receiver
from wesktop.asgi.timeouts import time_limit
from wesktop.asgi.types import Message, Receive, Scope

if TYPE_CHECKING:
    from asyncio import Task

BODY_KEY = "wesktop.body"
"""Key of the body in a request's scope, once it is in use: only the body calls receive()."""

MAX_DISCARDED = 1024 * 1024 * 1024  # bytes of an unread body that are received before the response is sent
PAUSE = 1.0  # seconds without a byte of such a body, after which its client may be waiting for the response
END_WITHIN = 1.0  # seconds in which the end of a body has come that has been received
FIRST_LOOK = 0.005  # seconds in which a server has said that the client is gone: granian does so in another thread

DRAINING = "wesktop.draining"
"""Marks a disconnect that only announces that the server is stopping: the client is still connected."""

ANSWERED: Message = {"type": "http.disconnect"}
"""Closes a body once its request is answered: later receivers get a disconnect, as ASGI demands."""


class Body(Receiver):
    """A body to be received once: as a whole by `read`, or in chunks by iteration.

    limit: bytes at most. timeout: seconds for the whole of it in `read`, for each chunk in iteration. None: no limit.
    Both raise HTTPError: 413 above the limit, if possible before anything is read, 408 when it takes too long, and
    400 when the connection ends before the body does. If waiting for a chunk is cancelled, the chunk is the next one.

    is_read: True once the whole body has been received.
    """

    _ahead = 0
    _size = 0
    _end_received = False  # whether the message that ends it has come: one does, whatever its length
    _is_checked = False
    _is_slow = False
    _ignores_drain = False

    def __init__(
        self, headers: dict[bytes, bytes], receive: Receive, limit: int | None, timeout: float | None
    ) -> None:
        declared = headers.get(b"content-length", b"")
        self._length = length = int(declared) if declared.isdigit() else None
        self._limit = limit
        self._receive = receive
        self._timeout = timeout
        self.is_read = length == 0
        self._announces = b"expect" in headers

    async def begin(self, *, stream: bool) -> bytes | None:
        """Return the whole body; None if it is empty, or to be read as a *stream*.

        Raises HTTPError 413 if the announced length exceeds the limit, before anything is read.
        """
        if self._limit is not None and self._length is not None and self._length > self._limit:
            raise _too_large()
        return None if stream else await self.read()

    async def read(self) -> bytes | None:
        """Return the whole body; None if it is empty. Call it before anything else."""
        chunks = []
        try:
            with time_limit(self._timeout):
                while not self.is_read:
                    # Not by the task, which takes longer: giving this up gives the request up.
                    chunks.append(self._chunk(await self._receive()))
        except TimeoutError:
            raise self._too_slow() from None
        return (chunks[0] if len(chunks) == 1 else b"".join(chunks)) or None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        while not self.is_read:
            try:
                with time_limit(self._timeout):
                    message = await self.next()
            except TimeoutError:
                raise self._too_slow() from None
            if chunk := self._chunk(message):
                return chunk
        raise StopAsyncIteration

    def _too_slow(self) -> HTTPError:
        self._is_slow = True
        # The rest of it may be on its way: the connection is of no further use (RFC 9110, section 15.5.9).
        return HTTPError(408, "request body too slow", headers={"Connection": "close"})

    def _chunk(self, message: Message) -> bytes:
        if message["type"] == "http.disconnect":
            self.end = message
            raise HTTPError(400, "request body cut short")  # whoever broke the framing is still there to read it
        chunk: bytes = message.get("body", b"")
        self._size += len(chunk)
        # granian says only in a further, empty message that the body has ended: with a known length that message is
        # not waited for (1.19 times the requests per second).
        self._end_received = not message.get("more_body", False)
        self.is_read = self._end_received or self._size == self._length
        if self._limit is not None and self._size > self._limit:
            raise _too_large()
        return chunk

    async def discard(self) -> None:
        """Receive the rest of the body and drop it, within bounds.

        A client that is still sending does not read the response; a browser takes the end of the connection for a
        failure of the network, and its page never sees the 413.
        """
        if self.end is not None or self._is_slow or (self._length or 0) > MAX_DISCARDED:
            return
        if self._size == 0 and self._announces:  # it waits for a 100 Continue (RFC 9110, section 10.1.1)
            return
        self._limit = MAX_DISCARDED
        with contextlib.suppress(HTTPError, TimeoutError), time_limit(self._timeout or BODY_TIMEOUT):
            while not self.is_read:
                with time_limit(PAUSE):
                    message = await self.next()
                self._chunk(message)

    def take(self, message: Message) -> bool:
        """See Receiver. Messages after the body are dropped."""
        if self._end_received:
            # The body ends once. A server that repeats its end will not tell of a disconnect either, and might not
            # even suspend: to ask on would block the loop.
            return False
        self._end_received = not message.get("more_body", False)
        return self.is_read or super().take(message)

    @property
    def is_cut_short(self) -> bool:
        """True if the client disconnected before the body was read."""
        return self.end is not None and not self.is_read

    def listen_to_client(self) -> None:
        """Listen only for the client's own disconnect, as the response is finite and is to be sent completely.

        A stopping server sends a disconnect as well, which it marks.
        """
        self._ignores_drain = True
        if self.end is not None and not self.ends_with(self.end):
            self.end = None
            self.listen_again()
        self.listen()

    def ends_with(self, message: Message) -> bool:
        """See Receiver."""
        return not (self._ignores_drain and message.get(DRAINING, False))

    async def is_disconnected(self) -> bool:
        """Return True if the client has disconnected, once the body has been received."""
        import asyncio

        if self.end is None and self.is_read:
            if self._is_checked:
                await asyncio.sleep(0)  # a handler that does nothing but ask is not to hold the loop
            else:
                await self._check_first_time()
            self.check()
        return self.end is not None

    async def _check_first_time(self) -> None:
        """First check: wait for the body's end, unless a middleware has taken it; then for a disconnect."""
        self._is_checked = True
        self.listen()
        if not self._end_received:
            await self._news_within(END_WITHIN)
        if self.end is None:
            await self._news_within(FIRST_LOOK)

    async def _news_within(self, seconds: float) -> None:
        import asyncio

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.news()

    async def disconnected(self, working: "Task[None]") -> None:
        """Wait until the client disconnects or the task ends. Raises the exception of `receive()`."""
        import asyncio

        listening = self.listen()
        if listening is not None:
            await asyncio.wait((working, listening), return_when=asyncio.FIRST_COMPLETED)
        if not working.done() and self.end is None:
            self.check()
            await asyncio.wait((working,))  # a server that will say no more


def body_of(scope: Scope, receive: Receive) -> Body:
    """Return the request's body; an empty one if none is in use yet."""
    body: Body | None = scope.get(BODY_KEY)
    if body is None or body.end is ANSWERED:  # by an app that was asked before
        body = scope[BODY_KEY] = Body({b"content-length": b"0"}, receive, None, None)
    return body


def _too_large() -> HTTPError:
    return HTTPError(413, "request body too large")
