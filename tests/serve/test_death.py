"""What happens when a process is killed."""

import json
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from serve.conftest import Served
from serve.test_stop import connect
from support.scripts import answers, get, left_behind
from support.waiting import wait_for
from wesktopd import client
from wesktopd.wire.control_messages import WorkerReport

Serve = Callable[..., Served]


def worker_report(served: Served, monkeypatch: pytest.MonkeyPatch) -> WorkerReport:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(served.home / "run"))
    (worker,) = client.status("demo_app").workers
    return worker


def test_a_killed_worker_is_replaced_and_no_connection_is_refused(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = serve().ready()
    before = served.worker()
    refused: list[str] = []
    done = threading.Event()

    def knock() -> None:
        while not done.is_set():
            try:
                socket.create_connection(("127.0.0.1", served.port), timeout=5).close()
            except OSError as error:
                refused.append(str(error))

    knocking = threading.Thread(target=knock)
    knocking.start()
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: answers(served.url), "the next worker")
    done.set()
    knocking.join()
    assert served.worker() != before
    assert refused == []
    report = worker_report(served, monkeypatch)
    assert (report.state, report.restarts, report.last_exit) == ("ready", 1, "killed by SIGKILL")


def test_a_worker_that_cannot_start_again_backs_off_and_comes_back_when_it_can(
    serve: Serve, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = serve().ready()
    (home / "broken").touch()
    os.kill(served.worker(), signal.SIGKILL)
    wait_for(lambda: worker_report(served, monkeypatch).state == "backoff", "the backoff")
    assert worker_report(served, monkeypatch).last_exit == "exit code 3"
    assert served.script.process.poll() is None
    (home / "broken").unlink()
    wait_for(lambda: answers(served.url), "an answer again")


@pytest.mark.parametrize("path", ["/", "/block"], ids=["idle", "blocked"])
def test_no_worker_outlives_a_killed_supervisor_by_more_than_a_second(serve: Serve, path: str) -> None:
    served = serve().ready()
    worker = psutil.Process(served.worker())
    with connect(served, path):
        if path == "/block":
            served.touched("block")
        served.script.process.kill()
        wait_for(lambda: not worker.is_running() or worker.status() == "zombie", "the worker's end", 1.5)


def test_the_next_start_after_a_kill_is_clean(serve: Serve) -> None:
    served = serve().ready()
    worker = served.worker()
    served.script.process.kill()
    served.script.wait()
    assert "demo_app.lock" in left_behind(served.home)
    assert (served.home / "serve.pid").exists()
    wait_for(lambda: not psutil.pid_exists(worker) or psutil.Process(worker).status() == "zombie", "its end")
    again = serve(port=served.port).ready()
    assert (again.home / "serve.pid").read_text() == f"{again.script.pid}\n"
    again.script.process.terminate()
    assert again.script.wait(5) == 0
    again.nothing_left()


def test_what_the_app_starts_does_not_hold_the_port(serve: Serve) -> None:
    served = serve().ready()
    child = json.loads(get(f"{served.url}/child"))["pid"]
    try:
        served.script.process.terminate()
        assert served.script.wait(5) == 0
        assert psutil.pid_exists(child)
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", served.port))
            sock.listen()
    finally:
        os.kill(child, signal.SIGKILL)
