"""A worker whose event loop stands still is found, its stacks go into the log, and it is replaced."""

import os
import signal

from support.load import load
from support.running import Running, Start
from support.waiting import wait_for


def hung(app: Running, pid: int) -> None:
    """Wait until the worker was found out, and another is in its place."""
    wait_for(lambda: "worker-hung" in app.events(), "the hang to be found")
    wait_for(lambda: app.settled()["workers"][0]["pid"] != pid, "another worker")
    assert app.version() == "one"


def test_a_loop_that_is_blocked_is_dumped_and_replaced(start_app: Start) -> None:
    app = start_app("--hang-timeout", "1")
    pid = app.get()["pid"]
    waiting = app.begin_request("/block")
    wait_for((app.home / "blocked").exists, "the request")
    hung(app, pid)
    log = app.logs()
    assert f"worker {pid} hangs: its event loop stood still for 1 seconds" in log
    assert "in blocks_the_loop" in log
    waiting.close()


def test_a_process_that_is_stopped_is_replaced(start_app: Start) -> None:
    app = start_app("--hang-timeout", "1")
    pid = app.get()["pid"]
    os.kill(pid, signal.SIGSTOP)
    hung(app, pid)
    wait_for(lambda: pid not in [process.pid for process in app.processes()], "its end")


def test_the_others_answer_meanwhile(start_app: Start) -> None:
    app = start_app("--hang-timeout", "1", "--workers", "2")
    waiting = app.begin_request("/block")
    wait_for((app.home / "blocked").exists, "the request")
    with load(app.port, clients=4) as clients:
        wait_for(lambda: "worker-hung" in app.events(), "the hang to be found")
        app.settled(2)
        wait_for(lambda: len(clients.answers) > 4, "answers of the other one")
    # granian accepts in threads of its own: what the hung worker has accepted, nobody answers.
    assert set(clients.failures) <= {repr(ValueError("answered b''"))}
    assert len(clients.failures) <= 4
    waiting.close()


def test_a_worker_that_is_only_busy_is_left_alone(start_app: Start) -> None:
    app = start_app("--hang-timeout", "1")
    pid = app.get()["pid"]
    for _ in range(3):
        assert app.get("/slow")["pid"] == pid
    assert "worker-hung" not in app.events()
