"""The same on wesktop."""

from typing import Any

from workload import HELLO, OTHERS, SMALL, STATIC

import wesktop

router = wesktop.Router()


async def item(request: wesktop.Request) -> Any:
    return request.path_params


for other in OTHERS:
    router.get(other)(item)
router.get("/items/{id}/x/{name}")(item)


@router.get("/")
async def hello(_: wesktop.Request) -> str:
    return HELLO


@router.get("/json")
async def small(_: wesktop.Request) -> dict[str, Any]:
    return SMALL


@router.post("/echo")
async def echo(request: wesktop.Request) -> Any:
    return request.json


app = wesktop.create_app(router, static_dir=STATIC, static_path="/static")
