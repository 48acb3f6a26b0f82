"""The same on Starlette."""

from typing import Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from workload import HELLO, OTHERS, SMALL, STATIC


async def item(request: Any) -> JSONResponse:
    return JSONResponse(request.path_params)


async def hello(_: Any) -> PlainTextResponse:
    return PlainTextResponse(HELLO)


async def small(_: Any) -> JSONResponse:
    return JSONResponse(SMALL)


async def echo(request: Any) -> JSONResponse:
    return JSONResponse(await request.json())


app = Starlette(
    routes=[
        *(Route(other, item) for other in OTHERS),
        Route("/items/{id}/x/{name}", item),
        Route("/", hello),
        Route("/json", small),
        Route("/echo", echo, methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]
)
