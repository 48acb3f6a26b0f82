"""The supervisor and its workers stand still, as on a virtual machine that is paused: afterwards all goes on."""

import time
from http.client import HTTPResponse

import pytest

from support.leases import ask
from support.running import Running, Start
from support.waiting import wait_for

pytestmark = pytest.mark.long

LIMIT = 4  # seconds that a worker has, for what it does when all stands still
PAUSE = LIMIT + 2.0  # seconds: with all that is added to that limit, it is over then


def pass_time(seconds: float) -> None:
    """Wait until so much of it has passed, which is what these tests are about."""
    until = time.monotonic() + seconds
    wait_for(lambda: time.monotonic() > until, "time to pass", 4 * seconds)


def stand_still(app: Running) -> None:
    """Stop all processes of the app, for longer than any limit lasts; afterwards its supervisor has looked about."""
    processes = app.processes()
    for process in processes:
        process.suspend()
    try:
        pass_time(PAUSE)
    finally:
        for process in processes:
            process.resume()
    ask(app, type="status")


def test_a_worker_that_drains_has_the_rest_of_its_time_for_its_request(start_app: Start) -> None:
    app = start_app("--drain-timeout", str(LIMIT))
    with app.begin_request("/held") as waiting:
        wait_for((app.home / "held").exists, "the request")
        app.write("two")
        assert ask(app, type="restart")["type"] == "done"
        stand_still(app)
        (app.home / "go").touch()
        answer = HTTPResponse(waiting)
        answer.begin()
        assert (answer.status, answer.read()) == (200, b"held to the end")
    wait_for(lambda: "worker-ended" in app.events(), "the old worker's end")
    assert "worker-killed" not in app.events()


def test_a_worker_that_starts_has_the_rest_of_its_time_for_that(start_app: Start) -> None:
    app = start_app("--start-timeout", str(LIMIT))
    app.write("two")
    restart = app.begin_restart()
    stand_still(app)
    (app.home / "wait").unlink()
    assert restart.wait(20) == 0
    assert app.version() == "two"


def test_a_worker_that_serves_is_not_taken_to_hang(start_app: Start) -> None:
    app = start_app("--hang-timeout", str(LIMIT))
    pid = app.get()["pid"]
    stand_still(app)
    assert app.get()["pid"] == pid
    assert "worker-hung" not in app.events()
    assert "nothing ran for" in app.logs()


def test_an_app_is_not_taken_to_be_unused_meanwhile(start_app: Start) -> None:
    app = start_app("--hang-timeout", str(LIMIT), "--idle-timeout", str(PAUSE - 1))
    stand_still(app)
    pass_time(2.0)  # its worker has told by then how long nobody has used it
    assert ask(app, type="status")["stopping"] is False
