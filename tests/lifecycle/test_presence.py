"""The files by which an app is found are removed under it: a cleaned /tmp, the end of a session."""

import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from support.load import request
from support.running import NAME, Running, Start
from support.scripts import free_port, left_behind
from support.waiting import wait_for


def found_again(app: Running) -> dict[str, Any]:
    """Wait until it is controlled again; its status."""

    def look() -> bool:
        return app.command("ctl", "status", NAME).returncode == 0

    wait_for(look, "the app to be found again")
    return app.status()


def test_without_its_locks_file_a_second_start_is_refused_and_the_first_one_undisturbed(
    start_app: Start, home: Path
) -> None:
    app = start_app()
    before = app.status()["workers"]
    with app.begin_request("/held") as held:
        wait_for((home / "held").exists, "the request")
        (home / "run" / "wesktop" / f"{NAME}.lock").unlink()
        for port in (app.port, free_port()):
            done = app.command("serve", "app:app", "--port", str(port))
            assert done.returncode == 1
            assert f"{NAME!r} runs already" in done.stderr
        (home / "go").touch()
        with held.makefile("rb") as answer:
            assert answer.readline().startswith(b"HTTP/1.1 200")
    assert [worker["pid"] for worker in app.status()["workers"]] == [worker["pid"] for worker in before]


def test_when_the_runtime_directory_is_removed_the_app_is_found_again(start_app: Start, home: Path) -> None:
    app = start_app("--workers", "2")
    before = left_behind(home)
    with app.attach() as lease:
        assert b"ready" in lease.readline()
        shutil.rmtree(home / "run" / "wesktop")
        status = found_again(app)
        assert status["windows"] == 1
    wait_for(lambda: left_behind(home) == before, "all files")
    assert "were removed: they are made again" in app.logs()
    assert app.command("serve", "app:app", "--port", "0").returncode == 1
    app.ctl("restart", NAME)
    app.settled(2)
    app.ctl("stop", NAME)
    app.nothing_left(5)


@pytest.mark.parametrize("suffix", ["sock", "bus", "state", "lock"])
def test_any_one_file_is_made_again(start_app: Start, home: Path, suffix: str) -> None:
    app = start_app()
    path = home / "run" / "wesktop" / f"{NAME}.{suffix}"
    path.unlink()
    wait_for(path.exists, "the file")
    found_again(app)
    assert "were removed: they are made again" in app.logs()


@pytest.mark.long
def test_a_file_that_cannot_be_made_again_is_raised_of_once(start_app: Start, home: Path) -> None:
    app = start_app()
    state = home / "run" / "wesktop" / f"{NAME}.state"
    state.unlink()
    (state / "in the way").mkdir(parents=True)
    wait_for(lambda: f"{state} cannot be written" in app.logs(), "it to be told of")
    bus = state.with_suffix(".bus")
    bus.unlink()
    wait_for(bus.exists, "another look")
    (state / "in the way").rmdir()
    state.rmdir()
    wait_for(lambda: "are made again" in app.logs(), "the files")
    assert state.is_file()
    assert app.logs().count("cannot be") == 1


def test_who_has_taken_the_name_meanwhile_keeps_it(start_app: Start, home: Path) -> None:
    """Not even its state file was there to tell the second one of the first."""
    first, second = start_app(), Running(home, free_port())
    os.kill(first.status()["pid"], 19)
    for path in (home / "run" / "wesktop").iterdir():
        path.unlink()
    done = second.command("serve", "app:app", "--port", str(second.port), "--detach")
    assert done.returncode == 0, done.stderr
    supervisors = {second.status()["pid"]}
    (process,) = [each for each in first.processes() if "wesktopd" in each.cmdline() and each.pid not in supervisors]
    process.resume()
    log = home / "state" / "wesktop" / "log" / f"{NAME}.log"
    wait_for(lambda: "another server of this name runs by now" in log.read_text(), "the first one to notice")
    assert first.version() == "one"
    process.terminate()
    process.wait(20)
    assert second.status()["pid"] in supervisors
    assert left_behind(home) == [f"{NAME}.{suffix}" for suffix in ("bus", "lock", "sock", "state")]


def test_many_who_look_whether_it_runs_do_not_keep_it_from_starting(start_app: Start, home: Path) -> None:
    app = start_app()
    app.ctl("stop", NAME)
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            app.command("ctl", "wait", NAME, "--stopped", "--timeout", "0")

    lookers = [threading.Thread(target=look) for _ in range(3)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(3):
            start_app()
            assert request(app.port, "/")
            app.ctl("stop", NAME)
    finally:
        done.set()
        for looker in lookers:
            looker.join()
