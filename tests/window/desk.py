"""The app of the tests about several windows, launches, dialogs and notifications.

Each of its pages says where it is and what happens to it, in a file that outlives the server. Imported by the tests'
scripts and by their workers.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import wesktop
from wesktop import dialogs
from wesktop.dialogs import blocking
from wesktop.errors import WesktopError

SAID = Path("desk.said")
OVER = Path("desk.over")

DOCS = (Path(__file__).parents[2] / "docs" / "dialogs.md").read_text()


def documented(function: str) -> Any:
    """A function that is on the documentation's page."""
    source = DOCS[DOCS.index(f"async def {function}(") :].partition("```")[0]
    found: dict[str, Any] = {"asyncio": asyncio}
    exec(source, found)
    return found[function]


_PAGE = """<!doctype html><meta charset="utf-8"><title>a page</title><style>html {{ background: #336699 }}</style>
<script>
    const say = text => fetch("/said", {{method: "POST", body: text}});
    requestAnimationFrame(() => requestAnimationFrame(() => say("at-" + location.pathname + location.hash)));
    let launches = 0;
    addEventListener("wesktop:launch", event => {{
        say("launch-" + location.pathname + encodeURIComponent(JSON.stringify(event.detail)));
        say(`${{++launches}}-of-this-page`);
    }});
    {script}
</script>"""


def router(script: str = "") -> wesktop.Router:
    """What the tests' app serves; script: that its pages run."""
    made = wesktop.Router()

    @made.post("/said")
    async def say(request: wesktop.Request) -> dict[str, str]:
        with open(SAID, "ab") as file:  # noqa: ASYNC230, PTH123
            file.write((request.body or b"") + b"\n")
        return {}

    @made.post("/open")
    def another(request: wesktop.Request) -> dict[str, str]:
        wesktop.open_window(**json.loads(request.body or b"{}"))
        return {}

    @made.post("/ask")
    async def ask(request: wesktop.Request) -> dict[str, object]:
        function, arguments = of(request)
        try:
            return {"answer": plain(await getattr(dialogs, function)(**arguments))}
        except WesktopError as error:
            return {"error": type(error).__name__, "message": error.message}

    @made.post("/ask/until")
    async def ask_until(request: wesktop.Request) -> dict[str, object]:
        function, arguments = of(request)
        try:
            async with asyncio.timeout(None) as limit:
                seen_to = asyncio.ensure_future(runs_out(limit))
                return {"answer": plain(await getattr(dialogs, function)(**arguments))}
        except TimeoutError:
            return {"answer": "too late"}
        finally:
            seen_to.cancel()

    @made.post("/ask/while-connected")
    async def ask_while_connected(request: wesktop.Request) -> dict[str, object]:
        function, arguments = of(request)
        answer = await _while_connected(request, getattr(dialogs, function)(**arguments))
        with open(SAID, "ab") as file:  # noqa: ASYNC230, PTH123
            file.write(f"answered-{answer}\n".encode())
        return {"answer": plain(answer)}

    @made.post("/ask/blocking")
    def ask_blocking(request: wesktop.Request) -> dict[str, object]:
        function, arguments = of(request)
        try:
            return {"answer": plain(getattr(blocking, function)(**arguments))}
        except WesktopError as error:
            return {"error": type(error).__name__, "message": error.message}

    @made.get("/{path:path}")
    async def page(_: wesktop.Request) -> wesktop.HTMLResponse:
        return wesktop.HTMLResponse(_PAGE.format(script=script))

    return made


_while_connected = documented("while_connected")


async def runs_out(limit: asyncio.Timeout) -> None:
    """Have a time limit be over once the test says so."""
    while not OVER.exists():  # noqa: ASYNC110  the test is another process
        await asyncio.sleep(0.01)
    limit.reschedule(asyncio.get_running_loop().time())


def of(request: wesktop.Request) -> tuple[str, dict[str, Any]]:
    """Which function of the dialogs a request is for, and its arguments."""
    given: tuple[str, dict[str, Any]] = json.loads(request.body or b"")
    return given


def plain(answer: object) -> object:
    """What a dialog has returned, as JSON."""
    if isinstance(answer, list):
        return [plain(each) for each in answer]
    return str(answer) if isinstance(answer, Path) else answer
