"""The app layer: routes, requests, responses and the ASGI application that joins them. Needs msgspec alone.

asyncio and msgspec are imported where they are first used: a script that only builds its app, and has it served by
another process, is spared 30 ms and 10 MB.
"""

from wesktop.asgi.app import create_app
from wesktop.asgi.bodies import MAX_BODY_SIZE
from wesktop.asgi.files import FileResponse
from wesktop.asgi.requests import Request
from wesktop.asgi.responses import (
    BytesResponse,
    EmptyResponse,
    HTMLResponse,
    JSONResponse,
    Response,
    TextResponse,
)
from wesktop.asgi.routing import Router
from wesktop.asgi.streams import StreamResponse
from wesktop.asgi.websockets import add_ws_route

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
    "MAX_BODY_SIZE",
]
