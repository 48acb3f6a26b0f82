"""Mistakes of the supervisor's own: put into a real one, they are told of and end no more than they have to."""

import json
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.running import NAME, Running
from support.scripts import Script, free_port
from support.waiting import wait_for
from wesktopd.system import start_child

FAULTY = """
from pathlib import Path
import wesktop
from wesktopd.daemon import requests
from wesktopd.workers.pool import WorkerPool
from wesktopd.app.presence import Presence

def faulty(method):
    def fails(*arguments):
        if Path(method.__name__).exists():
            raise KeyError("of ours")
        return method(*arguments)
    return fails

requests.build_report = faulty(requests.build_report)
WorkerPool.next_actions = faulty(WorkerPool.next_actions)
Presence._make_again = faulty(Presence._make_again)
wesktop.serve("app:app", port={port})
"""


def serving(start_script: Callable[..., Script], home: Path) -> tuple[Running, Script]:
    """An app whose supervisor makes a mistake once a file with the name of a method is there."""
    app = Running(home, free_port())
    app.write("one")
    script = start_script("serving", FAULTY.format(port=app.port))
    wait_for(lambda: app.version() == "one", lambda: f"an answer; output: {script.output}")
    return app, script


def test_a_request_that_fails_is_answered_and_ends_no_lease(start_script: Callable[..., Script], home: Path) -> None:
    app, _ = serving(start_script, home)
    with app.attach() as events:
        assert json.loads(events.readline())["type"] == "ready"
        (home / "build_report").touch()
        done = app.command("ctl", "status", NAME)
        assert done.returncode == 1
        assert "the request failed: KeyError('of ours')" in done.stderr
        (home / "build_report").unlink()
        assert app.status()["windows"] == 1
        assert "KeyError: 'of ours'" in app.logs()


@pytest.mark.long
def test_a_look_at_its_files_that_fails_is_logged_and_not_the_last_one(
    start_script: Callable[..., Script], home: Path
) -> None:
    app, _ = serving(start_script, home)
    log = home / "state" / "wesktop" / "log" / f"{NAME}.log"
    (home / "_make_again").touch()
    (home / "run" / "wesktop" / f"{NAME}.lock").unlink()
    wait_for(lambda: "KeyError: 'of ours'" in log.read_text(), "the error")
    (home / "_make_again").unlink()
    wait_for(lambda: "they are made again" in log.read_text(), "another look")
    assert app.status()["state"] == "ready"


def test_a_supervisor_that_fails_says_so_to_who_holds_a_lease_and_in_the_log(
    start_script: Callable[..., Script], home: Path
) -> None:
    app, script = serving(start_script, home)
    with app.attach() as events:
        assert json.loads(events.readline())["type"] == "ready"
        (home / "next_actions").touch()
        app.begin("ctl", "scale", NAME, "2").wait(20)
        failed = json.loads(events.readline())
    assert (failed["type"], failed["error"]) == ("failed", "StartupError")
    assert "KeyError('of ours')" in failed["message"]
    assert script.wait() == 1
    assert script.output.rstrip().endswith("KeyError: 'of ours'")
    stored = app.logs()
    assert "the supervisor has failed" in stored
    assert "Traceback" in stored
    app.nothing_left()


def test_a_supervisor_that_fails_before_it_has_a_log_says_so_to_who_starts_it() -> None:
    with start_child("wesktopd", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as started:
        started.send(b'{"no": "spec"}\n')
        started.channel.settimeout(60)
        said = started.channel.recv(65536, socket.MSG_WAITALL)
        assert started.process.wait(60) == 1
    failed = json.loads(said)
    assert (failed["type"], failed["error"]) == ("failed", "StartupError")
    assert failed["message"].startswith("the supervisor has failed: ValidationError(")
