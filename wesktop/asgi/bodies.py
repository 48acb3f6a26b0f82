"""Reading the body of a request, which an HTTP/1 request announces (RFC 9112, section 6.3), and what comes after."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from wesktop.asgi.deadlines import time_limit
from wesktop.asgi.errors import HTTPError
from wesktop.asgi.types import Message, Receive, Scope

if TYPE_CHECKING:
    from asyncio import Future

BODY_KEY = "wesktop.body"
"""Where a request's scope carries its body, once somebody has to do with it: it alone receives."""

END_WITHIN = 1.0  # seconds in which the end of a body has come that has been received
FIRST_LOOK = 0.005  # seconds in which a server has said that the client is gone: granian does so in another thread


class Body:
    """A body that is still to be received, once: as a whole by `read`, or chunk by chunk by iteration.

    limit: bytes at most. timeout: seconds for the whole of it in `read`, for each chunk in iteration. None: no limit.
    Both raise HTTPError: 413 above the limit, if possible before anything is read, 408 when it takes too long, and
    400 when the connection ends before the body does.
    """

    __slots__ = (
        "_coming",
        "_ended",
        "_ends",
        "_gone",
        "_length",
        "_limit",
        "_receive",
        "_size",
        "_timeout",
        "_whole",
        "closed",
    )

    def __init__(
        self, headers: dict[bytes, bytes], receive: Receive, limit: int | None, timeout: float | None
    ) -> None:
        declared = headers.get(b"content-length", b"")
        self._length = int(declared) if declared.isdigit() else None
        self._limit = limit
        self._receive = receive
        self._timeout = timeout
        self._size = 0
        self._ended = self._length == 0
        self._whole = False  # whether the message that ends it has come: one does, whatever its length
        self._gone = False
        self.closed = False
        self._coming: Future[Message] | None = None  # what comes after it
        self._ends: Future[None] | None = None
        if limit is not None and self._length is not None and self._length > limit:
            raise _too_large()

    async def read(self) -> bytes | None:
        """The whole body; None when it is empty."""
        chunks = []
        try:
            with time_limit(self._timeout):
                while not self._ended:
                    chunks.append(self._chunk(await self._receive()))
        except TimeoutError:
            raise _too_slow() from None
        return (chunks[0] if len(chunks) == 1 else b"".join(chunks)) or None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while not self._ended:
            try:
                with time_limit(self._timeout):
                    chunk = self._chunk(await self._receive())
            except TimeoutError:
                raise _too_slow() from None
            if chunk:
                yield chunk

    def _chunk(self, message: Message) -> bytes:
        if message["type"] == "http.disconnect":
            self._gone = self._ended = True
            self._tell_end()
            raise HTTPError(400, "request body cut short")  # whoever broke the framing is still there to read it
        chunk: bytes = message.get("body", b"")
        self._size += len(chunk)
        if self._limit is not None and self._size > self._limit:
            raise _too_large()
        # granian says only in a further, empty message that the body has ended: with a known length that message is
        # not waited for (1.19 times the requests per second).
        self._whole = not message.get("more_body", False)
        self._ended = self._whole or self._size == self._length
        if self._ended:
            self._tell_end()
        return chunk

    def _tell_end(self) -> None:
        if self._ends is not None and not self._ends.done():
            self._ends.set_result(None)

    async def is_disconnected(self) -> bool:
        """Whether the client has gone, once the body has been received."""
        import asyncio

        while self._ended and not self._gone:
            # The body's end is on its way, unless a middleware has taken it; what comes after it may be far off.
            patience = 0 if self._coming is not None else FIRST_LOOK if self._whole else END_WITHIN
            coming = self._next()
            await asyncio.wait((coming,), timeout=patience)
            if not coming.done():
                break
            self._take(coming)
        return self._gone

    async def disconnected(self) -> None:
        """Wait until the client has gone; before the body has been received, what comes is its own."""
        import asyncio

        await self._received()
        while not self._gone:
            coming = self._next()
            await asyncio.wait((coming,))
            self._take(coming)

    def close(self) -> None:
        """The request has been answered: who still asks is told that the client has gone, as ASGI has it."""
        coming, self._coming = self._coming, None
        self.closed = self._gone = True
        if coming is not None:
            coming.cancel()

    async def _received(self) -> None:
        import asyncio

        if not self._ended:
            self._ends = self._ends or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._ends)

    def _next(self) -> "Future[Message]":
        """What comes next, for all who wait; kept, as granian takes a receive() that is given up for a disconnect."""
        import asyncio

        if self._coming is None:
            self._coming = asyncio.ensure_future(self._receive())
        return self._coming

    def _take(self, coming: "Future[Message]") -> None:
        if coming is not self._coming:
            return  # another who waited has taken it
        message = coming.result()
        self._coming = None
        if message["type"] == "http.disconnect":
            self._gone = True
        elif self._whole:
            # The body ends once. A server that repeats its end will not tell of a disconnect either, and might not
            # even suspend: to ask on would block the loop.
            self._coming = coming.get_loop().create_future()
        else:
            self._whole = not message.get("more_body", False)


def body_of(scope: Scope, receive: Receive) -> Body:
    """A request's body; where nobody has to do with it yet, there is none."""
    body: Body | None = scope.get(BODY_KEY)
    if body is None or body.closed:  # by an app that was asked before
        body = scope[BODY_KEY] = Body({b"content-length": b"0"}, receive, None, None)
    return body


def _too_large() -> HTTPError:
    return HTTPError(413, "request body too large")


def _too_slow() -> HTTPError:
    # The rest of it may be on its way: the connection is of no further use (RFC 9110, section 15.5.9).
    return HTTPError(408, "request body too slow", headers={"Connection": "close"})
