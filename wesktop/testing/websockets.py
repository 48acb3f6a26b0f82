"""The client's side of a WebSocket, in memory."""

from typing import Any

import msgspec

from wesktop.asgi.types import Message
from wesktop.testing.connection import AppConnection


class WebSocketRefused(Exception):  # noqa: N818  it is an answer
    """The app has not accepted the connection. code: of its close."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class WebSocketClosed(Exception):  # noqa: N818
    """The app has closed the connection. code, reason: of the close."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class WebSocketSession:
    """A WebSocket to an app. subprotocol, headers: of the app's acceptance."""

    def __init__(self, connection: AppConnection) -> None:
        self._connection = connection
        self.subprotocol: str | None = None
        self.headers: dict[str, str] = {}

    async def begin(self) -> list[tuple[bytes, bytes]]:
        """Wait until the app accepts; its headers. Raises WebSocketRefused when it does not."""
        message = await self._connection.receive()
        if message is None or message["type"] != "websocket.accept":
            raise WebSocketRefused((message or {}).get("code", 1000))
        self.subprotocol = message.get("subprotocol")
        self.headers = {name.decode(): value.decode("latin-1") for name, value in message.get("headers") or ()}
        return list(message.get("headers") or ())

    async def send(self, data: str | bytes) -> None:
        """Send text or bytes."""
        text, binary = (data, None) if isinstance(data, str) else (None, data)
        self._connection.send({"type": "websocket.receive", "text": text, "bytes": binary})

    async def send_json(self, data: Any) -> None:
        """Send JSON, in a text message."""
        await self.send(msgspec.json.encode(data).decode())

    async def receive(self) -> str | bytes:
        """Return the app's next message. Raises WebSocketClosed if it has closed."""
        message: Message | None = await self._connection.receive()
        if message is None or message["type"] == "websocket.close":
            message = message or {}
            raise WebSocketClosed(message.get("code", 1000), message.get("reason") or "")
        text: str | None = message.get("text")
        data: bytes = message.get("bytes") or b""
        return data if text is None else text

    async def receive_json(self) -> Any:
        """Return the app's next message, decoded from JSON. Raises ValueError if it is not, and as `receive`."""
        return msgspec.json.decode(await self.receive())

    async def close(self) -> None:
        """Close the connection."""
        self._connection.disconnect()
