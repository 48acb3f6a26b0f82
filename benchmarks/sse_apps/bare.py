"""Shared by the bare apps."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

STREAM = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}


def part(body: bytes) -> dict[str, Any]:
    """A message with a part of a stream."""
    return {"type": "http.response.body", "body": body, "more_body": True}


async def lifespan(receive: Any, send: Any) -> None:
    """Say yes."""
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def done(send: Any) -> None:
    """Answer a POST."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def ticks(scope: Any) -> AsyncIterator[dict[str, Any]]:
    """The events that /send/{count}/{milliseconds between two} asks for."""
    count, pause = map(int, scope["path"].split("/")[2:])
    for number in range(count):
        yield part(b"event: tick\ndata: %d\n\n" % number)
        if pause:
            await asyncio.sleep(pause / 1000)
