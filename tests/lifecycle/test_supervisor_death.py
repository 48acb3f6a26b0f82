"""SIGKILL of the supervisor: no process is left a second later, and the next start is clean."""

import os
import signal

import pytest

from support.running import NAME, Start
from support.scripts import answers
from support.waiting import wait_for

OUTLIVES = """
@router.get("/outlives")
async def outlives(request):
    supervisor = os.getppid()
    Path("begun").touch()
    while os.getppid() == supervisor:
        await asyncio.sleep(0.005)
"""


@pytest.mark.parametrize("workers", ["1", "4"])
def test_no_process_is_left_a_second_later(start_app: Start, workers: str) -> None:
    app = start_app("--workers", workers)
    with app.begin_request("/stream"):
        os.kill(app.status()["pid"], signal.SIGKILL)
        wait_for(lambda: not app.processes(), "the workers' end", 5)  # 1 s when the machine has nothing else to do
    assert app.command("ctl", "status", NAME).returncode == 3


def test_what_was_being_answered_is_answered(start_app: Start) -> None:
    app = start_app(more=OUTLIVES)
    with app.begin_request("/outlives") as connection:
        wait_for((app.home / "begun").exists, "the handler")
        os.kill(app.status()["pid"], signal.SIGKILL)
        assert connection.recv(1000).startswith(b"HTTP/1.1 204 ")
    wait_for(lambda: answers(app.url) is None, "the port's end")


def test_the_next_start_is_clean(start_app: Start) -> None:
    app = start_app("--workers", "2", "--pid-path", "app.pid")
    os.kill(app.status()["pid"], signal.SIGKILL)
    start_app("--workers", "2", "--pid-path", "app.pid", version="two")
    assert app.version() == "two"
    assert int((app.home / "app.pid").read_text()) == app.status()["pid"]
    app.ctl("stop", NAME)
    app.nothing_left(5)
    assert not (app.home / "app.pid").exists()


def test_a_worker_that_cannot_end_by_itself_does_not_keep_the_next_start_away(start_app: Start) -> None:
    app = start_app("--workers", "2")
    stopped = app.status()["workers"][0]["pid"]
    os.kill(stopped, signal.SIGSTOP)
    os.kill(app.status()["pid"], signal.SIGKILL)
    start_app(version="two")
    assert app.version() == "two"
    wait_for(
        lambda: stopped not in [process.pid for process in app.processes()], "the end of the one that was stopped"
    )
