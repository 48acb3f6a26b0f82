"""A guard, what it is asked, and what it answers, in memory."""

import asyncio
from typing import Any

from wesktopd.guard.middleware import Guard
from wesktopd.guard.session import SessionSecrets

PORT = 8000
ACCESS = SessionSecrets(cookie="c" * 64, bearer="b" * 64)
COOKIE = f"wesktop-app-{PORT}={ACCESS.cookie}"

Pairs = list[tuple[str, str]]

# Each value, and whether a request with it may pass.
HOSTS: dict[str | None, bool] = {
    "127.0.0.1:8000": True,
    "localhost:8000": True,
    "LOCALHOST:8000": True,
    "[::1]:8000": True,
    "app.localhost:8000": True,
    "App.LocalHost:8000": True,
    None: False,
    "": False,
    ":8000": False,
    "127.0.0.1": False,
    "localhost": False,
    "localhost:8001": False,
    "localhost:": False,
    "localhost:08000": False,
    "localhost:8000:8000": False,
    "localhost:8000 ": False,
    "localhost.:8000": False,
    "other.localhost:8000": False,
    "0.0.0.0:8000": False,
    "127.1:8000": False,
    "127.0.0.2:8000": False,
    "2130706433:8000": False,
    "0x7f000001:8000": False,
    "[::]:8000": False,
    "[::ffff:127.0.0.1]:8000": False,
    "[0:0:0:0:0:0:0:1]:8000": False,
    "::1:8000": False,
    "evil.example": False,
    "evil.example:8000": False,
    "localhost.evil.example:8000": False,
    "evil-localhost:8000": False,
    "user@localhost:8000": False,
    "localhost:8000@evil.example": False,
    "localhost:8000/": False,
    "localhost:8000, evil.example": False,
    "http://localhost:8000": False,
    "l\xf6calhost:8000": False,
}


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers, and says by a header of its own that it was reached."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"reached"})


async def redeem(token: str) -> bool:
    return token == "good"


def guard(**options: Any) -> Guard:
    return Guard(app, port=PORT, name="app", **options)


def ask(guarded: Guard, method: str, headers: Pairs, path: str = "/", query: str = "") -> tuple[int, dict[str, str]]:
    """The status (101 for an accepted WebSocket) and the headers, each of them once."""
    websocket = method == "WEBSOCKET"
    scope: dict[str, Any] = {
        "type": "websocket" if websocket else "http",
        "scheme": "ws" if websocket else "http",
        **({} if websocket else {"method": method}),
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "extensions": {"websocket.http.response": {}},
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async def call() -> None:
        await guarded(scope, receive, send)

    asyncio.run(call())
    if sent[0]["type"] == "websocket.accept":
        return 101, {}
    found = [(name.decode(), value.decode("latin-1")) for name, value in sent[0]["headers"]]
    assert len(dict(found)) == len(found), found
    return sent[0]["status"], dict(found)
