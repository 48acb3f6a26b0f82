"""Tests of applications without a server: clients that call an ASGI app in memory, by httpx.

Needs httpx: `pip install httpx`.
"""

from wesktop.testing.clients import AsyncTestClient, TestClient
from wesktop.testing.events import Event
from wesktop.testing.websockets import WebSocketClosed, WebSocketRefused

__all__ = ["AsyncTestClient", "Event", "TestClient", "WebSocketClosed", "WebSocketRefused"]
