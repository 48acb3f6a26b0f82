"""A process that the app has forked keeps nothing of the worker's, or of the supervisor's, from ending."""

import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from support.running import NAME, Running, Start
from support.scripts import Script, answers, free_port
from support.waiting import wait_for

FORKS = """
import multiprocessing, socket

def child():
    async def asks():  # as an app's child may: with a loop, files and sockets of its own
        reader, writer = await asyncio.open_connection("127.0.0.1", int(Path("port").read_text()))
        writer.write(b"GET / HTTP/1.1\\r\\nhost: localhost\\r\\nconnection: close\\r\\n\\r\\n")
        return len(await reader.read())
    Path("child.new").write_text(f"{os.getpid()} {asyncio.run(asks())} {os.read(OWN, 4).decode()}")
    Path("child.new").rename("child")
    time.sleep(600)

OWN, own = os.pipe()
os.write(own, b"mine")

@router.get("/fork")
async def fork(request):
    if os.fork() == 0:
        try:
            child()
        finally:
            os._exit(1)
    return {}

@router.get("/multiprocessing")
async def process(request):
    multiprocessing.get_context("fork").Process(target=child, daemon=False).start()
    return {}
"""


def forked(app: Running, how: str) -> int:
    """Have the app fork; the child's PID."""
    (app.home / "port").write_text(str(app.port))
    app.get(how)
    wait_for((app.home / "child").exists, "the child")
    pid, answer, own = (app.home / "child").read_text().split()
    assert int(answer) > 100, "the child can ask the app"
    assert own == "mine", "what the app has opened is left to the child"
    return int(pid)


def has_ended(stream: socket.socket) -> bool:
    try:
        return not stream.recv(65536)
    except ConnectionError:
        return True


@pytest.mark.parametrize("how", ["/fork", "/multiprocessing"])
def test_a_worker_that_is_killed_ends_its_streams(start_app: Start, how: str) -> None:
    app = start_app(more=FORKS)
    with app.begin_request("/stream") as stream:
        stream.recv(1)
        child = forked(app, how)
        assert stream.recv(1), "the parent goes on"
        os.kill(app.settled()["workers"][0]["pid"], signal.SIGKILL)
        wait_for(lambda: has_ended(stream), "the stream's end")
    assert psutil.pid_exists(child)


def test_an_app_that_is_stopped_gives_its_port_back(start_app: Start) -> None:
    app = start_app(more=FORKS)
    child = forked(app, "/fork")
    app.ctl("stop", NAME)
    assert psutil.pid_exists(child)
    start_app()
    assert app.version() == "one"


SERVES = """
import os, threading, time
import wesktop

async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({{"type": "http.response.start", "status": 200, "headers": []}})
        await send({{"type": "http.response.body", "body": b"served"}})

def forks():
    while not os.path.exists("fork"):
        time.sleep(0.01)
    if os.fork() == 0:
        open("forked", "w").close()
        time.sleep(600)

if __name__ == "__main__":
    threading.Thread(target=forks, daemon=True).start()
    wesktop.serve("program:app", port={port}, name="program")
"""


def test_a_program_that_forks_while_it_serves_leaves_nothing_to_its_child(
    start_script: Callable[..., Script], home: Path
) -> None:
    port = free_port()
    program = start_script("program", SERVES.format(port=port))
    wait_for(lambda: answers(f"http://127.0.0.1:{port}"), "the app")
    (home / "fork").touch()
    wait_for((home / "forked").exists, "the child")
    worker = program.find("wesktopd.worker")
    program.process.kill()  # the child has a copy of the worker's link, of the lock and of the listening socket
    wait_for(lambda: not worker.is_running(), "the worker's end")
    wait_for(lambda: answers(f"http://127.0.0.1:{port}") is None, "the port's end")
    again = start_script("program", SERVES.format(port=port))
    wait_for(lambda: answers(f"http://127.0.0.1:{port}"), lambda: f"the app: {again.output}")
