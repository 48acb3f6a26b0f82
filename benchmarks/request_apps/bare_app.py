"""ASGI by hand: the limit of what an app layer can reach on granian."""

import os
from typing import Any

from orjson import dumps, loads
from workload import HELLO, SMALL, STATIC

TEXT = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"13")]
JSON = (b"content-type", b"application/json")


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    path = scope["path"]
    if path == "/":
        await send({"type": "http.response.start", "status": 200, "headers": TEXT})
        await send({"type": "http.response.body", "body": HELLO.encode()})
        return
    if path.startswith("/static/"):
        file = STATIC + path.removeprefix("/static")
        length = (b"content-length", b"%d" % os.stat(file).st_size)  # noqa: PTH116
        await send({"type": "http.response.start", "status": 200, "headers": [TEXT[0], length]})
        await send({"type": "http.response.pathsend", "path": file})
        return
    if path == "/json":
        body = dumps(SMALL)
    elif path == "/echo":
        body = dumps(loads(await read(receive)))
    else:
        _, _, number, _, name = path.split("/")
        body = dumps({"id": number, "name": name})
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": 200, "headers": [JSON, length]})
    await send({"type": "http.response.body", "body": body})


async def read(receive: Any) -> bytes:
    chunks = b""
    while True:
        message = await receive()
        chunks += message["body"]
        if not message["more_body"]:
            return chunks
