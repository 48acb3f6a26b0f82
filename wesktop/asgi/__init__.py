"""The app layer: routes, requests, responses and the ASGI application that joins them. Needs msgspec alone.

asyncio and msgspec are imported where they are first used: a script that only builds its app, and has it served by
another process, is spared 30 ms and 10 MB.
"""

from wesktop.asgi.app import create_app
from wesktop.asgi.errors import HTTPError
from wesktop.asgi.files.file_response import FileResponse
from wesktop.asgi.http.cookies import Cookie
from wesktop.asgi.limits import BODY_TIMEOUT, MAX_BODY_SIZE, MAX_FORM_PARTS, WRITE_TIMEOUT
from wesktop.asgi.requests import Request
from wesktop.asgi.responses import (
    BytesResponse,
    EmptyResponse,
    HTMLResponse,
    JSONResponse,
    RedirectResponse,
    Response,
    TextResponse,
)
from wesktop.asgi.routing.router import Router
from wesktop.asgi.streams import StreamResponse
from wesktop.asgi.websockets import WebSocket, WebSocketDisconnect, add_ws_route

__all__ = [
    "Router",
    "create_app",
    "add_ws_route",
    "Request",
    "Response",
    "JSONResponse",
    "TextResponse",
    "HTMLResponse",
    "BytesResponse",
    "StreamResponse",
    "FileResponse",
    "EmptyResponse",
    "RedirectResponse",
    "Cookie",
    "HTTPError",
    "WebSocket",
    "WebSocketDisconnect",
    "MAX_BODY_SIZE",
    "BODY_TIMEOUT",
    "MAX_FORM_PARTS",
    "WRITE_TIMEOUT",
]
