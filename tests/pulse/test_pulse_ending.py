"""Ending processes: real ones, and those that are not to be ended."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator

import psutil
import pytest

from examples.pulse import ending
from examples.pulse.app import app
from wesktop.testing import TestClient

NOBODY = 65534


@contextlib.contextmanager
def orphan(command: str = "sleep 60 >&- & echo $!") -> Iterator[psutil.Process]:
    """A process that is nobody's child here: one of this process's own is refused."""
    shell = subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE, check=True, text=True)
    process = psutil.Process(int(shell.stdout))
    try:
        yield process
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


@contextlib.contextmanager
def no_privileges() -> Iterator[None]:
    """Run as nobody where the tests run as root."""
    if os.geteuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


def someone_elses(mine: psutil.Process) -> int:
    """A process that this one may not end once it has no privileges."""
    if os.geteuid() == 0:
        return mine.pid
    users = {process.pid: process.info["uids"] for process in psutil.process_iter(["uids"])}
    return next(pid for pid, uids in users.items() if pid > 1 and uids and uids.real != os.getuid())


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


def running(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def test_process_is_ended(client: TestClient) -> None:
    with orphan() as process:
        answer = client.post(f"/api/processes/{process.pid}/end", json={"started": process.create_time()})
        assert answer.status_code == 200
        assert answer.json() == {"pid": process.pid, "name": "sleep", "gone": True}
        assert not running(process)


def test_process_is_ended_without_its_start_time(client: TestClient) -> None:
    with orphan() as process:
        assert client.post(f"/api/processes/{process.pid}/end").status_code == 200
        assert not running(process)


def test_process_that_ignores_sigterm_is_reported_as_still_there(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "GRACE", 0.1)
    with orphan("trap '' TERM; sleep 60 >&- & echo $!") as process:
        answer = client.post(f"/api/processes/{process.pid}/end")
        assert answer.status_code == 200
        assert answer.json()["gone"] is False
        assert running(process)


def test_another_process_of_the_same_pid_is_left_alone(client: TestClient) -> None:
    with orphan() as process:
        answer = client.post(f"/api/processes/{process.pid}/end", json={"started": process.create_time() - 5})
        assert answer.status_code == 404
        assert running(process)


@pytest.mark.parametrize("pid", [0, 1])
def test_the_systems_processes_are_refused(client: TestClient, pid: int) -> None:
    answer = client.post(f"/api/processes/{pid}/end")
    assert answer.status_code == 403
    assert "system" in answer.json()["error"]


def test_own_process_is_refused(client: TestClient) -> None:
    answer = client.post(f"/api/processes/{os.getpid()}/end")
    assert answer.status_code == 403
    assert "part of Pulse" in answer.json()["error"]


def test_own_child_is_refused(client: TestClient) -> None:
    with subprocess.Popen(["sleep", "60"]) as child:
        assert client.post(f"/api/processes/{child.pid}/end").status_code == 403
        assert child.poll() is None
        child.send_signal(signal.SIGKILL)


def test_someone_elses_process_is_refused(client: TestClient) -> None:
    with orphan() as process:
        pid = someone_elses(process)
        with no_privileges():
            answer = client.post(f"/api/processes/{pid}/end")
        assert answer.status_code == 403
        assert "permission" in answer.json()["error"]
        assert running(process)


@pytest.mark.parametrize("pid", ["2147483646", "99999999999999999999", "-7", "sleep", "9" * 5000])
def test_unknown_process_is_not_found(client: TestClient, pid: str) -> None:
    answer = client.post(f"/api/processes/{pid}/end")
    assert answer.status_code == 404
    assert answer.json()["error"]


@pytest.mark.parametrize("started", ["now", [1], {"a": 1}])
def test_start_time_that_is_no_number_is_the_clients_mistake(client: TestClient, started: object) -> None:
    with orphan() as process:
        answer = client.post(f"/api/processes/{process.pid}/end", json={"started": started})
        assert answer.status_code == 400
        assert running(process)


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["python", "-m", "examples.pulse"], True),
        (["python", "-P", "-m", "wesktopd", "5"], True),
        (["python", "-P", "-m", "wesktopd.worker", "6"], True),
        (["python", "-m", "wesktop.window", "7"], True),
        (["granian", "--interface", "asgi", "examples.pulse.app:app"], True),
        (["python", "-m", "pytest", "tests/pulse/test_pulse_ending.py"], False),
        (["/home/ann/wesktop/.venv/bin/python", "other.py"], False),
        (["-bash"], False),
        ([], False),
    ],
)
def test_command_lines_that_name_the_program(command: list[str], expected: bool) -> None:
    assert ending.names_program(command) is expected
