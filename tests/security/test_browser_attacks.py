"""What a hostile page can do to an app in a real browser whose user is let in: nothing."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from support.chromium import browser, dump_page
from support.running import Running, Start
from support.waiting import wait_for
from wesktopd.guard.tokens import origin_of

pytestmark = pytest.mark.browser

APP = """
@router.get("/touch")
@router.post("/touch")
async def touch(request):
    with open("touched", "a") as file:
        file.write(request.header("x-who", request.scope["method"]) + "\\n")
    return {"secret": 42}

@router.get("/data.js")
async def data(request):
    with open("touched", "a") as file:
        file.write("script\\n")
    return wesktop.TextResponse("window.leaked = 42", "text/javascript")

@router.get("/own")
async def own(request):
    return wesktop.HTMLResponse('<script src="/try.js"></script>')

@router.get("/try.js")
async def attempts(request):
    from pathlib import Path
    return wesktop.TextResponse(Path("try.js").read_text(), "text/javascript")
"""

# Run by the app's own page, where all of it works, and by others', where nothing does.
TRY = """
const APP = %(app)r, NEXT = %(next)r;
const results = {};
const attempt = (name, work) => work().then(result => results[name] = result, error => results[name] = error.name);
const heard = (source, event) => new Promise(resolve => {
  source.onopen = () => resolve("open");
  source.onmessage = ({data}) => resolve("message");
  source.onerror = () => resolve("error");
});
const fetched = (path, options) => fetch(APP + path, {credentials: "include", ...options})
  .then(answer => answer.type === "opaque" ? "opaque" : answer.text());
const loaded = (tag, attribute, path) => new Promise(resolve => {
  const element = document.createElement(tag);
  element.onload = () => resolve("load");
  element.onerror = () => resolve("error");
  element[attribute] = APP + path;
  document.documentElement.append(element);
});
const submitted = async () => {
  const frame = document.createElement("iframe"), form = document.createElement("form");
  frame.name = "target";
  form.method = "POST"; form.action = APP + "/touch"; form.target = "target";
  document.documentElement.append(frame, form);
  form.submit();
  return "sent";
};
(async () => {
  await attempt("read", () => fetched("/touch"));
  await attempt("post", () => fetched("/touch", {method: "POST", body: "x"}));
  await attempt("blind post", () => fetched("/touch", {method: "POST", body: "x", mode: "no-cors"}));
  await attempt("with a header", () => fetched("/touch", {method: "POST", headers: {"X-Who": "me"}}));
  await attempt("form", submitted);
  await attempt("script", () => loaded("script", "src", "/data.js"));
  await attempt("events", () => heard(new EventSource(APP + "/stream", {withCredentials: true})));
  await attempt("socket", () => heard(new WebSocket(APP.replace("http", "ws") + "/socket")));
  await attempt("frame", () => loaded("iframe", "src", "/own?framed"));
  results.leaked = String(window.leaked);
  await fetch("/report", {method: "POST", body: JSON.stringify(results)}).catch(() => null);
  if (NEXT && location.search !== "?framed") location = NEXT;
})();
"""

REPORT = """
@router.post("/report")
async def report(request):
    from pathlib import Path
    Path("own.json").write_bytes(request.body)
"""


class Attacker:
    """A site of its own. reports: what its page has found out."""

    def __init__(self, host: str) -> None:
        self.reports: list[dict[str, str]] = []
        self.script = ""
        attacker = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = f"<!doctype html><script>{attacker.script}</script>"
                self._answer(page.encode())

            def do_POST(self) -> None:
                attacker.reports.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self._answer(b"")

            def _answer(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://{host}:{self.server.server_address[1]}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@contextlib.contextmanager
def attacking(host: str) -> Iterator[Attacker]:
    attacker = Attacker(host)
    yield attacker
    attacker.server.shutdown()
    attacker.server.server_close()


def touched(app: Running) -> list[str]:
    path = app.home / "touched"
    return path.read_text().split() if path.exists() else []


REBIND = "--host-resolver-rules=MAP *.example 127.0.0.1"


@pytest.mark.parametrize("host", ["127.0.0.1", "evil.example"], ids=["another port", "another site"])
def test_a_page_of_another_origin_can_do_nothing(start_app: Start, tmp_path: Path, host: str) -> None:
    with attacking(host) as attacker:
        app = start_app("--session", more=APP + REPORT)
        link = app.ctl("open", "--print-link").strip()
        address = origin_of(link)  # which no attacker knows, to be sure that it is not that which keeps him out
        (app.home / "try.js").write_text(TRY % {"app": address, "next": attacker.url})
        attacker.script = TRY % {"app": address, "next": ""}
        with browser(tmp_path / "profile", REBIND) as browse:
            browse(f"{link}&to=/own")
            file = app.home / "own.json"
            wait_for(lambda: file.exists() and file.read_text(), "what the app's own page can do", 40)
            own = json.loads(file.read_text())
            before = touched(app)
            wait_for(lambda: attacker.reports, "what the hostile page can do", 40)
    assert own == {
        "read": '{"secret":42}',
        "post": '{"secret":42}',
        "blind post": '{"secret":42}',
        "with a header": '{"secret":42}',
        "form": "sent",
        "script": "load",
        "events": "open",
        "socket": "open",
        "frame": own["frame"],
        "leaked": "42",
    }
    assert sorted(before) == ["GET", "POST", "POST", "POST", "me", "script"]
    assert attacker.reports[0] == {
        "read": "TypeError",
        "post": "TypeError",
        "blind post": attacker.reports[0]["blind post"],  # its page is not told: what counts is what the app has seen
        "with a header": "TypeError",
        "form": "sent",
        "script": "error",
        "events": "error",
        "socket": "error",
        "frame": attacker.reports[0]["frame"],
        "leaked": "undefined",
    }
    assert touched(app) == before


def test_a_name_that_resolves_to_this_machine_is_not_answered(start_app: Start, tmp_path: Path) -> None:
    app = start_app(more=APP)
    page = dump_page(tmp_path / "profile", f"http://rebind.example:{app.port}/touch", REBIND)
    assert f"does not go by 'rebind.example:{app.port}'" in page
    assert touched(app) == []


def test_a_frame_of_another_origin_stays_empty(start_app: Start, tmp_path: Path) -> None:
    """Even of an app that lets that origin's pages in."""
    with attacking("127.0.0.1") as attacker:
        origin = attacker.url.rstrip("/")
        app = start_app("--allowed-origin", origin, more=APP + REPORT)
        (app.home / "try.js").write_text("fetch('/touch', {headers: {'X-Who': 'framed'}})")
        attacker.script = f"""
            const frame = document.createElement("iframe");
            frame.src = {app.url + "/own"!r};
            frame.onload = () => fetch("/report", {{method: "POST", body: "{{}}"}});
            document.documentElement.append(frame);
        """
        with browser(tmp_path / "profile") as browse:
            browse(attacker.url)
            wait_for(lambda: attacker.reports, "the frame", 40)
    assert touched(app) == []
