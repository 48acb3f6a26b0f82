"""A response sent in chunks as they are produced."""

from collections.abc import AsyncIterable

from wesktop.asgi.http.cookies import Cookies
from wesktop.asgi.http.headers import Headers, content_type_header
from wesktop.asgi.parameters import as_bytes, check_type
from wesktop.asgi.receiving.body import ANSWERED, Body, body_of
from wesktop.asgi.responses import Response, check_status, has_content, start_message
from wesktop.asgi.timeouts import send_with_timeout, write_timeout
from wesktop.asgi.types import Message, Receive, Scope, Send

ENDLESS = ("text/event-stream", "multipart/x-mixed-replace")  # no end of their own, and whoever watches comes back

Chunk = bytes | bytearray | memoryview | str


class StreamResponse(Response):
    """The chunks of an async generator, each sent as soon as it is yielded.

    Parameters: *generator*, an async generator of bytes (bytearray, memoryview) or str (sent as UTF-8);
    *content_type*; *headers*, additional ones; *status*, 200 by default. When the client disconnects, the generator's
    task is cancelled immediately and its `finally` blocks run. HEAD does not start it. An exception in it reaches
    the server, which logs it and aborts the connection, so that the client does not mistake a part for the whole.
    The same happens for a chunk of another type, and if the client reads nothing for the app's `write_timeout`.

    When the server stops or restarts, an endless stream (`text/event-stream`, `multipart/x-mixed-replace`) is closed
    immediately. Any other has the drain timeout to finish, and is aborted after it.

    If the generator has an attribute `farewell`, these bytes are sent last, also when the server stops.

    Raises TypeError when *generator* is not an async iterable, or a value is of another type; ValueError for a status
    outside 100..999 or one without content, or a malformed content type or header.
    """

    def __init__(
        self,
        generator: AsyncIterable[Chunk],
        content_type: str,
        headers: Headers | None = None,
        *,
        status: int = 200,
        cookies: Cookies | None = None,
    ) -> None:
        if not isinstance(generator, AsyncIterable):
            raise TypeError(f"{generator!r} is not an async generator: call an `async def` function that yields")
        if not has_content(check_status(status)):
            raise ValueError(f"status {status} has no content: return EmptyResponse({status}) instead of a stream")
        super().__init__(status, headers, cookies)
        check_type("content_type", content_type, str)
        self.generator = generator
        self.content_type = content_type
        self._raw_headers.insert(0, content_type_header(content_type))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = body_of(scope, receive)
        try:
            await send(start_message(self.status, self._raw_headers))
            last = b""
            if not self.content_type.startswith(ENDLESS):
                body.listen_to_client()
            if scope["method"] == "HEAD" or body.end is not None:
                await self._close()
            else:
                await self._send_until_disconnect(scope, body, send)
                last = getattr(self.generator, "farewell", last)
            if body.is_cut_short:
                return  # whoever broke the framing is not to take what there is for the whole
            # After a disconnect too: a server that is being stopped reports one, to end streams, while the client is
            # still there to see a proper end; and to a client that is gone it does no harm.
            await send({"type": "http.response.body", "body": last})
        finally:
            body.close(ANSWERED)  # here too: it may answer without an app of ours

    async def _send_until_disconnect(self, scope: Scope, body: Body, send: Send) -> None:
        import asyncio  # late: see wesktop.asgi

        # granian's send() goes on without an error when the client is gone; only receive() shows it. Our own task,
        # as a request's task cannot be cancelled from within under granian's own task implementation.
        sending = asyncio.create_task(self.send_chunks(send, write_timeout(scope)))
        try:
            await body.disconnected(sending)
            if sending.done() and sending.cancelled():
                raise RuntimeError("the stream's generator was cancelled by what it awaits")
        finally:
            sending.cancel()
            await asyncio.wait((sending,))
            if not sending.cancelled():
                sending.result()  # raises what the generator raised

    async def send_chunks(self, send: Send, seconds: float | None) -> None:
        """Send the generator's chunks; *seconds* limits how long the client may take to read one."""
        import asyncio

        try:
            async for chunk in self.generator:
                await send_with_timeout(send, body_chunk(chunk if type(chunk) is bytes else _encoded(chunk)), seconds)
                # To a client that is gone granian's send() returns without suspending; with a generator that does not
                # suspend either, the loop would be held indefinitely and the disconnect never be seen.
                await asyncio.sleep(0)
        finally:
            await self._close()

    async def _close(self) -> None:
        close = getattr(self.generator, "aclose", None)  # an async iterator of another kind need not have one
        if close is not None:
            await close()


def _encoded(chunk: Chunk) -> bytes:
    return chunk.encode() if isinstance(chunk, str) else as_bytes("chunk", chunk, "yield bytes, or str as UTF-8")


def body_chunk(body: bytes) -> Message:
    """Return the message of a chunk of a response's body that is not the last."""
    return {"type": "http.response.body", "body": body, "more_body": True}
