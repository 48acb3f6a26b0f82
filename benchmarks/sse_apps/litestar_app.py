"""Litestar's channels, in memory."""

import asyncio
from collections.abc import AsyncIterator

from litestar import Litestar, get, post
from litestar.channels import ChannelsPlugin
from litestar.channels.backends.memory import MemoryChannelsBackend
from litestar.response import ServerSentEvent, ServerSentEventMessage

channels = ChannelsPlugin(MemoryChannelsBackend(), channels=["ticks"])


async def follow() -> AsyncIterator[ServerSentEventMessage]:
    async with channels.start_subscription("ticks") as subscriber:
        # The headers are sent before the subscription: a client that waits for those alone would miss events.
        yield ServerSentEventMessage(comment="up", data=None)
        async for number in subscriber.iter_events():
            yield ServerSentEventMessage(event="tick", data=number)


@get("/events")
async def events() -> ServerSentEvent:
    return ServerSentEvent(follow())


@post("/send/{count:int}/{pause:int}", status_code=204)
async def send(count: int, pause: int) -> None:
    for number in range(count):
        channels.publish(str(number), "ticks")
        if pause:
            await asyncio.sleep(pause / 1000)


app = Litestar([events, send], plugins=[channels], openapi_config=None, logging_config=None)
