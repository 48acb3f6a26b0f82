"""Out of descriptors: the supervisor goes on, and whatever is left over can still be ended."""

import os
import resource
import signal
import socket

import psutil

from support.running import NAME, Running, Start
from support.waiting import wait_for


def limit_descriptors(pid: int) -> None:
    """Leave the process no more than a few beyond those that it has, until `lift_limit`."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (psutil.Process(pid).num_fds() + 3, hard))


def lift_limit(pid: int) -> None:
    """Grant it all that it may have."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (hard, hard))


def test_the_supervisor_answers_again_when_its_clients_have_gone(start_app: Start) -> None:
    app = start_app()
    limit_descriptors(app.status()["pid"])
    clients = [app.control_connection() for _ in range(20)]
    assert app.version() == "one"
    for client in clients:
        client.close()
    wait_for(lambda: app.command("ctl", "status", NAME).returncode == 0, "an answer")
    assert app.version() == "one"


def test_a_worker_that_cannot_be_started_is_raised_of_and_tried_again(start_app: Start) -> None:
    app = start_app()
    supervisor = app.status()["pid"]
    limit_descriptors(supervisor)
    failed = app.command("ctl", "scale", NAME, "2")
    assert failed.returncode == 1
    assert "no worker can be started" in failed.stderr
    lift_limit(supervisor)
    app.settled(2)


def test_a_worker_that_has_none_left_can_be_stopped(start_app: Start) -> None:
    app = start_app("--drain-timeout", "1")
    limit_descriptors(app.get()["pid"])
    clients = flood(app)
    app.ctl("stop", NAME)
    app.nothing_left(5)
    for client in clients:
        client.close()


LEAKS = """
@router.get("/leak")
async def leak(request):
    try:
        while True:
            MEMORY.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        return {"pid": os.getpid()}
"""


def test_a_worker_that_has_none_left_ends_with_its_supervisor(start_app: Start) -> None:
    app = start_app(more=LEAKS)
    limit_descriptors(app.get()["pid"])
    worker = app.get("/leak")["pid"]
    os.kill(app.status()["pid"], signal.SIGKILL)
    wait_for(lambda: not psutil.pid_exists(worker), "the worker's end")


def test_a_worker_that_has_none_left_retires_as_others_do(start_app: Start) -> None:
    app = start_app("--drain-timeout", "600", more=LEAKS)
    worker = app.get()["pid"]
    limit_descriptors(worker)
    with app.begin_request("/leak") as kept:  # its end would leave one
        assert kept.recv(4096)
        app.ctl("restart", NAME)
        wait_for(lambda: not psutil.pid_exists(worker), "the worker's end")
    assert "goes on accepting" not in app.logs()


def flood(app: Running) -> list[socket.socket]:
    """More connections than the worker can accept."""
    return [app.begin_request("/") for _ in range(30)]
