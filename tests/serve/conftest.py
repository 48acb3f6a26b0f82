"""An app under serve(), and what becomes of it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.scripts import Script, answers, free_port, get, left_behind
from support.waiting import wait_for

APP = """
import asyncio, contextlib, os, signal, subprocess, sys, time
from pathlib import Path
import wesktop

router = wesktop.Router()

@router.get("/")
async def index(request):
    return {"pid": os.getpid()}

@router.get("/slow")
async def slow(request):
    Path("slow").touch()
    await asyncio.sleep(0.3)
    return {"finished": True}

@router.get("/hang")
async def hang(request):
    Path("hang").touch()
    await asyncio.sleep(600)

@router.get("/stubborn")
async def stubborn(request):
    Path("stubborn").touch()
    try:
        await asyncio.sleep(600)
    except asyncio.CancelledError:
        raise RuntimeError("not in the middle of this") from None

@router.get("/block")
async def block(request):
    Path("block").touch()
    time.sleep(600)

@router.get("/child")
async def child(request):
    # With close_fds it could not hold the port whatever the worker does.
    return {"pid": subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], close_fds=False).pid}

@router.get("/stream")
async def stream(request):
    async def beats():
        while True:
            yield "data: beat\\n\\n"
            await asyncio.sleep(0.05)
    return wesktop.StreamResponse(beats(), "text/event-stream")

async def socket(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    message = await receive()
    Path("closed").write_text(f"{message['type']} {message.get('code')}")

wesktop.add_ws_route("/socket", socket)

@contextlib.asynccontextmanager
async def lifespan(app):
    Path("starting").touch()
    try:
        while Path("wait").exists():
            await asyncio.sleep(0.01)
        if Path("broken").exists():
            raise RuntimeError("not today")
        yield
    except asyncio.CancelledError:
        Path("cancelled").touch()
        raise
    Path("shut down").touch()

app = wesktop.create_app(router, lifespan=lifespan)
"""

SERVE = """
import wesktop
wesktop.serve("demo_app:app", port={port}, pid_path="serve.pid", {options})
print("serve() has returned", flush=True)
"""


class Served:
    """A script that serves the app above."""

    def __init__(self, script: Script, home: Path, port: int) -> None:
        self.script = script
        self.home = home
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def ready(self) -> "Served":
        """Wait until it answers; the first worker may do so before its supervisor has heard that it can."""
        wait_for(lambda: answers(self.url) or self.script.process.poll() is not None, "an answer")
        said = f"serving demo_app:app on {self.url}"
        wait_for(lambda: said in self.script.output or self.script.process.poll() is not None, said)
        assert self.script.process.poll() is None, self.script.output
        return self

    def worker(self) -> int:
        """The PID of the worker that answers."""
        pid: int = json.loads(get(self.url))["pid"]
        return pid

    def touched(self, name: str) -> None:
        """Wait until the app has made a file of that name."""
        wait_for((self.home / name).exists, lambda: f"the file {name!r}; output: {self.script.output}")

    def nothing_left(self) -> None:
        """No process, socket, lock or PID file."""
        wait_for(lambda: not self.script.tree(), f"the end of {self.script.tree()}", 2)
        assert left_behind(self.home) == []
        assert list(self.home.glob("*.pid")) == []


@pytest.fixture
def serve(start_script: Callable[..., Script], home: Path) -> Callable[..., Served]:
    """Serve the app with the given keywords of serve(), as source."""

    def start(options: str = "", port: int | None = None) -> Served:
        (home / "demo_app.py").write_text(APP)
        port = free_port() if port is None else port
        return Served(start_script("serving", SERVE.format(port=port, options=options)), home, port)

    return start
