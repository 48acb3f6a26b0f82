"""What ASGI lets an app send, and when: https://asgi.readthedocs.io/en/latest/specs/www.html."""

from typing import Any

from wesktop.asgi.http.headers import TOKEN
from wesktop.asgi.types import ASGIApp, Message, Receive, Scope, Send


class Conformance:
    """Middleware that fails a test, by AssertionError, when the app inside breaks the protocol."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        check = HttpChecks(scope) if scope["type"] == "http" else WebSocketChecks()

        async def checked(message: Message) -> None:
            check.sent(message)
            await send(message)

        await self.app(scope, receive, checked)
        check.returned()


def keys(message: Message, required: dict[str, Any], optional: dict[str, Any]) -> None:
    """Assert that the message has these keys and no other, each of its type."""
    types = {**required, **optional}
    assert set(required) <= set(message) - {"type"} <= set(types), message
    for key in set(message) - {"type"}:
        assert isinstance(message[key], types[key]), f"{key} of {message}"


def check_headers(headers: Any) -> None:
    for pair in headers:
        name, value = pair
        assert isinstance(name, bytes), pair
        assert isinstance(value, bytes), pair
        assert name == name.lower(), pair
        assert TOKEN.issuperset(name.decode("ascii")), pair
        assert not set(value) & {0, 10, 13}, pair


class HttpChecks:
    """A response: a start, then bodies, the last without more."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.started = False
        self.ended = False
        self.length: int | None = None
        self.size = 0

    def sent(self, message: Message) -> None:
        assert not self.ended, f"{message} after the end"
        kind = message["type"]
        if not self.started:
            assert kind == "http.response.start", message
            keys(message, {"status": int}, {"headers": (list, tuple), "trailers": bool})
            check_headers(message.get("headers", ()))
            lengths = [value for name, value in message.get("headers", ()) if name == b"content-length"]
            assert len(lengths) <= 1, lengths
            self.length = int(lengths[0]) if lengths else None
            self.status = message["status"]
            self.started = True
        else:
            assert kind == "http.response.body", message
            keys(message, {}, {"body": bytes, "more_body": bool})
            self.size += len(message.get("body", b""))
            self.ended = not message.get("more_body", False)
            if self.ended:
                self.check_size()

    def check_size(self) -> None:
        if self.scope["method"] == "HEAD" or self.status in (204, 304):
            assert self.size == 0
        elif self.length is not None:
            assert self.size == self.length

    def returned(self) -> None:
        assert self.ended, "the app returned before the end of its response"


class WebSocketChecks:
    """A connection: accepted once, then messages; or closed."""

    def __init__(self) -> None:
        self.accepted = False
        self.closed = False

    def sent(self, message: Message) -> None:
        assert not self.closed, f"{message} after the close"
        kind = message["type"]
        if kind == "websocket.accept":
            assert not self.accepted, "accepted twice"
            keys(message, {}, {"subprotocol": (str, type(None)), "headers": (list, tuple)})
            check_headers(message.get("headers", ()))
            self.accepted = True
        elif kind == "websocket.close":
            keys(message, {}, {"code": int, "reason": str})
            self.closed = True
        else:
            assert kind == "websocket.send", message
            assert self.accepted, "a message before the connection was accepted"
            keys(message, {}, {"text": (str, type(None)), "bytes": (bytes, type(None))})
            assert (message.get("text") is None) != (message.get("bytes") is None), message

    def returned(self) -> None:
        pass
