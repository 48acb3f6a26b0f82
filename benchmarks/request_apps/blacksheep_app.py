"""The same on BlackSheep."""

from typing import Any

from blacksheep import Application, Request, json, text
from workload import HELLO, OTHERS, SMALL, STATIC

app = Application()


async def item(id: str, name: str) -> Any:  # noqa: A002  it goes by the parameter's name
    return json({"id": id, "name": name})


async def hello() -> Any:
    return text(HELLO)


async def small() -> Any:
    return json(SMALL)


async def echo(request: Request) -> Any:
    return json(await request.json())


for other in OTHERS:
    app.router.add_get(other, item)
app.router.add_get("/items/{id}/x/{name}", item)
app.router.add_get("/", hello)
app.router.add_get("/json", small)
app.router.add_post("/echo", echo)
app.serve_files(STATIC, root_path="static", extensions={".txt", ".bin"})
