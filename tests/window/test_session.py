"""A real window on an app that lets nobody in: all that a page does works, and shows no secret."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from support.screen import Screen
from support.scripts import Script, answers, free_port
from support.waiting import wait_for
from wesktopd import client
from wesktopd.errors import NotRunningError
from wesktopd.guard.tokens import MAX_TOKENS
from window.shown import Shown

APP = """
from pathlib import Path
import wesktop
from wesktop.asgi import RedirectResponse

router = wesktop.Router()
events = wesktop.Broadcaster()
events.register_event("tick")

PAGE = '''<!doctype html><meta charset="utf-8"><title>guarded</title><body style="margin: 0; background: #369">
<form method="post" action="/form" target="frame"><input name="field" value="sent"></form>
<script src="/assets.js"></script></body>'''

@router.get("/")
async def page(request):
    return wesktop.HTMLResponse(PAGE)

@router.get("/assets.js")
async def script(request):
    return wesktop.TextResponse(Path("page.js").read_text(), "text/javascript")

@router.post("/said")
async def say(request):
    with open("demo.said", "ab") as file:
        file.write((request.body or b"") + b"\\n")

@router.post("/form")
async def form(request):
    with open("demo.said", "ab") as file:
        file.write(b"form:" + request.body + b"\\n")
    return RedirectResponse("/after?form", status=303)

@router.get("/after")
async def after(request):
    script = "fetch('/said', {method: 'POST', body: 'after:' + document.referrer})"
    return wesktop.HTMLResponse(f"<script>{script}</script>")

@router.websocket("/socket")
async def socket(socket):
    await socket.accept()
    async for message in socket:
        await socket.send("echo:" + message)

router.add_route("GET", "/events", wesktop.sse_route(events))
app = wesktop.create_app(router)

if __name__ == "__main__":
    wesktop.run("demo:app", width=400, height=300, port=PORT, gui=GUI)
    print("run() has returned")
"""

PAGE_SCRIPT = """
const say = text => fetch("/said", {method: "POST", body: text});
(async () => {
  await say("address:" + location.href.replace(location.origin, ""));
  await say("history:" + history.length);
  await say("referrer:" + document.referrer);
  await say("cookie:" + document.cookie);
  await say("agent:" + navigator.userAgent.includes("wesktop-window"));
  const socket = new WebSocket(location.origin.replace("http", "ws") + "/socket");
  socket.onopen = () => socket.send("hello");
  await new Promise(resolve => socket.onmessage = ({data}) => say(data).then(resolve));
  const events = new EventSource("/events");
  await new Promise(resolve => events.onopen = () => say("events:open").then(resolve));
  await say("framed:" + (window.top !== window));
  await say("drawn");
  document.forms[0].target = "_self";
  document.forms[0].submit();
})();
"""


def check(start: Callable[..., Script], screen: Screen, home: Path, gui: str | None) -> None:
    port = free_port()
    (home / "page.js").write_text(PAGE_SCRIPT)
    script = start("demo", APP.replace("PORT", str(port)).replace("GUI", repr(gui)))
    shown = Shown(script, "demo", home, screen, port)
    shown.hear("form:field=sent")
    wait_for(lambda: any(word.startswith("after:") for word in shown.said()), lambda: f"what follows; {shown.said()}")
    said = shown.said()
    history = next(word for word in said if word.startswith("history:"))
    assert int(history.partition(":")[2]) <= 2, "the splash may be one"
    assert [word for word in said if word != history] == [
        "address:/",
        "referrer:",
        "cookie:",
        "agent:true" if gui is None else "agent:false",
        "echo:hello",
        "events:open",
        "framed:false",
        "drawn",
        "form:field=sent",
        f"after:{shown.origin}/",
    ]
    assert answers(shown.url) is None, "nobody else gets in"
    assert shown.get("/") is not None, "but with the token"
    shown.close()
    shown.ended_well(within=3)


@pytest.mark.window
def test_all_that_a_page_does_works_in_a_window_and_nobody_else_gets_in(
    start: Callable[..., Script], screen: Screen, home: Path
) -> None:
    check(start, screen, home, None)


SLOW = """
import time
from pathlib import Path
import wesktop
from window.page import page_app

page = page_app("demo")

async def app(scope, receive, send):
    if scope["type"] != "lifespan":
        return await page(scope, receive, send)
    await receive()
    await send({"type": "lifespan.startup.complete"})
    while not Path("go").exists():
        time.sleep(0.01)
    await receive()
    await send({"type": "lifespan.shutdown.complete"})

if __name__ == "__main__":
    wesktop.run("demo:app", width=400, height=300, port=PORT, gui=GUI)
    print("run() has returned")
"""


def attached() -> int:
    """How many windows there are."""
    with contextlib.suppress(NotRunningError):
        return client.status("demo").windows
    return 0


def check_late(start: Callable[..., Script], screen: Screen, home: Path, gui: str | None) -> None:
    """Have the window's link be given up while a worker that is busy does not answer it."""
    port = free_port()
    script = start("demo", SLOW.replace("PORT", str(port)).replace("GUI", repr(gui)))
    shown = Shown(script, "demo", home, screen, port)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(home / "run"))
        wait_for(attached, "the window to be attached")
        assert shown.window
        for _ in range(MAX_TOKENS):
            client.link("demo")
    (home / "go").touch()
    shown.ready()
    shown.close()
    shown.ended_well(within=3)


@pytest.mark.window
def test_a_window_whose_link_came_too_late_is_let_in_by_another(
    start: Callable[..., Script], screen: Screen, home: Path
) -> None:
    check_late(start, screen, home, None)


@pytest.mark.window
@pytest.mark.qt
def test_so_it_is_on_qt_when_the_link_came_too_late(start: Callable[..., Script], screen: Screen, home: Path) -> None:
    check_late(start, screen, home, "qt")


@pytest.mark.window
@pytest.mark.qt
def test_so_it_is_on_qt(start: Callable[..., Script], screen: Screen, home: Path) -> None:
    check(start, screen, home, "qt")
