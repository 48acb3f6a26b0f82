"""Chromium's EventSource, headless, on a real server through a restart; and eight pages that share one stream.

These are frames, since headless it has no tabs; to its connections they are the same.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.chromium import Browse, browser
from support.running import NAME, Running, Start
from support.scripts import get
from support.waiting import wait_for

pytestmark = pytest.mark.browser

APP = """
events = wesktop.Broadcaster()
events.register_event("tick")
router.add_route("GET", "/events", wesktop.sse_route(events))

@router.post("/said")
async def said(request):
    with open("said", "ab") as file:
        file.write((request.body or b"") + b"\\n")

@router.get("/clients")
async def clients(request):
    return str(events.client_count)

PAGE = '''<!doctype html><script type="module">
    import { sharedEvents } from "/_wesktop/events.js";
    let said = Promise.resolve();  // one after the other, so that the order is that of the events
    const name = location.search.slice(1);
    const say = text => said = said.then(() => fetch("/said", {method: "POST", body: name + " " + text}));
    const events = SOURCE;
    for (const type of ["tick", "reset"]) events.addEventListener(type, event => say(type + " " + event.data));
    say("up");
</script>'''

@router.get("/own")
async def own(request):
    return wesktop.HTMLResponse(PAGE.replace("SOURCE", 'new EventSource("/events")'))

@router.get("/frames")
async def frames(request):
    return wesktop.HTMLResponse("".join(f'<iframe src="/shared?tab{number}"></iframe>' for number in range(8)))

@router.get("/shared")
async def shared(request):
    own = {"X-Frame-Options": "SAMEORIGIN", "Content-Security-Policy": "frame-ancestors 'self'"}
    return wesktop.HTMLResponse(PAGE.replace("SOURCE", 'sharedEvents("/events")'), headers=own)
"""

TAKING_OVER = """
import asyncio
from pathlib import Path

few = wesktop.Broadcaster(buffer_size=5, history=5, strict=False)

@router.get("/few")
async def few_events(request):
    Path("holder").write_text(request.header("referer")[-1])
    while Path("hold").exists():
        await asyncio.sleep(0.01)
    return few.stream(request)

@router.get("/few-clients")
async def few_clients(request):
    return str(few.client_count)

@router.get("/send/{event}/{data}")
async def send(request):
    end = few._log.end
    few.broadcast(request.path_params["event"], request.path_params["data"])
    while few._log.end == end:
        await asyncio.sleep(0.01)
    return few._log.last_id

@router.get("/last")
async def last(request):
    return few._log.last_id

@router.get("/gone")
async def gone(request):
    return Path("gone").read_text() if Path("gone").exists() else ""

@router.get("/pair")
async def pair(request):
    return wesktop.HTMLResponse('''<!doctype html>
        <iframe id="a" src="/one?a"></iframe><iframe id="b" src="/one?b"></iframe>
        <script>
            const look = async () => {
                const name = await (await fetch("/gone")).text();
                if (name) document.getElementById(name).remove();
                else setTimeout(look, 50);
            };
            look();
        </script>''')

@router.get("/one")
async def one(request):
    own = {"X-Frame-Options": "SAMEORIGIN", "Content-Security-Policy": "frame-ancestors 'self'"}
    return wesktop.HTMLResponse(PAGE.replace("SOURCE", 'sharedEvents("/few")').replace('"tick"', '"rare"')
        .replace('say("up");', '''
            const channel = new BroadcastChannel("wesktop " + new URL("/few", location.href));
            channel.onmessage = ({ data }) => say("at " + (data.position ?? data.known));
            say("up");'''), headers=own)
"""


@pytest.fixture
def browse(tmp_path: Path) -> Iterator[Browse]:
    """Open a URL in a browser of the test's own."""
    with browser(tmp_path / "profile") as opens:
        yield opens


def said(app: Running, name: str) -> list[str]:
    """What a tab has said, in order."""
    path = app.home / "said"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line.partition(" ")[2] for line in lines if line.partition(" ")[0] == name]


def heard(app: Running, name: str, text: str) -> None:
    wait_for(lambda: text in said(app, name), f"{name} to hear {text!r}; it has said {said(app, name)}", 40)


def test_eventsource_gets_all_in_order_through_a_restart(start_app: Start, browse: Browse) -> None:
    app = start_app("--workers", "2", more=APP)
    browse(f"{app.url}/own?a")
    heard(app, "a", "up")
    app.ctl("emit", NAME, "tick", '"two\\nlines"')
    heard(app, "a", "tick two")
    app.ctl("emit", NAME, "tick", "1")
    heard(app, "a", "tick 1")
    app.ctl("restart", NAME)
    for number in range(2, 6):
        app.ctl("emit", NAME, "tick", str(number))
    heard(app, "a", "tick 5")
    assert [line for line in said(app, "a") if line.startswith(("tick ", "reset"))] == [
        "tick two", *(f"tick {number}" for number in range(1, 6))
    ]  # fmt: skip


def test_eight_pages_share_one_stream_and_none_is_stalled(start_app: Start, browse: Browse) -> None:
    app = start_app(more=APP)
    tabs = [f"tab{number}" for number in range(8)]
    browse(f"{app.url}/frames")
    for tab in tabs:
        heard(app, tab, "up")
    wait_for(lambda: app.command("ctl", "status").returncode == 0 and _clients(app) == "1", "one stream for all")
    app.ctl("emit", NAME, "tick", "1")
    for tab in tabs:
        heard(app, tab, "tick 1")
    app.ctl("restart", NAME)
    app.ctl("emit", NAME, "tick", "2")
    for tab in tabs:
        heard(app, tab, "tick 2")
        assert said(app, tab).count("tick 1") == said(app, tab).count("tick 2") == 1


def _clients(app: Running) -> str:
    return get(f"{app.url}/clients").decode()


class Pair:
    """Two pages that share a stream, one of which is then closed."""

    def __init__(self, app: Running, browse: Browse) -> None:
        self.app = app
        browse(f"{app.url}/pair")
        for name in "ab":
            heard(app, name, "up")
        wait_for(lambda: self.get("/few-clients") == "1", "the stream")
        self.holder = (app.home / "holder").read_text()
        self.other = "ab".replace(self.holder, "")

    def get(self, path: str) -> str:
        return get(f"{self.app.url}{path}").decode()

    def close_holder(self) -> None:
        """From then on the other one asks for the stream, which is not there before `release`."""
        (self.app.home / "hold").touch()
        (self.app.home / "gone").write_text(self.holder)
        wait_for(lambda: (self.app.home / "holder").read_text() == self.other, "the other to take over", 40)

    def release(self) -> None:
        (self.app.home / "hold").unlink()

    def events(self) -> list[str]:
        """What the other one has got."""
        return [line for line in said(self.app, self.other) if line.startswith(("rare ", "reset"))]


def test_a_page_that_takes_over_before_any_event_misses_none(start_app: Start, browse: Browse) -> None:
    pair = Pair(start_app(more=APP + TAKING_OVER), browse)
    heard(pair.app, pair.other, f"at {pair.get('/last')}")
    pair.close_holder()
    for number in range(3):
        pair.get(f"/send/rare/{number}")
    pair.release()
    heard(pair.app, pair.other, "rare 2")
    assert pair.events() == ["rare 0", "rare 1", "rare 2"]


def test_a_page_that_takes_over_after_many_events_that_it_does_not_want_has_missed_none(
    start_app: Start, browse: Browse
) -> None:
    pair = Pair(start_app(more=APP + TAKING_OVER), browse)
    pair.get("/send/rare/0")
    heard(pair.app, pair.other, "rare 0")
    for number in range(10):
        heard(pair.app, pair.other, f"at {pair.get(f'/send/often/{number}')}")
    pair.close_holder()
    pair.get("/send/rare/1")
    pair.release()
    heard(pair.app, pair.other, "rare 1")
    assert pair.events() == ["rare 0", "rare 1"]
