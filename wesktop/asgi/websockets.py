"""WebSocket endpoints, as raw ASGI.

The registry is the module's own, as the specification has it: every app that `create_app` makes in this process
serves the same WebSocket paths.
"""

import contextlib
from collections.abc import Awaitable, Callable

from wesktop.asgi.reporting import log_exception
from wesktop.asgi.types import Receive, Scope, Send

WebSocketHandler = Callable[[Scope, Receive, Send], Awaitable[None]]

INTERNAL_ERROR = 1011  # RFC 6455, section 7.4.1, and the IANA registry of close codes

_handlers: dict[str, WebSocketHandler] = {}


def add_ws_route(path: str, handler: WebSocketHandler) -> None:
    """Register *handler* for WebSocket connections to exactly *path*, for every app of this process.

    The handler is called with ASGI's (scope, receive, send) and does everything from accept to close.
    Raises ValueError when *path* does not begin with a slash or is registered already.
    """
    if not path.startswith("/"):
        raise ValueError(f"WebSocket path {path!r} does not begin with a slash: write {'/' + path!r}")
    if path in _handlers:
        raise ValueError(f"WebSocket path {path!r} is registered already: remove one of the two")
    _handlers[path] = handler


class WebSockets:
    """The ASGI app of the registered paths; a connection to any other path is refused before it is accepted."""

    def __init__(self, logger: str) -> None:
        self.logger = logger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = _handlers.get(scope["path"])
        if handler is None:
            await receive()  # websocket.connect
            await send({"type": "websocket.close"})  # before an accept: the handshake is answered with 403
            return
        try:
            await handler(scope, receive, send)
        except Exception:
            log_exception(self.logger, "WebSocket handler of %s failed", scope["path"])
            # The connection may be closed already, which no server lets one repeat.
            with contextlib.suppress(Exception):
                await send({"type": "websocket.close", "code": INTERNAL_ERROR})
