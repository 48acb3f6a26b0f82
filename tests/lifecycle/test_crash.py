"""Workers that end unasked: the others go on, another comes, and `status` tells why."""

import os
import signal

import pytest

from support.load import load
from support.running import NAME, Running, Start
from support.waiting import wait_for


def replaced(app: Running, pid: int) -> None:
    """Wait until another worker is in the place of this one."""
    wait_for(lambda: pid not in [worker["pid"] for worker in app.status()["workers"]], "its end")
    app.settled(len(app.status()["workers"]))


@pytest.mark.parametrize(
    ("number", "why"), [(signal.SIGKILL, "killed by SIGKILL"), (signal.SIGSEGV, "killed by SIGSEGV")]
)
def test_a_worker_that_is_killed_is_replaced_and_status_tells_why(
    start_app: Start, number: signal.Signals, why: str
) -> None:
    app = start_app()
    pid = app.get()["pid"]
    os.kill(pid, number)
    replaced(app, pid)
    (worker,) = app.workers("ready")
    assert (worker["restarts"], worker["last_exit"], worker["generation"]) == (1, why, 1)
    assert app.version() == "one"
    assert "worker-crashed" in app.events()
    assert f"worker {pid} ended unasked, {why}" in app.logs()


def test_the_other_workers_answer_meanwhile_and_nobody_is_refused(start_app: Start) -> None:
    app = start_app("--workers", "2")
    with load(app.port) as clients:
        pid = clients.answers[-1]["pid"]
        os.kill(pid, signal.SIGKILL)
        replaced(app, pid)
    # What the dead worker had accepted is lost; whoever connects afterwards is answered.
    assert not any("refused" in failure for failure in clients.failures)
    assert len(clients.failures) <= 8
    assert len(clients.answers) > 20


def test_nobody_is_refused_while_the_only_worker_is_replaced(start_app: Start) -> None:
    app = start_app()
    pid = app.get()["pid"]
    os.kill(pid, signal.SIGKILL)
    assert app.get()["pid"] != pid


def test_an_app_that_ends_its_process_is_started_again(start_app: Start) -> None:
    app = start_app()
    pid = app.get()["pid"]
    with pytest.raises((OSError, ValueError)):
        app.get("/die")
    replaced(app, pid)
    assert app.workers("ready")[0]["last_exit"] == "exit code 7"


def test_a_worker_that_cannot_start_again_backs_off_says_so_and_is_back_when_it_can(start_app: Start) -> None:
    app = start_app()
    app.write("two", "raise RuntimeError('spoilt meanwhile')")
    os.kill(app.get()["pid"], signal.SIGKILL)
    wait_for(lambda: len([kind for kind in app.events() if kind == "worker-started"]) >= 4, "some tries")
    (worker,) = wait_for(lambda: app.workers("backoff"), "a moment between two tries")
    assert worker["pid"] is None
    assert worker["retry_in"] > 0
    status = app.status()
    assert "spoilt meanwhile" in status["trouble"]
    assert status["state"] in ("down", "starting")
    shown = app.ctl("status", NAME)
    assert "spoilt meanwhile" in shown
    app.write("three")
    app.settled()
    assert app.version() == "three"
    assert app.status()["trouble"] is None


def test_stop_ends_an_app_whose_worker_is_in_backoff(start_app: Start) -> None:
    app = start_app()
    app.write("two", "raise RuntimeError('spoilt meanwhile')")
    os.kill(app.get()["pid"], signal.SIGKILL)
    wait_for(lambda: app.workers("backoff"), "the backoff")
    app.ctl("stop", NAME)
    app.nothing_left(2)


def test_a_restart_mends_what_is_in_backoff(start_app: Start) -> None:
    app = start_app()
    app.write("two", "raise RuntimeError('spoilt meanwhile')")
    os.kill(app.get()["pid"], signal.SIGKILL)
    wait_for(lambda: app.workers("backoff"), "the backoff")
    app.write("three")
    app.ctl("restart", NAME)
    assert app.version() == "three"
    assert app.settled()["generation"] == 2
