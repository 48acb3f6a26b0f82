"""WebSocket endpoints: those of a router, which receive a `WebSocket`, and raw ASGI ones.

The registry of the raw ones is the module's own, as the specification has it: every app that `create_app` makes in
this process serves the same paths.
"""

import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Self

from wesktop.asgi import codec
from wesktop.asgi.connections import Connection, route_path
from wesktop.asgi.http.headers import Headers, encode_headers
from wesktop.asgi.limits import DEFAULT, Limits
from wesktop.asgi.parameters import as_bytes, check_type
from wesktop.asgi.receiving.inbox import Inbox
from wesktop.asgi.reporting import log_exception, log_warning, printable
from wesktop.asgi.routing.router import WEBSOCKET, Router
from wesktop.asgi.signatures import check_arguments
from wesktop.asgi.types import Message, Receive, Scope, Send

if TYPE_CHECKING:
    from asyncio import Task

WebSocketHandler = Callable[[Scope, Receive, Send], Awaitable[None]]

NORMAL, NO_STATUS, INTERNAL_ERROR = 1000, 1005, 1011
"""Close codes: RFC 6455, section 7.4.1, and the IANA registry."""

MAX_REASON = 123
"""Maximum size of a close reason in bytes: a control frame has 125 (RFC 6455, section 5.5)."""

_handlers: dict[str, WebSocketHandler] = {}


def add_ws_route(path: str, handler: WebSocketHandler) -> None:
    """Register *handler* for WebSocket connections to exactly *path*, for every app of this process.

    The handler is called with ASGI's (scope, receive, send) and does everything from accept to close.
    Raises ValueError if *path* does not begin with a slash or is registered already, TypeError if it is not a str
    or the handler cannot be called with these.
    """
    check_type("WebSocket path", path, str)
    if not path.startswith("/"):
        raise ValueError(f"WebSocket path {path!r} does not begin with a slash: write {'/' + path!r}")
    if path in _handlers:
        raise ValueError(f"WebSocket path {path!r} is registered already: remove one of the two")
    if not callable(handler):
        raise TypeError(f"handler {handler!r} cannot be called: give a function of scope, receive and send")
    check_arguments("handler", handler, "scope", "receive", "send")
    _handlers[path] = handler


class WebSocketDisconnect(Exception):  # noqa: N818  not an error
    """The connection has ended: closed by the client or another task of the handler, or lost.

    code, reason: of the close; 1005 if there was none.
    """

    def __init__(self, code: int = NO_STATUS, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class WebSocket(Connection):
    """A WebSocket connection, as a handler of `Router.websocket` receives it.

    Accept it first, or close it, which rejects it. Iteration yields the client's messages until the client or another
    task of the handler closes the connection:

        @router.websocket("/echo/{room}")
        async def echo(socket):
            await socket.accept()
            async for message in socket:
                await socket.send(message)

    When the handler ends, an open connection is closed (1000), and one that was not accepted is rejected. All of its
    tasks may receive, send and close; cancelling a wait, for example by `asyncio.timeout()`, loses nothing.
    """

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        path_params: dict[str, Any] | None = None,
        limits: Limits = DEFAULT,
    ) -> None:
        self.scope = scope
        self.path_params = {} if path_params is None else path_params
        self._receiver = Inbox(receive, limits, self._refuse_message)
        self._send = send
        self._receives = False
        self._closing: Task[None] | None = None
        self.accepted = False
        self.closed = False

    @property
    def subprotocols(self) -> list[str]:
        """The client's subprotocols, in its order of preference."""
        return list(self.scope.get("subprotocols") or ())

    async def accept(self, subprotocol: str | None = None, *, headers: Headers | None = None) -> None:
        """Accept the connection, with one of the client's subprotocols and further headers.

        Raises ValueError for a subprotocol that the client does not offer, RuntimeError when it was accepted or
        closed already, and WebSocketDisconnect when the client is gone.
        """
        if self.accepted or self.closed:
            raise RuntimeError("the WebSocket was accepted or closed already")
        if subprotocol is not None and subprotocol not in self.subprotocols:
            raise ValueError(f"subprotocol {subprotocol!r} is not offered by the client: {self.subprotocols}")
        raw_headers = encode_headers(headers)
        # From now on it listens: a server need not say otherwise that the client has gone (granian's send does not).
        message = await self._receiver.next()
        if message["type"] != "websocket.connect":
            raise self._disconnected()
        self.accepted = True
        await self._send_message({"type": "websocket.accept", "subprotocol": subprotocol, "headers": raw_headers})

    async def receive(self) -> str | bytes:
        """Return the client's next message, text or bytes.

        Raises WebSocketDisconnect when the connection has ended and all earlier messages have been received.
        """
        self._check_accepted()
        self._receives = True
        message = await self._receiver.next()
        if message["type"] != "websocket.receive":
            raise self._disconnected()
        text: str | None = message.get("text")
        data: bytes = message.get("bytes") or b""
        return data if text is None else text

    async def receive_json(self, type_: Any = Any) -> Any:
        """Return the next message, JSON decoded as *type_*. Raises ValueError if it is not, and as `receive`."""
        return codec.decode(await self.receive(), type_)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str | bytes:
        try:
            return await self.receive()
        except WebSocketDisconnect:
            raise StopAsyncIteration from None

    async def send(self, data: str | bytes | bytearray | memoryview) -> None:
        """Send text or bytes.

        Raises WebSocketDisconnect when the connection has ended, RuntimeError when it was not accepted, TypeError for
        what is neither text nor bytes.
        """
        import asyncio  # late: see wesktop.asgi

        # To a client that is gone granian's send() returns without suspending: a handler that does nothing but send
        # would hold the loop, and never notice the end.
        await asyncio.sleep(0)
        self._check_open()
        if isinstance(data, str):
            await self._send_message({"type": "websocket.send", "text": data})
        else:
            await self._send_message({"type": "websocket.send", "bytes": as_bytes("message", data, "use send_json")})

    async def send_json(self, data: Any) -> None:
        """Send *data* as JSON, in a text message. Raises TypeError when it cannot be encoded."""
        await self.send(codec.encode(data).decode())

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Close the connection, or reject it; no effect if it is closed.

        code: 1000, or 3000 to 4999 for the app's own (RFC 6455, section 7.4.2), or another of the registry's from
        1001 on. Raises ValueError for a code that may not be sent, or a reason above 123 bytes, and TypeError
        unless the code is an int and the reason a str.
        """
        check_type("close code", code, int)
        check_type("close reason", reason, str)
        if not (1000 <= code <= 4999) or code in (1004, NO_STATUS, 1006, 1015):
            raise ValueError(f"close code {code!r} cannot be sent: use 1000, or 3000 to 4999")
        if len(reason.encode()) > MAX_REASON:
            raise ValueError(f"close reason {reason!r} is longer than {MAX_REASON} bytes: shorten it")
        import asyncio

        if self.closed:
            await self._receiver.refused()
            if self._closing is not None:
                await asyncio.wait((self._closing,))
            return
        self.closed = True
        self._receiver.end = self._receiver.end or _ending(code, reason)
        # In a task of its own: another task that finds the connection closed may end its group, and so cancel this
        # one while it sends. A server whose send() is cancelled closes without code and reason.
        self._closing = asyncio.ensure_future(self._send_close(code, reason))
        await asyncio.shield(self._closing)

    async def _send_close(self, code: int, reason: str) -> None:
        try:
            with contextlib.suppress(OSError):  # uvicorn's way to say that the client has gone
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
        finally:
            self.end(code, reason)

    async def _refuse_message(self) -> None:
        """Close the connection after a message that is too large, even if the handler is not receiving."""
        self.closed = True
        end = self._receiver.end or {}
        log_warning(
            "wesktop", "WebSocket %s closed (%s): %s", printable(self.path), end.get("code"), end.get("reason")
        )
        with contextlib.suppress(Exception):  # the client may have gone
            await self._send({"type": "websocket.close", "code": end.get("code"), "reason": end.get("reason")})

    def end(self, code: int, reason: str = "") -> None:
        """Stop receiving; all waiters get this end."""
        self._receiver.close(_ending(code, reason))

    async def _send_message(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError as error:  # uvicorn's way
            self.end(1006, str(error))
            raise self._disconnected() from None

    def _check_accepted(self) -> None:
        if not self.accepted:
            raise RuntimeError("the WebSocket has not been accepted: call accept() first")

    def _check_open(self) -> None:
        self._check_accepted()
        receiver = self._receiver
        receiver.check()
        # A handler that receives gets the messages before the end first, and may want to answer them.
        if receiver.end is not None and (self.closed or not (self._receives and receiver.waiting)):
            raise self._disconnected()

    def _disconnected(self) -> WebSocketDisconnect:
        self.closed = True
        message = self._receiver.end or {}
        return WebSocketDisconnect(message.get("code") or NO_STATUS, message.get("reason") or "")


class WebSockets:
    """The ASGI app of all WebSocket routes; connections to any other path are rejected."""

    def __init__(self, router: Router, logger: str, limits: Limits = DEFAULT) -> None:
        self.router = router
        self.logger = logger
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = route_path(scope)
        raw = _handlers.get(path)
        if raw is not None:
            await self._run_raw(raw, scope, receive, send)
            return
        found = self.router.find(WEBSOCKET, path)
        if found is None:
            await receive()  # websocket.connect
            await send({"type": "websocket.close"})  # before an accept: the handshake is answered with 403
            return
        route, path_params = found
        await self._run(route.call, WebSocket(scope, receive, send, path_params, self.limits))

    async def _run_raw(self, handler: WebSocketHandler, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await handler(scope, receive, send)
        except Exception as error:
            self._log(error, scope)
            # The connection may be closed already, which no server lets one repeat.
            with contextlib.suppress(Exception):
                await send({"type": "websocket.close", "code": INTERNAL_ERROR})

    async def _run(self, call: Callable[[WebSocket], Awaitable[Any]], socket: WebSocket) -> None:
        code = NORMAL
        try:
            await call(socket)
        except Exception as error:
            if not _is_disconnect(error):  # the connection's end is the handler's
                self._log(error, socket.scope)
                code = INTERNAL_ERROR
        finally:
            socket.end(code)
        with contextlib.suppress(Exception):  # the client may have gone
            await socket.close(code)

    def _log(self, error: Exception, scope: Scope) -> None:
        log_exception(self.logger, error, "WebSocket handler of %s failed", printable(scope["path"]))


def _ending(code: int, reason: str) -> Message:
    return {"type": "websocket.disconnect", "code": code, "reason": reason}


def _is_disconnect(error: Exception) -> bool:
    """Return True if only the connection's end has ended a handler; also in a group, as of an asyncio.TaskGroup."""
    if isinstance(error, ExceptionGroup):
        return error.split(WebSocketDisconnect)[1] is None
    return isinstance(error, WebSocketDisconnect)
