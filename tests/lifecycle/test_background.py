"""What a handler has begun is finished before its worker ends: tasks of its own, and `request.after()`."""

import re

import psutil
import pytest

from support.running import NAME, Running, Start
from support.waiting import wait_for

JOBS = """
async def job(kind):
    Path("begun " + kind).touch()
    try:
        while not Path("go").exists():
            await asyncio.sleep(0.01)
        Path("done " + kind).touch()
    except asyncio.CancelledError:
        Path("cancelled " + kind).touch()
        raise

@router.post("/task")
async def task(request):
    MEMORY.append(asyncio.create_task(job("task")))
    return {"accepted": True}

@router.post("/after")
async def after(request):
    request.after(job, "after")
    return {"accepted": True}

@router.post("/thread")
async def thread(request):
    def work():
        Path("begun thread").touch()
        while not Path("go").exists():
            time.sleep(0.01)
        Path("done thread").touch()
    request.after(work)
    return {"accepted": True}

async def forever():
    await asyncio.Event().wait()

@contextlib.asynccontextmanager
async def lifespan(app):
    task = asyncio.create_task(forever())
    yield
    Path("lifespan ended").touch()
    task.cancel()
"""


def begin(app: Running, kind: str) -> int:
    """Have a job begun whose response is there already; return the worker's PID."""
    worker: int = app.get()["pid"]
    with app.begin_request("/") as connection:
        connection.recv(4096)
        head = f"POST /{kind} HTTP/1.1\r\nhost: 127.0.0.1:{app.port}\r\ncontent-length: 0\r\n\r\n"
        connection.sendall(head.encode())
        assert b"accepted" in connection.recv(4096)
    wait_for((app.home / f"begun {kind}").exists, "the job")
    return worker


def is_running(app: Running) -> bool:
    """Whether the job can be seen to run."""
    worker = app.status()["workers"][0]
    return bool(worker["tasks"] == 1)


@pytest.mark.parametrize("kind", ["task", "after", "thread"])
@pytest.mark.parametrize("verb", ["restart", "stop"])
def test_a_job_is_finished_before_its_worker_ends(start_app: Start, kind: str, verb: str) -> None:
    app = start_app("--drain-timeout", "60", more=JOBS)
    worker = begin(app, kind)
    wait_for(lambda: is_running(app), "the job in the status")
    ending = app.begin("ctl", verb, NAME)
    if verb == "restart":
        assert ending.wait(50) == 0
        wait_for(lambda: app.get()["pid"] != worker, "the new worker")
        assert not (app.home / "lifespan ended").exists()
    else:
        wait_for(lambda: app.workers("draining"), "the drain")
    assert psutil.pid_exists(worker)
    (app.home / "go").touch()
    wait_for(lambda: not psutil.pid_exists(worker), "the worker's end")
    assert (app.home / f"done {kind}").exists()
    assert (app.home / "lifespan ended").exists()
    ending.wait(50)
    assert "cut off" not in app.logs()


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("task", r"background task .* job \(app.py:\d+\)"),
        ("after", "background task .* job after the response to /after"),
    ],
)
def test_a_job_that_takes_too_long_is_cancelled_and_logged(start_app: Start, kind: str, named: str) -> None:
    app = start_app("--drain-timeout", "1", more=JOBS)
    worker = begin(app, kind)
    app.ctl("restart", NAME)
    wait_for(lambda: not psutil.pid_exists(worker), "the worker's end")
    assert (app.home / f"cancelled {kind}").exists()
    assert re.search(named, app.logs())


def test_a_server_with_a_job_is_not_idle(start_app: Start) -> None:
    app = start_app("--idle-timeout", "1", more=JOBS)
    begin(app, "task")
    wait_for(lambda: is_running(app), "the job in the status")
    wait_for(lambda: app.status()["workers"][0]["uptime"] > 4, "more than the idle timeout")
    (app.home / "go").touch()
    wait_for(lambda: not app.processes(), "the end of the idle server")
    assert (app.home / "done task").exists()


def test_a_task_of_the_lifespan_does_not_count(start_app: Start) -> None:
    app = start_app(more=JOBS)
    assert app.settled()["workers"][0]["tasks"] in (0, None)
    wait_for(lambda: app.status()["workers"][0]["tasks"] == 0, "a heartbeat")
    app.ctl("stop", NAME)
    assert "cut off" not in app.logs()
