"""sse-starlette, with a queue for each client as its documentation has it."""

import asyncio
from collections.abc import AsyncIterator

from sse_starlette.sse import EventSourceResponse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

queues: set[asyncio.Queue[str]] = set()


async def follow() -> AsyncIterator[dict[str, str]]:
    queue: asyncio.Queue[str] = asyncio.Queue()
    queues.add(queue)
    yield {"comment": "up"}
    while True:
        yield {"event": "tick", "data": await queue.get()}


async def events(_: Request) -> Response:
    return EventSourceResponse(follow())


async def send(request: Request) -> Response:
    for number in range(request.path_params["count"]):
        for queue in queues:
            queue.put_nowait(str(number))
        if pause := request.path_params["pause"]:
            await asyncio.sleep(pause / 1000)
    return Response(status_code=204)


app = Starlette(routes=[Route("/events", events), Route("/send/{count:int}/{pause:int}", send, methods=["POST"])])
