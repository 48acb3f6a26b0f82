"""Lets a server end while requests are open: those that only wait for their client are told that it has gone."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

GOING_AWAY = 1001  # RFC 6455, 7.4.1: the server is going down


class Drain:
    """ASGI middleware that counts the open requests and can end those that would never end by themselves.

    An event stream or a WebSocket keeps a graceful stop waiting for ever (measured on granian). Once `begin` was
    called, whoever waits in `receive()` for more than the request's body hears that the client has disconnected,
    and ends in good order; a request that is still being worked on is left alone until `cancel`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open: dict[asyncio.Task[Any], str] = {}
        self._begun = asyncio.Event()
        self._closing = False
        self._cut: set[asyncio.Task[Any]] = set()
        self._ended_at = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, self._after_websockets(receive), send)
            return
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = scope["type"]
        try:
            await self._app(scope, _Receiver(receive, send, scope["type"], self._begun), self._sender(send))
        except asyncio.CancelledError:
            if task not in self._cut:
                raise
            # No error of the app's, which granian would take it for: it answers 500, or breaks off the answer.
        finally:
            del self._open[task]
            self._cut.discard(task)
            self._ended_at = time.monotonic()

    @property
    def requests(self) -> int:
        """How many are open."""
        return len(self._open)

    @property
    def idle(self) -> float:
        """Seconds since the last request has ended; 0 while one is open."""
        return 0.0 if self._open else time.monotonic() - self._ended_at

    def close_connections(self) -> None:
        """From now on no connection is kept for a further request (RFC 9112, 9.6)."""
        self._closing = True

    def _sender(self, send: Send) -> Send:
        return _closing_after(send) if self._closing else send

    def _after_websockets(self, receive: Receive) -> Receive:
        """Hold the lifespan's shutdown back until the last WebSocket has ended.

        For a request granian does that, if somebody still waits for its answer.
        """

        async def receive_in_order() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await self.websockets_ended()
            return message

        return receive_in_order

    async def websockets_ended(self) -> None:
        """Wait until no WebSocket is open."""
        while sockets := [task for task, kind in self._open.items() if kind == "websocket"]:
            await asyncio.wait(sockets)

    def begin(self) -> None:
        """From now on waiting for the client ends."""
        self._begun.set()

    def cancel(self) -> int:
        """Cancel what is still open; how many requests that are."""
        self._cut = set(self._open)
        for task in self._cut:
            task.cancel()
        return len(self._cut)


def _closing_after(send: Send) -> Send:
    async def send_closing(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        await send(message)

    return send_closing


class _Receiver:
    """`receive()`, until the drain begins."""

    __slots__ = ("_begun", "_kind", "_receive", "_send", "_waits_for_client")

    def __init__(self, receive: Receive, send: Send, kind: str, begun: asyncio.Event) -> None:
        self._receive = receive
        self._send = send
        self._kind = kind
        self._begun = begun
        self._waits_for_client = False

    async def __call__(self) -> Message:
        if not self._waits_for_client:
            message = await self._receive()
            # What comes after a body's end, or after a WebSocket's connect, comes when the client pleases.
            self._waits_for_client = not message.get("more_body", False)
            return message
        waiting = asyncio.ensure_future(self._receive())
        begun = asyncio.ensure_future(self._begun.wait())
        try:
            await asyncio.wait((waiting, begun), return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                return waiting.result()
        finally:
            waiting.cancel()
            begun.cancel()
        if self._kind == "websocket":
            # The app takes it that the client has gone, and will not say so itself.
            await self._send({"type": "websocket.close", "code": GOING_AWAY, "reason": ""})
            return {"type": "websocket.disconnect", "code": GOING_AWAY, "reason": "the server is going away"}
        return {"type": "http.disconnect"}
