"""Lets a server end while requests are open: those that only wait for their client get a disconnect."""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

DRAINING = "wesktop.draining"
"""Marks our disconnect: the client is there still, and a file that is being sent to it is to arrive whole."""

GOING_AWAY = 1001  # RFC 6455, 7.4.1: the server is going down
_GONE = {"type": "websocket.disconnect", "code": GOING_AWAY, "reason": "the server is going away"}
LATE_GRACE = 0.25  # seconds that a request during a drain has before its disconnect


class Drain:
    """ASGI middleware that counts the open requests and can end those that would never end by themselves.

    An event stream or a WebSocket keeps a graceful stop waiting indefinitely (measured on granian). Once `begin` was
    called, a `receive()` that waits for more than the request's body returns that the client has disconnected,
    and the request ends in good order; one that is still being worked on is left alone until `cancel`.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open: dict[asyncio.Task[Any], _Receiver] = {}
        self._closing = self._begun = False
        self._cut: set[asyncio.Task[Any]] = set()
        self._ended_at = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        assert task is not None
        receiver = self._open[task] = _Receiver(receive, send, scope["type"])
        if self._closing:
            send = _closing_after(send)
        if self._begun:
            task.get_loop().call_later(LATE_GRACE, receiver.leave)
        try:
            await self._app(scope, receiver, send)
        except asyncio.CancelledError:
            if task not in self._cut:
                raise
            # No error of the app's, which granian would take it for: it answers 500, or breaks off the answer.
        except Exception as error:  # which granian prints by itself, past all loggers
            from wesktopd.worker.client_text import UnprintableError, is_printable  # late: it is seldom needed

            if not is_printable(error):
                raise UnprintableError(error) from None
            raise
        finally:
            del self._open[task]
            self._cut.discard(task)
            receiver.close()
            self._ended_at = time.monotonic()

    @property
    def requests(self) -> int:
        """The number of open requests."""
        return len(self._open)

    @property
    def idle(self) -> float:
        """Seconds since the last request has ended; 0 while one is open."""
        return 0.0 if self._open else time.monotonic() - self._ended_at

    def close_connections(self) -> None:
        """From now on no connection is kept for a further request (RFC 9112, 9.6)."""
        self._closing = True

    def begin(self) -> None:
        """From now on waiting for the client ends."""
        self._closing = self._begun = True
        for receiver in self._open.values():
            receiver.leave()

    async def ended(self, kind: str | None = None) -> None:
        """Wait until no request of this kind ("http", "websocket") is open; None: of any kind."""
        while waiting := [task for task, receiver in self._open.items() if kind in (None, receiver.kind)]:
            await asyncio.wait(waiting)

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
    """`receive()`, which can end with the server."""

    __slots__ = ("_coming", "_leaving", "_notified", "_receive", "_send", "_waits_for_client", "kind")

    def __init__(self, receive: Receive, send: Send, kind: str) -> None:
        self.kind = kind
        self._receive = receive
        self._send = send
        self._waits_for_client = False
        self._coming: asyncio.Future[Message] | None = None
        self._leaving: asyncio.Future[None] | None = None
        self._notified = False

    async def __call__(self) -> Message:
        if not self._waits_for_client:
            message = await self._receive()
            # What comes after a body's end, or after a WebSocket's connect, comes when the client pleases.
            self._waits_for_client = not message.get("more_body", False)
            return message
        while not self._notified or self.kind != "websocket":
            # A task of its own, which outlives this call: giving up waiting (`asyncio.timeout`) does not give up
            # what has come meanwhile.
            coming = self._coming = self._coming or asyncio.ensure_future(self._receive())
            leaving = self._leaving = self._leaving or asyncio.get_running_loop().create_future()
            awaited = (coming,) if self._notified else (coming, leaving)
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            if not coming.done():
                return await self._notify()
            if coming is self._coming:  # else another caller has had it
                self._coming = None
                return coming.result()
        return {**_GONE}

    async def _notify(self) -> Message:
        self._notified = True  # an HTTP request waits for its client's own end from now on
        if self.kind != "websocket":
            return {"type": "http.disconnect", DRAINING: True}
        # The app takes the client for gone, and will not send a close itself.
        await self._send({"type": "websocket.close", "code": GOING_AWAY, "reason": ""})
        return {**_GONE}

    def leave(self) -> None:
        """Send it a disconnect as soon as it waits for its client."""
        self._leaving = self._leaving or asyncio.get_running_loop().create_future()
        if not self._leaving.done():
            self._leaving.set_result(None)

    def close(self) -> None:
        """End the request: messages that are still to come are not wanted."""
        if self._coming is not None and not self._coming.cancel() and not self._coming.cancelled():
            self._coming.exception()  # which is dropped too
