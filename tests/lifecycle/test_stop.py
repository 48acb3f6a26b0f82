"""`wesktop ctl stop` ends the app whatever it is at, and leaves nothing."""

import os
import signal
import socket
from collections.abc import Callable

import psutil
import pytest

from support.running import NAME, Running, Start
from support.waiting import wait_for


def test_during_a_restart(start_app: Start) -> None:
    app = start_app()
    restart = app.begin_restart()
    app.ctl("stop", NAME)
    app.nothing_left(2)
    assert restart.wait(20) == 3


@pytest.mark.parametrize("obstacle", ["wait", "block import"])
def test_during_the_start(start_app: Start, obstacle: str) -> None:
    app = start_app()
    app.ctl("stop", NAME)
    (app.home / obstacle).touch()
    starting = app.begin("ctl", "start", NAME)
    wait_for(lambda: app.command("ctl", "status", NAME).returncode == 0, "the supervisor")
    app.ctl("stop", NAME)
    app.nothing_left(2)
    assert starting.wait(20) != 0


def test_with_a_worker_that_is_deaf_to_sigterm_and_a_lifespan_that_never_ends(start_app: Start) -> None:
    app = start_app("--drain-timeout", "1")
    for name in ("deaf", "stay"):
        (app.home / name).touch()
    app.ctl("restart", NAME)
    app.ctl("stop", NAME)
    app.nothing_left(2)


def test_with_a_worker_that_is_stopped(start_app: Start) -> None:
    app = start_app("--drain-timeout", "1")
    os.kill(app.get()["pid"], signal.SIGSTOP)
    app.ctl("stop", NAME)
    app.nothing_left(2)


def test_with_a_connection_that_says_nothing(start_app: Start) -> None:
    app = start_app()
    with socket.create_connection(("127.0.0.1", app.port)):
        app.ctl("stop", NAME)
        app.nothing_left(2)


MARKED = """
from wesktop.asgi import BytesResponse

@router.get("/blob")
async def blob(request):
    return BytesResponse(b"x" * 20_000_000, content_type="application/octet-stream")

@router.get("/flood")
async def flood(request):
    async def chunks():
        while True:
            yield b"x" * 65536
    return wesktop.StreamResponse(chunks(), "text/event-stream")

@contextlib.asynccontextmanager
async def lifespan(app):
    yield
    Path(f"ended {os.getpid()}").touch()
"""


UPLOADS = """
async def lingers():
    try:
        await asyncio.sleep(600)
    finally:
        await asyncio.sleep(0.5)

@router.post("/upload", stream=True)
async def upload(request):
    MEMORY.append(asyncio.create_task(lingers()))  # by which the loop runs on for a moment when it is to end
    Path("begun").touch()
    async for chunk in request.stream():
        pass
"""


def stop(app: Running) -> None:
    app.ctl("stop", NAME)


def restart(app: Running) -> None:
    app.ctl("restart", NAME)


def terminate_the_worker(app: Running) -> None:
    os.kill(app.settled()["workers"][0]["pid"], signal.SIGTERM)


def kill_the_supervisor(app: Running) -> None:
    os.kill(app.status()["pid"], signal.SIGKILL)


@pytest.mark.parametrize("ending", [stop, restart, terminate_the_worker, kill_the_supervisor])
@pytest.mark.parametrize("path", ["/blob", "/flood"])
def test_a_client_that_does_not_read_keeps_no_lifespan_from_its_end(
    start_app: Start, path: str, ending: Callable[[Running], None]
) -> None:
    app = start_app("--drain-timeout", "2", more=MARKED)
    worker = app.settled()["workers"][0]["pid"]
    with app.begin_request(path) as unread:
        unread.recv(100)
        ending(app)
        wait_for((app.home / f"ended {worker}").exists, "the lifespan's end")
        wait_for(lambda: not psutil.pid_exists(worker), "the worker's end")
    if ending not in (stop, kill_the_supervisor):
        assert "did not end in time" not in app.logs()
        assert "cut off" in app.logs()


def test_half_a_body_is_cut_off_without_a_traceback(start_app: Start) -> None:
    app = start_app("--drain-timeout", "1", more=UPLOADS)
    worker = app.get()["pid"]
    with app.begin_request("/") as client:
        half = f"POST /upload HTTP/1.1\r\nhost: 127.0.0.1:{app.port}\r\ncontent-length: 10\r\n\r\nabcde"
        client.sendall(half.encode())
        wait_for((app.home / "begun").exists, "the upload")
        restart(app)
        wait_for(lambda: not psutil.pid_exists(worker), "the worker's end")
    assert "cut off" in app.logs()
    assert "Traceback" not in app.logs()


def test_a_lifespan_ends_where_the_supervisor_dies_while_its_worker_retires(start_app: Start) -> None:
    app = start_app("--drain-timeout", "600", more=MARKED)
    worker = app.settled()["workers"][0]["pid"]
    with app.begin_request("/blob") as unread:
        unread.recv(100)
        restart(app)
        kill_the_supervisor(app)
        wait_for((app.home / f"ended {worker}").exists, "the lifespan's end")
        wait_for(lambda: not psutil.pid_exists(worker), "the worker's end")


def test_wait_hears_of_it(start_app: Start) -> None:
    app = start_app()
    assert app.command("ctl", "wait", NAME, "--stopped", "--timeout", "0.1").returncode == 5
    waiting = app.begin("ctl", "wait", NAME, "--stopped")
    app.ctl("stop", NAME)
    assert waiting.wait(20) == 0
    assert app.command("ctl", "wait", NAME, "--ready", "--timeout", "0").returncode == 3
