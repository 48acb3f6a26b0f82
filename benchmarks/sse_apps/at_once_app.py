"""Bare ASGI that sends an event to one client after the other: one that does not read holds all others up."""

from typing import Any

from bare import STREAM, done, lifespan, part, ticks

streams: set[Any] = set()


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["method"] == "POST":
        async for message in ticks(scope):
            for stream in streams:
                await stream(message)
        await done(send)
    else:
        await send(STREAM)
        streams.add(send)
        await send(part(b": up\n\n"))
        while (await receive())["type"] != "http.disconnect":
            pass
        streams.discard(send)
