"""/_wesktop/events.js: several tabs share one stream, in a real WebKit, to which frames are as good as tabs."""

from collections.abc import Callable
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from support.screen import Screen
from support.scripts import Script, free_port, get
from support.waiting import wait_for
from wesktopd import client
from window.shown import Shown

pytestmark = pytest.mark.window

APP = """
import asyncio
import os
from pathlib import Path
import wesktop

router = wesktop.Router()
events = wesktop.Broadcaster()
events.register_event("tick")
said = Path("demo.said")

FRAMES = '''<!doctype html><title>frames</title><script>
    const say = text => fetch("/said", {method: "POST", body: text});
    requestAnimationFrame(() => requestAnimationFrame(() => say("drawn")));
    const look = async () => {
        const name = await (await fetch("/gone")).text();
        if (name) document.getElementById(name).remove();
        else setTimeout(look, 50);
    };
    look();
</script><iframe id="a" src="/frame?a"></iframe><iframe id="b" src="/frame?b"></iframe>
<iframe id="c" src="/frame?c"></iframe>'''

FRAME = '''<!doctype html><script type="module">
    import { sharedEvents } from "/_wesktop/events.js";
    const name = location.search.slice(1);
    let said = Promise.resolve();  // one after the other, so that the order is that of the events
    const say = text => said = said.then(() => fetch("/said", {method: "POST", body: name + ":" + text}));
    const events = sharedEvents("/events");
    events.addEventListener("tick", event => {
        if (event.data === '"drop ' + name + '"') events.close();
        else say(event.data);
    });
    for (const state of ["reconnecting", "resumed", "reset"]) events.addEventListener(state, () => say(state));
    const channel = new BroadcastChannel("wesktop " + new URL("/events", location.href));
    channel.onmessage = ({data}) => (data.position ?? data.known) && say("placed");
    say("up");
</script>'''

@router.get("/")
async def page(request):
    return wesktop.HTMLResponse(FRAMES)

@router.get("/frame")
async def frame(request):
    own = {"X-Frame-Options": "SAMEORIGIN", "Content-Security-Policy": "frame-ancestors 'self'"}
    return wesktop.HTMLResponse(FRAME, headers=own)

@router.get("/pid")
async def pid(request):
    return str(os.getpid())

@router.post("/said")
async def say(request):
    with open(said, "ab") as file:
        file.write((request.body or b"") + b"\\n")

@router.post("/tick")
async def tick(request):
    events.broadcast("tick", request.body.decode())

@router.get("/clients")
async def clients(request):
    return str(events.client_count)

@router.get("/gone")
async def gone(request):
    return Path("demo.gone").read_text() if Path("demo.gone").exists() else ""

@router.get("/events")
async def stream(request):
    Path("demo.holder").write_text(request.header("referer")[-1])
    while Path("demo.hold").exists():
        await asyncio.sleep(0.01)
    return events.stream(request)

app = wesktop.create_app(router)

if __name__ == "__main__":
    wesktop.run("demo:app", width=400, height=300, port=PORT, keep_alive=True, session=False)
    print("run() has returned")
"""


@pytest.fixture(autouse=True)
def controlled(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Talk to the server from here."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(home / "run"))


def test_frames_share_one_stream_which_moves_on_and_loses_nothing(
    start: Callable[..., Script], screen: Screen, home: Path
) -> None:
    port = free_port()
    script = start("demo", APP.replace("PORT", str(port)))
    shown = Shown(script, "demo", home, screen, port).ready()
    frames = ("a", "b", "c")
    for frame in frames:
        shown.hear(f"{frame}:up")

    def tick(text: str) -> None:
        urlopen(Request(f"{shown.url}/tick", data=text.encode(), method="POST"), timeout=10).close()

    def heard_by(names: tuple[str, ...], text: str) -> None:
        for name in names:
            wait_for(lambda name=name: f"{name}:{text}" in shown.said(), f"{name} to hear {text}; {shown.said()}")  # type: ignore[misc]

    wait_for(lambda: get(f"{shown.url}/clients") == b"1", "one stream for all")
    tick("1")
    heard_by(frames, "1")
    client.restart("demo")
    tick("2")
    heard_by(frames, "2")
    heard_by(frames, "resumed")
    tick('"drop a"')
    for number in range(3, 10):
        tick(str(number))
    heard_by(("b", "c"), "9")
    wait_for(lambda: get(f"{shown.url}/clients") == b"1", "one stream for those that are left")
    for name in ("b", "c"):
        numbers = [word.partition(":")[2] for word in shown.said() if word.startswith(f"{name}:")]
        assert [word for word in numbers if word.isdecimal()] == [str(number) for number in range(1, 10)], (
            shown.said()
        )
        assert "reset" not in numbers
    client.stop("demo", 20)
    assert shown.script.wait() == 0


def test_a_frame_that_takes_over_before_any_event_misses_none(
    start: Callable[..., Script], screen: Screen, home: Path
) -> None:
    port = free_port()
    script = start("demo", APP.replace("PORT", str(port)))
    shown = Shown(script, "demo", home, screen, port).ready()
    for frame in "abc":
        shown.hear(f"{frame}:up")
    wait_for(lambda: get(f"{shown.url}/clients") == b"1", "one stream for all")
    holder = home / "demo.holder"
    first = holder.read_text()
    others = "abc".replace(first, "")
    for frame in others:
        shown.hear(f"{frame}:placed")
    (home / "demo.hold").touch()
    (home / "demo.gone").write_text(first)
    wait_for(lambda: holder.read_text() in others, "another to ask for the stream")
    for number in range(3):
        urlopen(Request(f"{shown.url}/tick", data=str(number).encode(), method="POST"), timeout=10).close()
    (home / "demo.hold").unlink()
    for frame in others:
        shown.hear(f"{frame}:2")
        words = [word for word in shown.said() if word.startswith(f"{frame}:")]
        assert [word for word in words if word[2:].isdecimal() or "reset" in word] == [
            f"{frame}:{number}" for number in range(3)
        ]
    client.stop("demo", 20)
    assert shown.script.wait() == 0
