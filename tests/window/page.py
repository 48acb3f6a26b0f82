"""The app that the windows of these tests show. Its page says what it sees, in a file that outlives the server.

Imported by the tests' scripts and by their workers.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import wesktop
from wesktop.asgi import RedirectResponse

GO = Path("go")  # in the script's directory
TURN = Path("turn.json")  # likewise: the arguments of the page that is shown next, where an app `turns`

_PAGE = """<!doctype html><meta charset="utf-8"><title>a page</title>
<style>html {{ background: {colour} }}</style>
<script>
    const say = text => fetch("/said", {{method: "POST", body: text, keepalive: true}});
    requestAnimationFrame(() => requestAnimationFrame(() => say("drawn")));
    addEventListener("pointerdown", () => say("pressed"), true);
    {script}
</script>"""


_TURNS = """
    const turns = setInterval(async () => {{
        if (await (await fetch("/turn")).text() !== {number!r}) {{
            clearInterval(turns);
            location.replace("/");
        }}
    }}, 50);
    {script}"""


def page_app(name: str, script: str = "", colour: str = "#336699", waits: str = "", *, turns: bool = False) -> object:
    """An app whose page fills the window with `colour` and runs `script`; what that `say`s goes to `name`.said.

    waits: "" serves at once; "first" when the file `go` is there; "again" does so from the second worker on.
    turns: the page goes on to what the file `turn.json` says, whenever that changes.
    """
    router = wesktop.Router()
    said = Path(f"{name}.said")
    asked: list[int] = []

    @router.get("/")
    async def page(_: wesktop.Request) -> wesktop.HTMLResponse:
        shown = {"colour": colour, "script": script}
        if turns:
            turn = json.loads(TURN.read_text())
            shown |= turn["page"]
            shown["script"] = _TURNS.format(number=str(turn["number"]), script=shown["script"])
        return wesktop.HTMLResponse(_PAGE.format(**shown))

    @router.get("/attached/{kind}/{type}")
    async def attached(request: wesktop.Request) -> wesktop.BytesResponse:
        kind = "{kind}/{type}".format(**request.path_params)
        headers = {"Content-Disposition": 'attachment; filename="kept.txt"'}
        return wesktop.BytesResponse(b"of the app", kind, headers=headers)

    @router.get("/turn")
    async def turn_number(_: wesktop.Request) -> wesktop.TextResponse:
        return wesktop.TextResponse(str(json.loads(TURN.read_text())["number"]))

    @router.post("/said")
    async def say(request: wesktop.Request) -> dict[str, str]:
        with open(said, "ab") as file:  # noqa: ASYNC230, PTH123
            file.write((request.body or b"") + b"\n")
        return {}

    @router.get("/away")
    async def away(request: wesktop.Request) -> RedirectResponse:
        return RedirectResponse(str(request.query("to")))

    @router.get("/asked")
    @router.post("/asked")
    async def asked_for(request: wesktop.Request) -> wesktop.HTMLResponse:
        text = f"asked-{request.method}-{request.header('sec-fetch-site')}-{request.header('referer')}"
        with open(said, "ab") as file:  # noqa: ASYNC230, PTH123
            file.write(text.encode() + b"\n")
        return wesktop.HTMLResponse("<style>html { background: #ffffff }</style>")

    @router.get("/file")
    async def file(_: wesktop.Request) -> wesktop.BytesResponse:
        return wesktop.BytesResponse(
            b"of the app", headers={"content-disposition": 'attachment; filename="kept.txt"'}
        )

    @router.get("/pid")
    async def pid(_: wesktop.Request) -> wesktop.TextResponse:
        return wesktop.TextResponse(str(os.getpid()))

    @router.get("/count")
    async def count(_: wesktop.Request) -> wesktop.TextResponse:
        asked.append(1)
        return wesktop.TextResponse(str(len(asked)))

    @router.get("/cached")
    async def cached(_: wesktop.Request) -> wesktop.TextResponse:
        return wesktop.TextResponse(os.urandom(8).hex(), headers={"cache-control": "max-age=3600"})

    @router.get("/worker.js")
    async def worker(_: wesktop.Request) -> wesktop.BytesResponse:
        return wesktop.BytesResponse(b"", "text/javascript")

    @router.get("/print")
    async def prints(_: wesktop.Request) -> None:
        print("printed")  # noqa: T201  what an app prints

    @router.get("/slow")
    async def slow(_: wesktop.Request) -> None:
        await asyncio.sleep(3600)

    @router.get("/stream")
    async def stream(_: wesktop.Request) -> wesktop.StreamResponse:
        return wesktop.StreamResponse(_beats(), "text/event-stream")

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        while waits and not GO.exists() and (waits == "first" or said.exists()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        yield

    return wesktop.create_app(router, lifespan=lifespan)


async def _beats() -> AsyncIterator[str]:
    while True:
        yield "data: beat\n\n"
        await asyncio.sleep(0.2)
