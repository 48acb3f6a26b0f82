"""The event stream response."""

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Protocol

from wesktop.asgi.streams import StreamResponse, body_chunk
from wesktop.asgi.timeouts import wait_with_timeout
from wesktop.asgi.types import Message, Send
from wesktop.sse.event_format import format_farewell
from wesktop.sse.subscriber import Subscriber, may_be_done

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}

RETURN_AT_ONCE = 50
"""Milliseconds after which a page reconnects whose stream the server has ended."""


class Clients(Protocol):
    """The set of clients that a stream joins when it begins and leaves when it ends."""

    def begin(self, client: Subscriber, loop: "AbstractEventLoop") -> None:
        """Add a client whose stream has begun on this loop."""

    def drop(self, client: Subscriber) -> None:
        """Remove a client."""


class EventStream(StreamResponse):
    """Sends a client's chunks as soon as they arrive; to an idle client from the wake-up, not from its task."""

    def __init__(self, clients: Clients, client: Subscriber) -> None:
        super().__init__(Chunks(clients, client), "text/event-stream", _HEADERS)
        self._client = client

    async def send_chunks(self, send: Send, seconds: float | None) -> None:
        """See StreamResponse."""
        client = self._client
        client.write_timeout = seconds

        def send_chunk(chunk: bytes) -> Awaitable[None]:
            return send(body_chunk(chunk))

        def send_from_task(message: Message) -> Awaitable[None]:
            sent = send(message)
            if may_be_done(sent):
                client.send = send_chunk
            return sent

        await super().send_chunks(send_from_task, seconds)


class Chunks:
    """The chunks of a client, which is removed when they end.

    farewell: sent last, see StreamResponse: the page reconnects soon, to another worker or this one.
    """

    farewell = format_farewell(RETURN_AT_ONCE)

    def __init__(self, clients: Clients, client: Subscriber) -> None:
        self._clients = clients
        self._client = client

    def __aiter__(self) -> "Chunks":
        return self

    async def __anext__(self) -> bytes:
        client = self._client
        if client.loop is None:
            import asyncio  # late: see wesktop.asgi

            self._clients.begin(client, asyncio.get_running_loop())
        try:
            while (chunk := client.take()) is not None:
                if chunk:
                    return chunk
                sent = await client.idle()
                if sent is not None:
                    await wait_with_timeout(sent, client.write_timeout)
        except Exception:  # not where the wait is given up, as by asyncio.timeout(): the next one goes on from here
            self._clients.drop(client)
            raise
        self._clients.drop(client)
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Close and remove the client."""
        self._client.close()
        self._clients.drop(self._client)
