"""Bare ASGI with a queue for each client."""

import asyncio
from typing import Any

from bare import STREAM, done, lifespan, part, ticks

queues: set[asyncio.Queue[Any]] = set()


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["method"] == "POST":
        async for message in ticks(scope):
            for queue in queues:
                queue.put_nowait(message)
        await done(send)
    else:
        queue = asyncio.Queue()
        queues.add(queue)
        await send(STREAM)
        await send(part(b": up\n\n"))
        while True:
            await send(await queue.get())
